// The events of a batch by the chunk that they belong to: each run has all that the batch holds for one chunk, in their order. Runs come in the
// order of what tells chunks apart, as Fluentd's (lib/fluent/plugin/buffer.rb, Metadata#<=>).
import type { Batch, Tag } from '../core/batch.ts';
import type { Wasm } from '../msgpack/wasm.ts';
import type { ChunkMetadata } from '../plugin/buffer.ts';
import type { ChunkKeys } from '../plugin/buffer-options.ts';
import { ChunkSplitter, chunkKey } from '../plugin/chunk-splitter.ts';

export interface Run {
  readonly key: string;
  readonly time: number;
  readonly tag: Tag;
  /** What the fields say that are chunk keys; undefined where they are not there. */
  readonly fields: readonly (string | undefined)[];
  /** Views of the batch. */
  readonly pieces: Batch[];
  bytes: number;
  count: number;
}

export class RunSplitter {
  readonly #keys: ChunkKeys;
  readonly #splitter: ChunkSplitter;
  /** The fields by their names' order. */
  readonly #order: readonly number[];

  constructor(keys: ChunkKeys, wasm: Wasm | undefined) {
    this.#keys = keys;
    this.#splitter = new ChunkSplitter(keys, wasm);
    this.#order = keys.fields
      .map(({ text }, index) => ({ text, index }))
      .sort((a, b) => (a.text < b.text ? -1 : 1))
      .map(({ index }) => index);
  }

  split(batch: Batch): readonly Run[] {
    const end = batch.entries.length;
    const first = this.#splitter.run(batch, 0);
    if (first === end) {
      return [this.#run(batch)];
    }
    const runs = new Map<string, Run>();
    for (let from = 0, to = first; ; to = this.#splitter.run(batch, from)) {
      const piece = { ...batch, entries: batch.entries.subarray(from, to), count: this.#splitter.count };
      const run = runs.get(this.#splitter.key);
      if (run === undefined) {
        runs.set(this.#splitter.key, this.#run(piece));
      } else {
        run.pieces.push(piece);
        run.bytes += piece.entries.length;
        run.count += piece.count;
      }
      from = to;
      if (from >= end) {
        break;
      }
    }
    return [...runs.values()].sort((a, b) => this.#compare(a, b));
  }

  metadata({ time, tag, fields }: Run): ChunkMetadata {
    const keys = this.#keys;
    const variables = new Map<string, string>();
    keys.fields.forEach(({ text }, index) => {
      const value = fields[index];
      if (value !== undefined) {
        variables.set(text, value);
      }
    });
    return { timekey: keys.time === undefined ? undefined : time, tag: keys.tag ? tag : undefined, variables };
  }

  /** The key of the runs that belong into a chunk with this metadata, so far as it says. */
  keyOf({ timekey, tag, variables }: ChunkMetadata): string {
    const kinds = this.#keys.fields.map(({ text }) => {
      const value = variables.get(text);
      return value === undefined ? 'n' : `s${value}`;
    });
    return chunkKey(timekey ?? 0, tag?.text, kinds);
  }

  #run(piece: Batch): Run {
    const { key, time, fields, present, count } = this.#splitter;
    const values = fields.map((text, index) => (present[index] === true ? text : undefined));
    return { key, time, tag: piece.tag, fields: values, pieces: [piece], bytes: piece.entries.length, count };
  }

  /** Those that lack a field come before those that have it. */
  #compare(a: Run, b: Run): number {
    if (a.time !== b.time) {
      return a.time - b.time;
    }
    for (const index of this.#order) {
      const [one, other] = [a.fields[index], b.fields[index]];
      if (one !== other) {
        return one === undefined || (other !== undefined && one < other) ? -1 : 1;
      }
    }
    return 0;
  }
}
