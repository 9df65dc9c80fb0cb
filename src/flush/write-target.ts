// Where chunks go: an output that takes whole ones, or one that takes batches at once.
import type { Emit } from '../core/batch.ts';
import type { Chunk } from '../plugin/buffer.ts';
import type { ChunkOutput, Delayed, Output } from '../plugin/output.ts';

export interface WriteTarget {
  readonly type: string;
  /** As `ChunkOutput.write`. */
  write(chunk: Chunk, signal: AbortSignal): Promise<Delayed | undefined> | Promise<void>;
}

/** The output for what the first one does not take: it lives as long as that one's buffer may have something for it. */
export interface SecondaryTarget extends WriteTarget {
  readonly outputs: readonly (Output | ChunkOutput)[];
}

export function chunkTarget(type: string, output: ChunkOutput): WriteTarget {
  return { type, write: (chunk, signal) => output.write(chunk, signal) };
}

/** What an output has taken of a chunk before it fails comes again with the whole. */
export function emitTarget(type: string, emit: Emit): WriteTarget {
  return {
    type,
    async write(chunk, signal) {
      for await (const batch of chunk.batches()) {
        signal.throwIfAborted();
        await emit(batch);
      }
    },
  };
}
