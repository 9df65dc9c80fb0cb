// What a buffer still holds when the program ends, or a reload replaces its output: it stays on disk for whoever has the path next, or, where the
// buffer is memory, goes to the backup folder.
import { errorText } from '../core/errors.ts';
import type { PluginContext } from '../plugin/context.ts';
import type { HeldChunk } from './held-chunk.ts';
import type { Retirement } from './retirement.ts';

export interface LeftoverSettings {
  readonly context: PluginContext;
  readonly persistent: boolean;
  /** Whether chunks of a buffer in memory are kept in the backup folder. */
  readonly backup: boolean;
  readonly retirement: Retirement;
  readonly place: string;
}

export class Leftovers {
  /** Whether a reload has replaced the output, and another one of the new configuration has its path. */
  replaced: { readonly taken: boolean } | undefined;
  readonly #settings: LeftoverSettings;

  constructor(settings: LeftoverSettings) {
    this.#settings = settings;
  }

  /** Says what is left, and where; what would be lost with the process is put away. */
  async settle(chunks: readonly HeldChunk[]): Promise<void> {
    const { context, persistent, backup, retirement, place } = this.#settings;
    const left = chunks.filter(({ count }) => count > 0);
    const events = left.reduce((sum, { count }) => sum + count, 0);
    if (left.length === 0) {
      return;
    }
    const code = 'BUFFER_LEFT';
    const fields = { code, chunks: left.length, events, bytes: left.reduce((sum, { bytes }) => sum + bytes, 0) };
    if (persistent) {
      this.#sayKept(context, { ...fields, place });
      return;
    }
    context.log.error(fields, `${errorText(code)} What is in memory goes to the backup folder.`);
    for (const chunk of left) {
      if (!backup || !(await retirement.keep(chunk))) {
        await retirement.drop(chunk);
      }
    }
    context.shared?.unfinished.add(context.id);
  }

  /** Nothing of it is lost: says who will deliver it. */
  #sayKept({ log }: PluginContext, fields: { readonly place: string }): void {
    const { place } = fields;
    if (this.replaced === undefined) {
      log.warn(fields, `${errorText('BUFFER_LEFT')} The rest waits in ${place} for the next start.`);
    } else if (this.replaced.taken) {
      log.info(fields, `The configuration has changed: what the buffer holds in ${place} goes on in the new one.`);
    } else {
      const text = `${errorText('BUFFER_LEFT')} The rest waits in ${place}, which is no buffer's path any more.`;
      log.warn(fields, `${text} A <buffer> with this path delivers it.`);
    }
  }
}
