// Puts buffers in front of the outputs that want chunks, and holds what all buffers of the process share.

import { ChunkBackup } from '../flush/backup.ts';
import { heldBuffer, heldKeys } from '../flush/buffer-section.ts';
import { BufferedOutput } from '../flush/buffered-output.ts';
import { flushSettings } from '../flush/settings.ts';
import { BufferSpace, SharedSpace } from '../flush/space.ts';
import type { WriteTarget } from '../flush/write-target.ts';
import type { BufferDefinition } from '../plugin/buffer.ts';
import type { ChunkKeys } from '../plugin/buffer-options.ts';
import type { ChunkOutput, OutputContext, OutputDefinition } from '../plugin/output.ts';
import type { SystemSettings } from './system.ts';

interface Planned {
  readonly definition: OutputDefinition;
  readonly options: Readonly<Record<string, unknown>>;
}

interface Wrapping extends Planned {
  readonly id: string;
  readonly type: string;
  readonly context: OutputContext;
  readonly secondary: WriteTarget | undefined;
}

export class Buffers {
  readonly #root: string | undefined;
  readonly #memory: SharedSpace;
  readonly #disk: SharedSpace;

  constructor(system: SystemSettings, env: NodeJS.ProcessEnv = process.env) {
    this.#root = system.root_dir ?? env['FLUENT_BACKUP_DIR'];
    this.#memory = new SharedSpace(system.buffer_memory_limit);
    this.#disk = new SharedSpace(system.buffer_disk_limit);
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

  wrap(output: ChunkOutput, { options, id, type, context, secondary }: Wrapping): BufferedOutput {
    const held = heldBuffer(options['buffer']);
    const { chunkKeys: keys } = context;
    if (held === undefined || keys === undefined) {
      throw new TypeError(
        `The output ${id} writes chunks, and its definition does not say so: buffer: { when: 'always' }.`,
      );
    }
    const definition = held.definition as BufferDefinition;
    const store = definition.create(context, held.options, { takesText: output.takesText === true });
    const { persistent } = store;
    const { limits } = definition;
    const flush = flushSettings(held.options, keys, { limits, persistent, secondary: secondary !== undefined });
    const { path } = held.options as { readonly path?: unknown };
    return new BufferedOutput({
      context,
      type,
      output,
      store,
      flush,
      space: new BufferSpace(flush.total, persistent ? this.#disk : this.#memory),
      secondary,
      backup: new ChunkBackup({ root: this.#root, workerId: context.workerId, id }),
      place: typeof path === 'string' ? path : held.type,
    });
  }
}
