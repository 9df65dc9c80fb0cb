// The options of an output to files, and what they come to together: which files there are, how they are written, and how long they are kept.
// Names of Fluentd's first years are taken as its compat_parameters take them.
import { type Options, p, type Values } from '../config/options.ts';
import type { RefuseOption } from '../config/refuse-option.ts';
import { TimeKey } from '../core/time-key.ts';
import { parseZone, utcZone } from '../core/zone.ts';
import { type Compression, compressionOf, levels } from '../files/compression.ts';
import type { RetentionLimits } from '../files/retention.ts';
import { type ChunkKeys, chunkKeysOf, directBuffer } from './buffer-options.ts';
import { type FilePath, filePath } from './file-path.ts';
import { zoneFault } from './formatter-options.ts';
import { flatInjectOptions, injectSection } from './inject.ts';

const inBuffer = 'Write it into a <buffer> section.';
const atOnce = 'events are written at once';
const oldFlush = (type: 'string' | 'bool' | 'time' | 'integer' | 'size') =>
  p[type]({ desc: "Of buffers, as in Fluentd's first years.", ignored: atOnce });

export const fileOptions = {
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
  compress: p.enum({
    desc: 'Whether files are compressed as they are written; their names end in .gz or .zstd. What is in them can be read at any moment.',
    values: ['text', 'gzip', 'gz', 'zstd'],
    default: 'text',
  }),
  compress_level: p.integer({ desc: 'How hard it is tried: gzip 1 to 9, by default 6; zstd 1 to 19, by default 3.' }),
  compress_interval: p.time({
    desc: 'Text to be compressed is gathered for so long, which makes files smaller; what senders want acked is written at once.',
    default: '1s',
  }),
  recompress: p.bool({
    desc: 'Compression of chunks that are compressed already.',
    ignored: 'text is compressed once, when it is written',
  }),
  symlink_path: p.string({
    desc: 'A link that leads to the newest file, with placeholders as in path. Only a link is ever replaced.',
  }),
  symlink_path_use_relative: p.bool({
    desc: 'Whether the link leads to the file from where it is, and not from the root.',
    default: 'false',
  }),
  rotate_size: p.size({
    desc: 'A file ends before it grows beyond this, and the next number begins; with append it gets a number itself, and a new one takes its place. A single write, of up to a megabyte, is not divided.',
  }),
  rotate_count: p.integer({
    desc: 'Of files that differ in their number only, so many are kept beside the one being written. Others that match path are removed, the lowest numbers first.',
  }),
  retain_age: p.time({ desc: 'Files that match path, and were not written to for so long, are removed: 7d.' }),
  retain_size: p.size({
    desc: 'When all files that match path are larger than this together, the ones not written to for longest are removed: 10g.',
  }),
  secondary: p.section({
    desc: 'Where events go that were given up.',
    options: {},
    ignored: 'what cannot be written waits, is tried again, and never given up',
  }),
  time_slice_format: p.string({ desc: 'How the time is written in the name, as strftime.', deprecated: inBuffer }),
  time_slice_wait: p.time({ desc: 'As timekey_wait.', deprecated: inBuffer }),
  timezone: p.string({ desc: 'As timekey_zone.', deprecated: inBuffer, invalid: zoneFault }),
  utc: p.bool({ desc: 'As timekey_use_utc, where there is a time_slice_format.', deprecated: inBuffer }),
  localtime: p.bool({ desc: 'The reverse of utc.', deprecated: inBuffer }),
  buffer_type: p.string({ desc: 'Where events are held.', deprecated: inBuffer }),
  buffer_path: oldFlush('string'),
  buffer_chunk_limit: oldFlush('size'),
  buffer_queue_limit: oldFlush('integer'),
  buffer_queue_full_action: p.enum({
    desc: "Of buffers, as in Fluentd's first years.",
    values: ['exception', 'block', 'drop_oldest_chunk', 'throw_exception'],
    ignored: 'inputs wait where nothing can be written',
  }),
  queued_chunk_flush_interval: oldFlush('time'),
  flush_interval: oldFlush('time'),
  flush_at_shutdown: oldFlush('bool'),
  try_flush_interval: oldFlush('time'),
  num_threads: oldFlush('integer'),
  retry_wait: oldFlush('time'),
  retry_limit: oldFlush('integer'),
  max_retry_wait: oldFlush('time'),
  disable_retry_limit: oldFlush('bool'),
} satisfies Options;

export type FileValues = Values<typeof fileOptions>;

export interface SettledFile {
  readonly keys: ChunkKeys;
  readonly path: FilePath;
  readonly modes: { readonly folder: number; readonly file: number };
  readonly openLimit: number;
  /** ms. */
  readonly wait: number;
  readonly lines: boolean;
  readonly compression: Compression | undefined;
  /** ms. */
  readonly gather: number;
  readonly links: { readonly relative: boolean };
  readonly rotateSize: number;
  readonly limits: RetentionLimits;
}

