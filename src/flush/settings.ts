// What the options of a `<buffer>` come to together, in the units that the parts of a buffer count in: bytes and milliseconds.
import type { BufferDefinition } from '../plugin/buffer.ts';
import type { ChunkKeys } from '../plugin/buffer-options.ts';
import type { HeldValues } from './buffer-section.ts';
import type { RetrySettings } from './retry-schedule.ts';

/** When a chunk takes no more events. */
export interface ChunkLimits {
  readonly bytes: number;
  readonly count: number;
  /** From so many on it counts as full. */
  readonly fullBytes: number;
  readonly fullCount: number;
}

export interface FlushSettings {
  readonly keys: ChunkKeys;
  readonly chunk: ChunkLimits;
  /** What the buffer holds at most, bytes. */
  readonly total: number;
  readonly overflow: 'block' | 'throw_exception' | 'drop_oldest_chunk';
  readonly immediate: boolean;
  /** A chunk is queued when it is this old, ms; undefined where its age does not count. */
  readonly interval: number | undefined;
  /** A chunk is queued this long after the end of its piece of time, ms. */
  readonly wait: number;
  /** No chunk is queued for its age while so many are. */
  readonly queuedLimit: number;
  readonly flushAtEnd: boolean;
  readonly writes: number;
  /** Between two chunks, ms. */
  readonly burst: number;
  readonly commitTimeout: number;
  readonly slow: number;
  readonly retry: RetrySettings;
  readonly backup: boolean;
}

/** What stands outside of `<buffer>`. */
export interface FlushSurroundings {
  readonly limits: BufferDefinition['limits'];
  /** Whether the chunks outlive the process. */
  readonly persistent: boolean;
  /** Whether there is an output for what the first one does not take. */
  readonly secondary: boolean;
  /** Seconds from which on a write is said to be slow. */
  readonly slow: number;
}

export function flushSettings(
  values: HeldValues,
  keys: ChunkKeys,
  { limits, persistent, secondary, slow }: FlushSurroundings,
): FlushSettings {
  const bytes = values.chunk_limit_size ?? limits.chunk;
  const count = values.chunk_limit_records ?? Number.POSITIVE_INFINITY;
  const { chunk_full_threshold: threshold, queue_limit_length: length, flush_mode: mode } = values;
  const byAge = mode === 'interval' || (mode === 'default' && keys.time === undefined);
  return {
    keys,
    chunk: { bytes, count, fullBytes: bytes * threshold, fullCount: count * threshold },
    total: values.total_limit_size ?? (length === undefined ? limits.total : length * bytes),
    overflow: values.overflow_action,
    immediate: mode === 'immediate',
    interval: byAge ? (values.flush_interval ?? 60) * 1000 : undefined,
    wait: values.timekey_wait * 1000,
    queuedLimit: values.queued_chunks_limit_size ?? values.flush_thread_count,
    flushAtEnd: values.flush_at_shutdown ?? !persistent,
    writes: values.flush_thread_count,
    burst: values.flush_thread_burst_interval * 1000,
    commitTimeout: values.delayed_commit_timeout * 1000,
    slow: slow * 1000,
    retry: {
      type: values.retry_type,
      wait: values.retry_wait * 1000,
      base: values.retry_exponential_backoff_base,
      maxInterval: values.retry_max_interval === undefined ? undefined : values.retry_max_interval * 1000,
      timeout: values.retry_timeout * 1000,
      maxTimes: values.retry_max_times,
      forever: values.retry_forever,
      randomize: values.retry_randomize,
      secondaryThreshold: secondary ? values.retry_secondary_threshold : undefined,
    },
    backup: !values.disable_chunk_backup,
  };
}
