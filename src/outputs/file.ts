// Writes events to files that have their final names from the first byte: by time, tag and fields, numbered as Fluentd's out_file numbers them, or
// appended to. How an event looks is a formatter's business, how files are opened, written and closed the file set's.
import { refuseOptions } from '../config/refuse-option.ts';
import type { Batch, Emit } from '../core/batch.ts';
import type { FileName } from '../files/file-opener.ts';
import { FileSet } from '../files/file-set.ts';
import type { LiveFile } from '../files/live-file.ts';
import { checkWritable } from '../files/writable-folder.ts';
import { heldBuffer } from '../flush/buffer-section.ts';
import type { Chunk } from '../plugin/buffer.ts';
import type { ChunkKeys } from '../plugin/buffer-options.ts';
import { ChunkSplitter } from '../plugin/chunk-splitter.ts';
import type { PluginContext } from '../plugin/context.ts';
import { type FileValues, fileOptions, type SettledFile, settleFile } from '../plugin/file-options.ts';
import type { FilePath } from '../plugin/file-path.ts';
import { createFormatter } from '../plugin/formatter.ts';
import { checkInject, createInjector, flatInject } from '../plugin/inject.ts';
import { type ChunkOutput, defineOutput, type Output } from '../plugin/output.ts';
import { Printer } from '../plugin/printer.ts';

export default defineOutput({
  type: 'file',
  summary: 'Writes events to files, named by time, tag and fields.',
  options: fileOptions,
  buffer: { when: 'asked', keys: ['time'], timekey: '86400' },
  check(values, element, report) {
    checkInject(values.inject, element, report);
    settleFile(asDirect(values), refuseOptions(element, report), (option, text, hint) => {
      const at = element.attributes.get(option)?.valueAt ?? element.at;
      report({ code: 'CONFIG_FILE_LINK', severity: 'warning', at, text, hint });
    });
  },
  claims: ({ path }) => [`file ${path}`],
  create(context, values) {
    const settled = settleFile(
      asDirect(values),
      (option, text) => {
        throw new TypeError(`${option}: ${text}`); // `check` comes first
      },
      () => undefined,
    );
    if (settled === undefined) {
      throw new TypeError('The options of a file output were not checked.');
    }
    const formatter = createFormatter(context, values.format, { escape: 'tags', lines: false, color: false });
    const injector = createInjector(context, values.inject ?? flatInject(values));
    const held = heldBuffer(values.buffer)?.options as { readonly sync?: unknown } | undefined;
    // What the buffer's promise says of the machine's death holds until the file has kept it.
    const durable = held?.sync !== undefined && held.sync !== 'none';
    const printer = new Printer(context, formatter, injector);
    const output = new FileOutput(context, { ...settled, durable }, values.pending_limit, printer);
    return held === undefined ? output : new FileChunks(output);
  },
});

/** The options with what `<buffer>` says of names alone, where the events come in chunks. */
function asDirect(values: FileValues): FileValues {
  const held = heldBuffer(values.buffer)?.options;
  if (held === undefined) {
    return values;
  }
  const { chunk_keys = ['time'], timekey = 86_400, timekey_wait, timekey_use_utc, timekey_zone } = held;
  const names = { chunk_keys, timekey, timekey_wait, timekey_use_utc, timekey_zone };
  return { ...values, buffer: names as FileValues['buffer'] };
}

/** Keys whose files are remembered. */
const keysKept = 10_000;

/** Has an ack wait for the bytes, though nobody is to get one. */
const waits: Batch['acks'] = [];

/** Which file a chunk is written to. */
interface ChunkPlace {
  readonly key: string;
  readonly name: FileName;
}

class FileOutput implements Output {
  readonly #context: PluginContext;
  readonly #files: FileSet;
  readonly #path: FilePath;
  readonly #keys: ChunkKeys;
  readonly #append: boolean;
  readonly #splitter: ChunkSplitter;
  readonly #printer: Printer;
  readonly #limit: number;
  /** Where files have no numbers, several keys may mean the same one: its path by the key. */
  readonly #paths = new Map<string, string>();
  /** Chunks that began later are of this configuration, ms since the epoch. */
  #started = Number.POSITIVE_INFINITY;

