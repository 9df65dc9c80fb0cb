// Writes events to files that have their final names from the first byte: by time, tag and fields, numbered as Fluentd's out_file numbers them, or
// appended to. How an event looks is a formatter's business, how files are opened, written and closed the file set's.
import { type Options, p, type Values } from '../config/options.ts';
import { type RefuseOption, refuseOptions } from '../config/refuse-option.ts';
import type { Batch, Emit } from '../core/batch.ts';
import { FileSet } from '../files/file-set.ts';
import type { LiveFile } from '../files/live-file.ts';
import { checkWritable } from '../files/writable-folder.ts';
import { type ChunkKeys, chunkKeysOf, directBuffer } from '../plugin/buffer-options.ts';
import { ChunkSplitter } from '../plugin/chunk-splitter.ts';
import type { PluginContext } from '../plugin/context.ts';
import { type FilePath, filePath } from '../plugin/file-path.ts';
import { createFormatter } from '../plugin/formatter.ts';
import { checkInject, createInjector, flatInject, flatInjectOptions, injectSection } from '../plugin/inject.ts';
import { defineOutput, type Output } from '../plugin/output.ts';
import { Printer } from '../plugin/printer.ts';

const inBuffer = 'Write it into a <buffer> section.';
const atOnce = 'events are written at once';
const oldFlush = (type: 'string' | 'bool' | 'time' | 'integer' | 'size') =>
  p[type]({ desc: "Of buffers, as in Fluentd's first years.", ignored: atOnce });

const options = {
  path: p.string({
    desc: `The path, with placeholders: $\{tag}, $\{tag[N]}, $\{field}, %Y%m%d. * is the time. Number and suffix come behind it.`,
    required: true,
  }),
  append: p.bool({ desc: 'No number in the name: what is there already is appended to.', default: 'false' }),
  add_path_suffix: p.bool({ desc: 'Whether path_suffix is put behind the path.', default: 'true' }),
  path_suffix: p.string({ desc: 'What is put behind the path, where there is no * in it.', default: '.log' }),
  format: p.plugin({ desc: 'How an event is written.', kind: 'formatter', default: 'out_file' }),
  inject: injectSection,
  ...flatInjectOptions,
  buffer: directBuffer,
  dir_permission: p.string({ desc: 'The mode of folders that are made, octal.', default: '0755' }),
  file_permission: p.string({ desc: 'The mode of files that are made, octal.', default: '0644' }),
  pending_limit: p.size({
    desc: 'When more bytes than this wait to be written to all files of this output, the inputs wait too.',
    default: '4m',
  }),
  open_files_limit: p.integer({
    desc: 'Files that are open at a time; the least used one is closed when another is needed.',
    default: '256',
  }),
  compress: p.string({ desc: 'Compression.', ignored: 'files are written as they come, without compression' }),
  recompress: p.bool({ desc: 'Compression.', ignored: 'files are written as they come, without compression' }),
  symlink_path: p.string({ desc: 'A link to the newest file.', ignored: 'no link is made' }),
  symlink_path_use_relative: p.bool({ desc: 'A link to the newest file.', ignored: 'no link is made' }),
  secondary: p.section({
    desc: 'Where events go that were given up.',
    options: {},
    ignored: 'what cannot be written waits, is tried again, and never given up',
  }),
  time_slice_format: p.string({ desc: 'How the time is written in the name, as strftime.', deprecated: inBuffer }),
  time_slice_wait: p.time({ desc: 'As timekey_wait.', deprecated: inBuffer }),
  buffer_type: p.string({ desc: 'Where events are held.', deprecated: inBuffer }),
  buffer_path: oldFlush('string'),
  buffer_chunk_limit: oldFlush('size'),
  buffer_queue_limit: oldFlush('integer'),
  flush_interval: oldFlush('time'),
  flush_at_shutdown: oldFlush('bool'),
  try_flush_interval: oldFlush('time'),
  num_threads: oldFlush('integer'),
  retry_wait: oldFlush('time'),
  retry_limit: oldFlush('integer'),
  max_retry_wait: oldFlush('time'),
  disable_retry_limit: oldFlush('bool'),
} satisfies Options;

