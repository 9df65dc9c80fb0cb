// What a buffer still holds when the program ends: it stays on disk for the next start, or, where the buffer is memory, goes to the backup folder.
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
      context.log.warn({ ...fields, place }, `${errorText(code)} The rest waits in ${place} for the next start.`);
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
}
