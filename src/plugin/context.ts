// What every plug-in gets from the engine: nothing in the program is module state.
import type { Clock } from '../core/clock.ts';
import type { Counters } from '../core/counters.ts';
import type { Logger } from '../core/log.ts';
import type { StreamWriter } from '../core/stream-writer.ts';

export interface PluginContext {
  /** `@id` from the configuration, or one made from type and place; unique in the process. */
  readonly id: string;
  readonly log: Logger;
  readonly counters: Counters;
  readonly clock: Clock;
  /** Bytes that nobody can guess. Without it, the system's. */
  readonly random?: (size: number) => Uint8Array;
  readonly hostname: string;
  readonly workerId: number;
  /** Standard output, one writer for all who write there, so that lines stay whole. */
  readonly stdout: StreamWriter;
}
