// What every plug-in gets from the engine: nothing in the program is module state.
import type { Batch } from '../core/batch.ts';
import type { Clock } from '../core/clock.ts';
import type { Counters } from '../core/counters.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { IoMemory } from '../core/io-memory.ts';
import type { Logger } from '../core/log.ts';
import type { SharedParts } from '../core/shared-parts.ts';
import type { StreamWriter } from '../files/stream-writer.ts';
import type { Wasm } from '../msgpack/wasm.ts';

/**
 * Takes events that cannot be handled for a fault of their own: they go to `<label @ERROR>` if there is one, else they are counted, with one
 * log line per code and tag. Their bytes need not stay.
 */
export type Refuse = (events: Batch, code: ErrorCode, fields?: Readonly<Record<string, unknown>>) => void;

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
  /** How many processes run the same configuration. Default 1. */
  readonly workers?: number;
  /** Standard output, one writer for all who write there, so that lines stay whole. */
  readonly stdout: StreamWriter;
  /** In the running graph always there. */
  readonly refuse?: Refuse;
  /** What the plug-ins of the process share. */
  readonly shared?: SharedParts;
  /** Memory for what is read and written; text that is written into it costs least. */
  readonly io?: IoMemory | undefined;
  /** The hot loop as WebAssembly, which works in that memory; undefined where its TypeScript twins serve. */
  readonly wasm?: Wasm | undefined;
}
