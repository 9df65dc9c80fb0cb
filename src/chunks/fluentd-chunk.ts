// A chunk that Fluentd left in the folder of a buffer: delivered as it is, then removed, never added to. Its bytes are either [time, record]
// pairs, or text that an output had formatted already; which of the two shows in the first byte.
import fs from 'node:fs';
import { basename } from 'node:path';
import { type Batch, type Origin, tagFromText } from '../core/batch.ts';
import type { Logger } from '../core/log.ts';
import { CleanEntries } from '../msgpack/clean-entries.ts';
import { EntryStream } from '../msgpack/entry-stream.ts';
import type { Chunk, ChunkMetadata } from '../plugin/buffer.ts';
import { BytesBroken, fluentdBytes } from './fluentd-bytes.ts';
import { decodeMeta, type FluentdMeta } from './fluentd-meta.ts';

export interface FluentdSettings {
  readonly log: Logger;
  /** The id of the buffer's owner: the listener of the events. */
  readonly owner: string;
  /** Of file_single: the field whose text stands in the names, undefined for the tag. Undefined as a whole where nothing does. */
  readonly single: { readonly key: string | undefined } | undefined;
  readonly damaged: (path: string, from: number, to: number, reason: string) => void;
  /** The chunk and its files are gone. */
  readonly purged: (chunk: FluentdChunk) => void;
}

const noTag = tagFromText('');
/** An array of two: [time, record]. */
const pair = 0x92;

/** Reads what there is to know of it. Undefined where the file is empty, which is removed as Fluentd does it. */
export async function openFluentdChunk(path: string, settings: FluentdSettings): Promise<FluentdChunk | undefined> {
  const { size, ctimeMs, mtimeMs } = fs.statSync(path);
  if (size === 0) {
    remove(path);
    return undefined;
  }
  const meta = readMeta(path, settings);
  const { first, bytes, count } = await measure(path, meta?.count);
  const [, id = ''] = /\.[bq]([0-9a-f]+)\.[^/]*$/.exec(path) ?? [];
  return new FluentdChunk(path, settings, {
    id: meta?.id ?? id.padStart(32, '0').slice(-32),
    metadata: meta?.metadata ?? metadataOfName(path, settings.single),
    created: meta?.created ?? ctimeMs,
    modified: meta?.modified ?? mtimeMs,
    stored: size,
    bytes: bytes ?? size,
    count,
    isText: first !== pair,
  });
}

interface Known extends Pick<Chunk, 'id' | 'metadata' | 'created' | 'modified' | 'stored' | 'bytes' | 'count'> {
  readonly isText: boolean;
}

export class FluentdChunk implements Chunk {
  readonly id: string;
  readonly metadata: ChunkMetadata;
  readonly created: number;
  readonly modified: number;
  readonly bytes: number;
  readonly stored: number;
  readonly count: number;
  readonly sealed = true;
  readonly path: string;
  readonly text?: () => AsyncIterable<Uint8Array>;
  readonly #settings: FluentdSettings;
  readonly #origin: Origin;
  #told = false;

  constructor(path: string, settings: FluentdSettings, known: Known) {
    this.path = path;
    this.#settings = settings;
    this.#origin = { listener: settings.owner, address: '', port: 0, name: undefined };
    this.id = known.id;
    this.metadata = known.metadata;
    this.created = known.created;
    this.modified = known.modified;
    this.bytes = known.bytes;
    this.stored = known.stored;
    this.count = known.count;
    if (known.isText) {
      this.text = () => this.#pieces();
    }
  }

  append(): Promise<void> {
    return Promise.reject(new TypeError('A chunk of Fluentd takes no more events.'));
  }

  seal(): undefined {
    return undefined;
  }