export default defineOutput({
  type: 'file',
  summary: 'Writes events to files, named by time, tag and fields.',
  options,
  check(values, element, report) {
    checkInject(values.inject, element, report);
    settle(values, refuseOptions(element, report));
  },
  claims: ({ path }) => [`file ${path}`],
  create(context, values) {
    const settled = settle(values, (option, text) => {
      throw new TypeError(`${option}: ${text}`); // `check` comes first
    });
    if (settled === undefined) {
      throw new TypeError('The options of a file output were not checked.');
    }
    const formatter = createFormatter(context, values.format, { escape: 'tags', lines: false, color: false });
    const injector = createInjector(context, values.inject ?? flatInject(values));
    return new FileOutput(context, settled, values.pending_limit, new Printer(context, formatter, injector));
  },
});

interface Settled {
  readonly keys: ChunkKeys;
  readonly path: FilePath;
  readonly modes: { readonly folder: number; readonly file: number };
  readonly openLimit: number;
  /** ms. */
  readonly wait: number;
  readonly lines: boolean;
}

/** What the options come to together. */
function settle(values: Values<typeof options>, refuse: RefuseOption): Settled | undefined {
  const { buffer, time_slice_format: timeFormat } = values;
  if (values.buffer_type !== undefined && values.buffer_type !== 'memory') {
    refuse(
      'buffer_type',
      `There is no buffer of type "${values.buffer_type}" yet: events are not held on disk before they are written.`,
      'Remove it: the files are written at once, under their final names.',
    );
  }
  const folder = modeOf('dir_permission', values.dir_permission, refuse);
  const file = modeOf('file_permission', values.file_permission, refuse);
  if (values.open_files_limit < 1) {
    refuse('open_files_limit', 'open_files_limit must be at least 1.', 'Write how many files may be open: 256.');
  }
  const keys = chunkKeysOf(buffer, timeFormat === undefined ? undefined : pieceOf(timeFormat), refuse);
  const suffix = values.add_path_suffix ? values.path_suffix : '';
  const path = keys && filePath({ path: values.path, append: values.append, suffix, timeFormat }, keys, refuse);
  if (keys === undefined || path === undefined || folder === undefined || file === undefined) {
    return undefined;
  }
  const wait = values.time_slice_wait ?? buffer?.timekey_wait ?? 600;
  const { type, options: format } = values.format;
  return {
    keys,
    path,
    modes: { folder, file },
    openLimit: values.open_files_limit,
    wait: wait * 1000,
    lines: type !== 'msgpack' && format['add_newline'] !== false,
  };
}

function modeOf(option: string, text: string, refuse: RefuseOption): number | undefined {
  if (/^(0o?)?[0-7]{3,4}$/.test(text)) {
    return Number.parseInt(text.replace('o', ''), 8);
  }
  refuse(option, `${option}: "${text}" is no mode.`, 'Write it in octal digits: 0644.');
  return undefined;
}

/** Seconds that a `time_slice_format` tells apart. */
function pieceOf(format: string): number {
  return format.includes('%S') ? 1 : format.includes('%M') ? 60 : format.includes('%H') ? 3600 : 86_400;
}

/** Keys whose files are remembered. */
const keysKept = 10_000;

class FileOutput implements Output {
  readonly #context: PluginContext;
  readonly #files: FileSet;
  readonly #path: FilePath;
  readonly #append: boolean;
  readonly #splitter: ChunkSplitter;
  readonly #printer: Printer;
  readonly #limit: number;
  /** Where files have no numbers, several keys may mean the same one: its path by the key. */
  readonly #paths = new Map<string, string>();

  constructor(context: PluginContext, settled: Settled, limit: number, printer: Printer) {
    const { id, counters, clock, log, io } = context;
    this.#context = context;
    this.#path = settled.path;
    this.#append = !settled.path.numbered;
    this.#splitter = new ChunkSplitter(settled.keys, context.wasm);
    this.#printer = printer;
    this.#limit = limit;
    this.#files = new FileSet({
      ...settled,
      clock,
      log,
      memory: io,
      failures: counters.get('forebay_file_write_failures_total', { id }),
      refusedBytes: counters.get('forebay_file_refused_bytes_total', { id }),
    });
  }

  async start(): Promise<void> {
    checkWritable(this.#path.base, this.#path.constant);
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

  flush(): void {
    this.#files.flush();
  }

  async stop(signal: AbortSignal): Promise<void> {
    const left = await this.#files.stop(signal);
    if (left > 0) {
      this.#context.log.error({ code: 'FILE_UNWRITTEN', bytes: left }, 'Files took not all lines before the end.');
    }
  }

  /** Takes events of one file. */
  #take(batch: Batch): Promise<void> | undefined {
    const file = this.#fileOf(batch);
    this.#printer.print(batch, file);
    return this.#files.commit(file, batch.acks !== undefined, this.#limit);
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