  constructor(context: PluginContext, settled: SettledFile & { durable: boolean }, limit: number, printer: Printer) {
    const { id, counters, clock, log, io } = context;
    this.#context = context;
    this.#path = settled.path;
    this.#keys = settled.keys;
    this.#append = !settled.path.numbered;
    this.#splitter = new ChunkSplitter(settled.keys, context.wasm);
    this.#printer = printer;
    this.#limit = limit;
    this.#files = new FileSet({
      ...settled,
      continues: (context.workers ?? 1) === 1,
      clock,
      log,
      memory: io,
      failures: counters.get('forebay_file_write_failures_total', { id }),
      closedEarly: counters.get('forebay_file_closed_early_total', { id }),
      refusedBytes: counters.get('forebay_file_refused_bytes_total', { id }),
      retention: Object.values(settled.limits).every((limit) => limit === Number.POSITIVE_INFINITY)
        ? undefined
        : {
            ...settled.limits,
            base: this.#path.base,
            pattern: this.#path.pattern,
            clock,
            log,
            removed: counters.get('forebay_file_removed_files_total', { id }),
            removedBytes: counters.get('forebay_file_removed_bytes_total', { id }),
          },
    });
  }

  async start(): Promise<void> {
    checkWritable(this.#path.base, this.#path.constant);
    this.#files.start();
    this.#started = this.#context.clock.now();
  }

  readonly emit: Emit = (batch) => {
    const end = batch.entries.length;
    let to = this.#splitter.run(batch, 0);
    if (to === end) {
      return this.#take(batch);
    }
    const settled = new Set<Promise<void>>();
    for (let from = 0; from < end; ) {
      const part = { ...batch, entries: batch.entries.subarray(from, to), count: this.#splitter.count };
      const each = this.#take(part);
      if (each !== undefined) {
        settled.add(each);
      }
      from = to;
      to = from < end ? this.#splitter.run(batch, from) : end;
    }
    return settled.size === 0 ? undefined : Promise.all(settled).then(() => undefined);
  };

  /** A chunk is written: syncs it where it has to be, and ends its file. */
  async end(chunk: Chunk): Promise<void> {
    await this.#files.sync();
    const file = this.#files.get(this.#keyOfChunk(chunk).key);
    this.#files.flush(file === undefined ? undefined : [file]);
  }

  flush(): void {
    this.#files.flush();
  }

  async stop(signal: AbortSignal): Promise<void> {
    const left = await this.#files.stop(signal);
    if (left > 0) {
      this.#context.log.error({ code: 'FILE_UNWRITTEN', bytes: left }, 'Files took not all lines before the end.');
    }
  }

  /** Writes what Fluentd's out_file has made of the events of a chunk; settles when it is written. */
  async writeText(text: AsyncIterable<Uint8Array>, chunk: Chunk): Promise<void> {
    const its = this.#keyOfChunk(chunk);
    for await (const piece of text) {
      const file = this.#fileOfChunk(its);
      const area = file.area.bytes.length - file.area.used < piece.length ? file.nextArea(piece.length) : file.area;
      area.bytes.set(piece, area.used);
      area.used += piece.length;
      await this.#files.commit(file, true, this.#limit);
    }
  }

  /** Writes the events of a chunk; settles when they are written. */
  async writeEvents(chunk: Chunk): Promise<void> {
    // What an earlier configuration put together may go to several files of this one.
    const known = chunk.created >= this.#started;
    const its = this.#keyOfChunk(chunk);
    for await (const batch of chunk.batches()) {
      if (known) {
        const file = this.#fileOfChunk(its);
        this.#printer.print(batch, file);
        await this.#files.commit(file, true, this.#limit);
      } else {
        await this.emit({ ...batch, acks: waits });
      }
    }
  }

  /** Takes events of one file. */
  #take(batch: Batch): Promise<void> | undefined {
    const file = this.#fileOf(batch);
    this.#printer.print(batch, file);
    return this.#files.commit(file, batch.acks !== undefined, this.#limit);
  }

  /** The chunk says what its events have in common. Where files have numbers it is a file of its own. */
  #fileOfChunk({ key, name }: ChunkPlace): LiveFile {
    return this.#files.get(key) ?? this.#files.add(key, name);
  }

  #keyOfChunk({ id, metadata: { timekey = 0, tag, variables } }: Chunk): ChunkPlace {
    const fields = this.#keys.fields.map((field) => variables.get(field.text) ?? '');
    const name = this.#path.name({ time: timekey, tag: tag?.text ?? '', fields });
    return { key: this.#append ? name.head + name.tail : `chunk ${id}`, name };
  }

  #fileOf(batch: Batch): LiveFile {
    const { key, time, fields } = this.#splitter;
    const known = this.#append ? this.#paths.get(key) : key;
    const file = known === undefined ? undefined : this.#files.get(known);
    if (file !== undefined) {
      return file;
    }
    const name = this.#path.name({ time, tag: batch.tag.text, fields });
    if (!this.#append) {
      return this.#files.add(key, name);
    }
    const path = name.head + name.tail;
    if (this.#paths.size >= keysKept) {
      this.#paths.clear();
    }
    this.#paths.set(key, path);
    return this.#files.get(path) ?? this.#files.add(path, name);
  }
}

/** The same behind a buffer: each chunk is written whole, and is a file of its own where files have numbers, as in Fluentd. */
class FileChunks implements ChunkOutput {
  readonly takesText = true;
  readonly #output: FileOutput;

  constructor(output: FileOutput) {
    this.#output = output;
  }

  start(): Promise<void> {
    return this.#output.start();
  }

  async write(chunk: Chunk): Promise<void> {
    if (chunk.text !== undefined) {
      await this.#output.writeText(chunk.text(), chunk);
    } else {
      await this.#output.writeEvents(chunk);
    }
    await this.#output.end(chunk);
  }

  flush(): void {
    this.#output.flush();
  }

  stop(signal: AbortSignal): Promise<void> {
    return this.#output.stop(signal);
  }
}