  async *batches(): AsyncGenerator<Batch, void, void> {
    if (this.text !== undefined) {
      throw new TypeError(`The events of ${this.path} are text.`); // what has no batches must not seem to be empty
    }
    const stream = new EntryStream();
    const clean = new CleanEntries(undefined);
    let at = 0;
    for await (const piece of this.#pieces()) {
      const run = stream.push(piece);
      if (typeof run === 'number') {
        this.#tell(at, this.stored, 'what follows is no msgpack');
        return;
      }
      at += piece.length;
      clean.run(run, 0, run.length);
      if (clean.dropped > 0) {
        this.#tell(at - piece.length, at, `${clean.dropped} of its entries are no events`);
      }
      if (clean.count > 0) {
        yield this.#batch(run.subarray(0, clean.end), clean.count);
      }
    }
    if (stream.held > 0) {
      this.#tell(Math.max(0, this.stored - stream.held), this.stored, 'it ends within an event');
    }
  }

  async purge(): Promise<void> {
    remove(this.path);
    this.#settings.purged(this);
  }

  #batch(entries: Uint8Array, count: number): Batch {
    const tag = this.metadata.tag ?? noTag;
    return { tag, entries, count, origin: this.#origin, seq: 0, arrived: this.modified, acks: undefined };
  }

  async *#pieces(): AsyncGenerator<Uint8Array, void, void> {
    try {
      yield* fluentdBytes(this.path);
    } catch (error) {
      if (!(error instanceof BytesBroken)) {
        throw error;
      }
      this.#tell(Math.min(error.offset, this.stored), this.stored, error.message);
    }
  }

  #tell(from: number, to: number, reason: string): void {
    if (!this.#told) {
      this.#told = true;
      this.#settings.damaged(this.path, from, to, reason);
    }
  }
}

/** The first byte, and events and bytes where `.meta` does not say them: as Fluentd counts them, lines where it is text. */
async function measure(path: string, known: number | undefined) {
  const stream = new EntryStream();
  const clean = new CleanEntries(undefined);
  let first: number | undefined;
  let bytes = 0;
  let count = known ?? 0;
  try {
    for await (const piece of fluentdBytes(path)) {
      first ??= piece[0];
      if (known !== undefined) {
        return { first, bytes: undefined, count };
      }
      bytes += piece.length;
      if (first !== pair) {
        count += piece.reduce((sum, byte) => sum + (byte === 0x0a ? 1 : 0), 0);
        continue;
      }
      const run = stream.push(piece);
      if (typeof run === 'number') {
        break;
      }
      clean.run(run, 0, run.length);
      count += clean.count;
    }
  } catch (error) {
    if (!(error instanceof BytesBroken)) {
      throw error;
    }
  }
  return { first, bytes, count };
}

function readMeta(path: string, { log, single }: FluentdSettings): FluentdMeta | undefined {
  if (single !== undefined) {
    return undefined;
  }
  const file = `${path}.meta`;
  if (!fs.existsSync(file)) {
    return undefined;
  }
  const meta = decodeMeta(fs.readFileSync(file));
  if (meta === undefined) {
    log.warn(
      { code: 'BUFFER_FLUENTD_META', path: file },
      'What Fluentd knew of a chunk cannot be read: it is delivered without tag and time.',
    );
  }
  return meta;
}

/** `fsb.<tag or text of the key>.<b or q><id>.buf`, with %XX for what is no letter, digit, - _ or dot. */
function metadataOfName(path: string, single: FluentdSettings['single']): ChunkMetadata {
  const [, key] = /^fsb\.(.*)\.[bq][0-9a-f]+\.buf$/.exec(basename(path)) ?? [];
  if (single === undefined || key === undefined) {
    return { timekey: undefined, tag: undefined, variables: new Map() };
  }
  const text = Buffer.from(
    key.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString();
  return single.key === undefined
    ? { timekey: undefined, tag: tagFromText(text), variables: new Map() }
    : { timekey: undefined, tag: undefined, variables: new Map([[single.key, text]]) };
}

function remove(path: string): void {
  fs.rmSync(path, { force: true });
  fs.rmSync(`${path}.meta`, { force: true });
}
