// The path of an output to files: from the `path` that is configured, with suffix and number as Fluentd's out_file puts them
// (lib/fluent/plugin/out_file.rb, generate_path_template), to the name of the file for an event.

import type { RefuseOption } from '../config/refuse-option.ts';
import type { FilePlace } from '../files/confined-file.ts';
import type { FileName } from '../files/file-opener.ts';
import { NamePattern, numberPattern } from '../files/name-pattern.ts';
import type { ChunkKeys } from './buffer-options.ts';
import { checkTemplate, constantLength, type PlaceholderValues, Template } from './placeholders.ts';
import { foldersPerValue, numberMark, safePath } from './safe-name.ts';

export interface FilePathOptions {
  readonly path: string;
  readonly append: boolean;
  /** '' for none. */
  readonly suffix: string;
  /** What stands behind all of a name because the file is compressed; '' for none. */
  readonly packed: string;
  /** `symlink_path`. */
  readonly link: string | undefined;
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
  readonly #link: LinkPath | undefined;

  constructor(before: string, after: string, numbered: boolean, keys: ChunkKeys, link: LinkPath | undefined) {
    this.#link = link;
    const fixed = constantLength(before, keys);
    this.base = folderOf(before.slice(0, fixed));
    this.constant =
      !numbered && constantLength(before + after, keys) === before.length + after.length ? before + after : undefined;
    this.#keys = keys;
    this.numbered = numbered;
    this.#head = new Template(before.slice(lengthOf(this.base)), keys);
    this.#tail = new Template(after, keys);
  }

  /**
   * The names that the files have, below the base. A number, or a time, tells them from files of others, and stands in each of them: the one
   * file that is appended to, which has neither, is none of them.
   */
  get pattern(): NamePattern {
    const hasTime = this.#head.hasTime || this.#tail.hasTime;
    const number = this.numbered || !hasTime ? numberPattern : `(?:${numberPattern})?`;
    const [first = '', ...rest] = this.#tail.patterns;
    const before = this.#head.patterns;
    const pieces = [...before.slice(0, -1), `${before.at(-1) ?? ''}${number}${first}`, ...rest];
    const slashes = pieces.reduce((sum, piece) => sum + (piece.match(/\//g)?.length ?? 0), 0);
    return new NamePattern(pieces, slashes + (pieces.length - 1) * foldersPerValue);
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
      link: this.#link?.place(values),
    };
  }
}

/** Names the link to the newest file. */
class LinkPath {
  readonly #base: string;
  readonly #template: Template;
  readonly #constant: boolean;

  constructor(path: string, keys: ChunkKeys) {
    const fixed = constantLength(path, keys);
    this.#base = folderOf(path.slice(0, fixed));
    this.#template = new Template(path.slice(lengthOf(this.#base)), keys);
    this.#constant = fixed === path.length;
  }

  place(values: PlaceholderValues): FilePlace {
    const path = safePath(this.#template.render(values));
    return { base: this.#base, path: /(^|\/)$/.test(path) ? `${path}_` : path, confined: !this.#constant };
  }
}

/**
 * The path that the options mean with these chunk keys; undefined where something was refused. A link that several files share, or with a
 * placeholder that means nothing, does what it can, as in Fluentd: `warn` hears of it.
 */
export function filePath(
  options: FilePathOptions,
  keys: ChunkKeys,
  refuse: RefuseOption,
  warn: RefuseOption,
): FilePath | undefined {
  const { path, append, suffix, packed, link } = options;
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
  after += packed;
  if (!checkTemplate('path', before + after, keys, refuse)) {
    return undefined;
  }
  if (link !== undefined) {
    if (link.includes('\0') || /(^|\/)$/.test(link)) {
      refuse('symlink_path', 'symlink_path is no path of a file.', 'Write the path that the link is to have.');
      return undefined;
    }
    checkTemplate('symlink_path', link, keys, warn, false);
  }
  const made = new FilePath(before, after, !append, keys, link === undefined ? undefined : new LinkPath(link, keys));
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
