// The options that buffers in files have in common, and the store that they come to.
import { basename, dirname, join } from 'node:path';
import type { Element } from '../config/element.ts';
import { type Options, p, type Values } from '../config/options.ts';
import type { Report } from '../config/problem.ts';
import { refuseOptions } from '../config/refuse-option.ts';
import type { BufferOwner } from '../plugin/buffer.ts';
import type { PluginContext } from '../plugin/context.ts';
import { chunkPath } from './chunk-path.ts';
import { FileStore, type FileStoreSettings } from './file-store.ts';
import { processFolder } from './take-over.ts';

export const fileBufferOptions = {
  path: p.string({
    desc: 'Where the chunks are: a folder of this buffer alone, or the beginning of names in one, as in /var/buf/app.*.log.',
    required: true,
  }),
  file_permission: p.string({ desc: 'The mode of files that are made, octal.', default: '0644' }),
  dir_permission: p.string({ desc: 'The mode of folders that are made, octal.', default: '0755' }),
  compress: p.enum({
    desc: 'How events are compressed in chunks.',
    values: ['text', 'gzip', 'zstd'],
    default: 'text',
  }),
  sync: p.enum({
    desc: 'What the buffer survives: none, the death of the process; interval, that of the machine but for sync_interval; always, that of the machine: acks wait for the disk.',
    values: ['none', 'interval', 'always'],
    default: 'none',
  }),
  sync_interval: p.time({ desc: 'How often is synced with sync interval.', default: '1s' }),
} satisfies Options;

type FileBufferValues = Values<typeof fileBufferOptions>;

export function checkFileBuffer(values: FileBufferValues, element: Element, report: Report): void {
  const refuse = refuseOptions(element, report);
  for (const option of ['file_permission', 'dir_permission'] as const) {
    if (modeOf(values[option]) === undefined) {
      refuse(option, `${option}: "${values[option]}" is no mode.`, 'Write it in octal digits: 0644.');
    }
  }
  if (!(values.sync_interval > 0)) {
    refuse('sync_interval', 'sync_interval must be more than 0.', 'Write how many seconds lie between two syncs: 1s.');
  }
}

export interface FileBufferKind {
  /** As `path_suffix`. */
  readonly suffix: string;
  readonly single: FileStoreSettings['single'];
}

export function fileStore(
  context: PluginContext,
  values: FileBufferValues,
  { suffix, single }: FileBufferKind,
  owner: BufferOwner | undefined,
): FileStore {
  const { id, clock, log, counters, io, wasm, random, workers = 1 } = context;
  return new FileStore({
    id,
    path: chunkPath(pathOf(values.path, context), suffix, single !== undefined),
    modes: { folder: modeOf(values.dir_permission) ?? 0o755, file: modeOf(values.file_permission) ?? 0o644 },
    codec: values.compress === 'text' ? 'none' : values.compress,
    sync: values.sync,
    workers: isFirst(context) ? workers : undefined,
    syncInterval: values.sync_interval * 1000,
    takesText: owner?.takesText === true,
    single,
    clock,
    log,
    counters,
    memory: io,
    wasm,
    random,
  });
}

/** Of all processes, or the only one. */
function isFirst({ workers = 1, workerId }: PluginContext): boolean {
  return workers === 1 || workerId === 0;
}

/** Each process has chunks of its own; the first one has them where the path says. */
function pathOf(path: string, context: PluginContext): string {
  if (isFirst(context)) {
    return path;
  }
  const folder = processFolder(context.workerId);
  return path.includes('.*') ? join(dirname(path), folder, basename(path)) : join(path, folder);
}

function modeOf(text: string): number | undefined {
  return /^(0o?)?[0-7]{3,4}$/.test(text) ? Number.parseInt(text.replace('o', ''), 8) : undefined;
}
