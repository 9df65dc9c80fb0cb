// The path of an output to files: from the `path` that is configured, with suffix and number as Fluentd's out_file puts them
// (lib/fluent/plugin/out_file.rb, generate_path_template), to the name of the file for an event.

import type { RefuseOption } from '../config/refuse-option.ts';
import type { FileName } from '../files/file-opener.ts';
import type { ChunkKeys } from './buffer-options.ts';
import { checkTemplate, constantLength, type PlaceholderValues, Template } from './placeholders.ts';
import { numberMark, safePath } from './safe-name.ts';

export interface FilePathOptions {
  readonly path: string;
  readonly append: boolean;
  /** '' for none. */
  readonly suffix: string;
  /** `time_slice_format` of old configurations. */
  readonly timeFormat: string | undefined;
}

/** Names the files. */
export class FilePath {
  /** The folder that needs no event to be known: '' for the current one. */
  readonly base: string;
  /** Whether nothing of the name comes from events; then it is the whole path of the one file. */
  readonly constant: string | undefined;
  readonly #keys: ChunkKeys;
  /** Whether the files are numbered. */
  readonly numbered: boolean;
  readonly #head: Template;
  readonly #tail: Template;

  constructor(before: string, after: string, numbered: boolean, keys: ChunkKeys) {
    const fixed = constantLength(before, keys);
    this.base = folderOf(before.slice(0, fixed));
    this.constant =
      !numbered && constantLength(before + after, keys) === before.length + after.length ? before + after : undefined;
    this.#keys = keys;
    this.numbered = numbered;
    this.#head = new Template(before.slice(lengthOf(this.base)), keys);
    this.#tail = new Template(after, keys);
  }

  name(values: PlaceholderValues): FileName {
    const mark = { text: numberMark, event: false };
    const path = safePath([...this.#head.render(values), mark, ...this.#tail.render(values)]);
    const [head = '', tail = ''] = path.split(numberMark);
    const { time } = this.#keys;
    return {
      base: this.base,
      // A file must have a name, and it may be all from an event that says nothing.
      head: !this.numbered && tail === '' && /(^|\/)$/.test(head) ? `${head}_` : head,
      tail,
      numbered: this.numbered,
      confined: this.constant === undefined,
      until: time === undefined ? Number.POSITIVE_INFINITY : (values.time + time.size) * 1000,
    };
  }
}

/** The path that the options mean with these chunk keys; undefined where something was refused. */
export function filePath(options: FilePathOptions, keys: ChunkKeys, refuse: RefuseOption): FilePath | undefined {
  const { path, append, suffix } = options;
  const size = keys.time?.size;
  if (path.includes('\0')) {
    refuse('path', 'path holds a NUL character.', 'Remove it.');
    return undefined;
  }
  let before = path;
  let after = suffix;
  if (path.includes('*')) {
    if (size === undefined) {
      refuse('path', 'path holds *, the place of the time, but time is no chunk key.', 'Write <buffer time>, or no *.');
      return undefined;
    }
    const place = path.lastIndexOf('*');
    const time = options.timeFormat ?? timeDirectives(size);
    before = path.slice(0, place + 1).replaceAll('*', time);
    after = path.slice(place + 1);
  } else if (size !== undefined) {
    const wanted = timeDirectives(size).match(/../g) ?? [];
    if (options.timeFormat !== undefined) {
      before = `${path}.${options.timeFormat}`;
    } else if (!wanted.some((directive) => path.includes(directive))) {
      before = `${path}.${wanted.join('')}`;
    } else if (!wanted.every((directive) => path.includes(directive))) {
      const missing = wanted.filter((directive) => !path.includes(directive));
      refuse(
        'path',
        `path has no place for ${missing.join(', ')}, and timekey is ${size}.`,
        'Add it, or raise timekey.',
      );
      return undefined;
    }
  }
  if (!checkTemplate('path', before + after, keys, refuse)) {
    return undefined;
  }
  const made = new FilePath(before, after, !append, keys);
  if ((before + after).slice(lengthOf(made.base)).split('/').includes('..')) {
    refuse('path', 'path holds .. behind a placeholder.', 'Write the folder that is meant.');
    return undefined;
  }
  return made;
}

/** The directives that name a piece of time of that many seconds. */
function timeDirectives(size: number): string {
  const all = '%Y%m%d%H%M%S';
  return all.slice(0, size < 60 ? 12 : size < 3600 ? 10 : size < 86_400 ? 8 : 6);
}

/** Without the slash behind it. */
function folderOf(prefix: string): string {
  const slash = prefix.lastIndexOf('/');
  return slash < 0 ? '' : slash === 0 ? '/' : prefix.slice(0, slash);
}

/** Of a base and the slash behind it. */
function lengthOf(base: string): number {
  return base === '' ? 0 : base === '/' ? 1 : base.length + 1;
}
