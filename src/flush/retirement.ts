// What becomes of chunks that will not be delivered: they go to the backup folder, or are lost where the configuration says so; either way they
// are counted, and said.
import type { Counters } from '../core/counters.ts';
import { errorText } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { ChunkBackup } from './backup.ts';
import { reasonOf } from './failure.ts';
import type { HeldChunk } from './held-chunk.ts';

export interface RetirementSettings {
  readonly id: string;
  readonly backup: ChunkBackup;
  readonly log: Logger;
  readonly counters: Counters;
}

export class Retirement {
  readonly #settings: RetirementSettings;

  constructor(settings: RetirementSettings) {
    this.#settings = settings;
  }

  /** Puts the chunk into the backup folder and lets it go; false where that cannot be, and it is still there. */
  async keep(held: HeldChunk): Promise<boolean> {
    const { backup, log, counters, id } = this.#settings;
    try {
      const path = await backup.write(held.chunk);
      counters.get('forebay_buffer_backed_up_events_total', { id }).value += held.count;
      log.warn({ chunk: held.chunk.id, events: held.count, path }, 'A chunk was moved to the backup folder.');
    } catch (error) {
      const code = 'BUFFER_BACKUP_FAILED';
      log.error({ code, chunk: held.chunk.id, folder: backup.folder }, errorText(code, { reason: reasonOf(error) }));
      return false;
    }
    await this.purge(held);
    return true;
  }

  /** The chunk is lost. */
  async drop(held: HeldChunk): Promise<void> {
    const { log, counters, id } = this.#settings;
    counters.get('forebay_buffer_lost_events_total', { id }).value += held.count;
    log.error({ chunk: held.chunk.id, events: held.count }, 'A chunk is lost.');
    await this.purge(held);
  }

  /** Lets go of a chunk. One whose bytes the store cannot remove comes again at the next start. */
  async purge(held: HeldChunk): Promise<void> {
    try {
      await held.purge();
    } catch (error) {
      this.#settings.log.error({ chunk: held.chunk.id, reason: reasonOf(error) }, 'A chunk cannot be removed.');
    }
  }
}
