// Puts buffers in front of the outputs that want chunks, and holds what all buffers of the process share.

import { ChunkBackup } from '../flush/backup.ts';
import { heldBuffer, heldKeys } from '../flush/buffer-section.ts';
import { BufferedOutput } from '../flush/buffered-output.ts';
import { flushSettings } from '../flush/settings.ts';
import { BufferSpace, SharedSpace } from '../flush/space.ts';
import type { SecondaryTarget } from '../flush/write-target.ts';
import type { BufferDefinition } from '../plugin/buffer.ts';
import type { ChunkKeys } from '../plugin/buffer-options.ts';
import type { ChunkOutput, OutputContext, OutputDefinition } from '../plugin/output.ts';
import { type BufferSystem, bufferDefaults } from './system.ts';

interface Planned {
  readonly definition: OutputDefinition;
  readonly options: Readonly<Record<string, unknown>>;
}

interface Wrapping extends Planned {
  readonly context: OutputContext;
  readonly secondary: SecondaryTarget | undefined;
}

const bufferClaim = 'buffer ';

/** Whether a claim is one of `claimsOf`. */
export function isBufferClaim(claim: string): boolean {
  return claim.startsWith(bufferClaim);
}

export class Buffers {
  readonly #env: NodeJS.ProcessEnv;
  #system = bufferDefaults;
  readonly #memory = new SharedSpace(bufferDefaults.memoryLimit);
  readonly #disk = new SharedSpace(bufferDefaults.diskLimit);

  constructor(env: NodeJS.ProcessEnv = process.env) {
    this.#env = env;
  }

  /** Takes what a plan says of them all; what is held already stays. */
  configure(system: BufferSystem = bufferDefaults): void {
    this.#system = system;
    this.#memory.limit = system.memoryLimit;
    this.#disk.limit = system.diskLimit;
  }

  /** By what the chunks of an output are kept apart; undefined where it gets none. */
  keysOf({ definition, options }: Planned): ChunkKeys | undefined {
    const held = heldBuffer(options['buffer']);
    if (held === undefined || definition.buffer === undefined) {
      return undefined;
    }
    return heldKeys(held.options, definition.buffer, (option, text) => {
      throw new TypeError(`${option}: ${text}`); // the plan has checked it
    });
  }

  /** What only one buffer at a time may have open. */
  claimsOf({ options }: Planned): readonly string[] {
    const path = pathOf(options);
    return path === undefined ? [] : [`${bufferClaim}${path}`];
  }

  wrap(output: ChunkOutput, { definition, options, context, secondary }: Wrapping): BufferedOutput {
    const { id, chunkKeys: keys, workerId } = context;
    const held = heldBuffer(options['buffer']);
    if (held === undefined || keys === undefined) {
      throw new TypeError(
        `The output ${id} writes chunks, and its definition does not say so: buffer: { when: 'always' }.`,
      );
    }
    const buffer = held.definition as BufferDefinition;
    const store = buffer.create(context, held.options, { takesText: output.takesText === true });
    const { persistent } = store;
    const slow = options['slow_flush_log_threshold'] as number;
    const outside = { limits: buffer.limits, persistent, secondary: secondary !== undefined, slow };
    const flush = flushSettings(held.options, keys, outside);
    const root = this.#system.rootDir ?? this.#env['FLUENT_BACKUP_DIR'];
    return new BufferedOutput({
      context,
      type: definition.type,
      output,
      store,
      flush,
      space: new BufferSpace(flush.total, persistent ? this.#disk : this.#memory),
      secondary,
      backup: new ChunkBackup({ root, workerId, id }),
      place: pathOf(options) ?? held.type,
    });
  }
}

function pathOf(options: Planned['options']): string | undefined {
  const { path } = (heldBuffer(options['buffer'])?.options ?? {}) as { readonly path?: unknown };
  return typeof path === 'string' ? path : undefined;
}