/** What the options come to together. */
export function settleFile(values: FileValues, refuse: RefuseOption, warn: RefuseOption): SettledFile | undefined {
  const { buffer, time_slice_format: timeFormat } = values;
  const folder = modeOf('dir_permission', values.dir_permission, refuse);
  const file = modeOf('file_permission', values.file_permission, refuse);
  if (values.open_files_limit < 1) {
    refuse('open_files_limit', 'open_files_limit must be at least 1.', 'Write how many files may be open: 256.');
  }
  const keys = keysIn(values, refuse);
  const suffix = values.add_path_suffix ? values.path_suffix : '';
  const compression = compressionIn(values, refuse);
  const packed = compression?.suffix ?? '';
  const { append, symlink_path: link } = values;
  const path = keys && filePath({ path: values.path, append, suffix, packed, link, timeFormat }, keys, refuse, warn);
  const limits = limitsIn(values, refuse);
  if (keys === undefined || path === undefined || folder === undefined || file === undefined) {
    return undefined;
  }
  const wait = buffer?.timekey_wait ?? values.time_slice_wait ?? 600;
  const { type, options: format } = values.format;
  return {
    keys,
    path,
    modes: { folder, file },
    openLimit: values.open_files_limit,
    wait: wait * 1000,
    lines: type !== 'msgpack' && format['add_newline'] !== false,
    compression,
    gather: values.compress_interval * 1000,
    links: { relative: values.symlink_path_use_relative },
    rotateSize: values.rotate_size ?? Number.POSITIVE_INFINITY,
    limits,
  };
}

function compressionIn(values: FileValues, refuse: RefuseOption): Compression | undefined {
  const { compress, compress_level: level } = values;
  if (compress === 'text') {
    return undefined;
  }
  const kind = compress === 'zstd' ? 'zstd' : 'gzip';
  const [lowest, highest] = levels[kind];
  if (level !== undefined && (level < lowest || level > highest)) {
    refuse('compress_level', `${kind} has no level ${level}.`, `Write one of ${lowest} to ${highest}.`);
    return undefined;
  }
  return compressionOf(kind, level);
}

function limitsIn(values: FileValues, refuse: RefuseOption): RetentionLimits {
  for (const option of ['rotate_size', 'retain_age', 'retain_size'] as const) {
    if (values[option] !== undefined && !(values[option] > 0)) {
      refuse(option, `${option} must be more than 0.`, 'Remove it, or say how much is kept.');
    }
  }
  const { rotate_count: count = Number.POSITIVE_INFINITY, retain_age: age, retain_size: size } = values;
  if (count < 0) {
    refuse('rotate_count', 'rotate_count must not be less than 0.', 'Write how many files are kept: 10.');
  }
  return {
    age: age === undefined ? Number.POSITIVE_INFINITY : age * 1000,
    size: size ?? Number.POSITIVE_INFINITY,
    count,
  };
}

function modeOf(option: string, text: string, refuse: RefuseOption): number | undefined {
  if (/^(0o?)?[0-7]{3,4}$/.test(text)) {
    return Number.parseInt(text.replace('o', ''), 8);
  }
  refuse(option, `${option}: "${text}" is no mode.`, 'Write it in octal digits: 0644.');
  return undefined;
}

/** The chunk keys; where there is no <buffer>, by the names of Fluentd's first years (plugin_helper/compat_parameters.rb). */
function keysIn(values: FileValues, refuse: RefuseOption): ChunkKeys | undefined {
  const { buffer, time_slice_format: format, timezone, utc, localtime } = values;
  if (buffer !== undefined || format === undefined) {
    const keys = chunkKeysOf(buffer, undefined, refuse);
    const zone = buffer === undefined && timezone !== undefined ? parseZone(timezone) : undefined;
    return keys?.time === undefined || zone === undefined ? keys : { ...keys, time: new TimeKey(keys.time.size, zone) };
  }
  const size = pieceOf(format);
  if (size === undefined) {
    refuse(
      'time_slice_format',
      'time_slice_format names no day: a file would be for longer.',
      'Write %d in it, or finer.',
    );
  }
  if (utc !== undefined && localtime !== undefined) {
    refuse('utc', 'Both utc and localtime are given.', 'Remove one of them.');
  }
  const keys = size === undefined ? undefined : chunkKeysOf(undefined, size, refuse);
  const zone = (utc ?? localtime === false) ? utcZone : timezone === undefined ? undefined : parseZone(timezone);
  return keys?.time === undefined || zone === undefined ? keys : { ...keys, time: new TimeKey(keys.time.size, zone) };
}

/** Seconds that a `time_slice_format` tells apart; undefined where that is more than a day. */
function pieceOf(format: string): number | undefined {
  const pieces = [
    ['%S', 1],
    ['%M', 60],
    ['%H', 3600],
    ['%d', 86_400],
  ] as const;
  return pieces.find(([directive]) => format.includes(directive))?.[1];
}
