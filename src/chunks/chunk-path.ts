// What the path of a file buffer means, as in Fluentd (lib/fluent/plugin/buf_file.rb, buf_file_single.rb): a folder, or the beginning and the
// end of files' names in one. Both are kept, so that the chunks that Fluentd left there are found.
import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

export interface ChunkPath {
  readonly folder: string;
  /** What the names of chunks begin with, without the dot behind it. */
  readonly prefix: string;
  /** What the names of Fluentd's chunks end with, with its dot. */
  readonly suffix: string;
  /** Whether the path is a folder: then each of Fluentd's workers may have had one in it. */
  readonly whole: boolean;
}

/** `suffix` is `path_suffix`; `single` says that Fluentd's names are those of file_single. */
export function chunkPath(path: string, suffix: string, single: boolean): ChunkPath {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true || (stat === undefined && !path.includes('.*'))) {
    return { folder: path, prefix: single ? 'fsb' : 'buffer', suffix: single ? '.buf' : suffix, whole: true };
  }
  const folder = dirname(path);
  const name = basename(path);
  const star = name.indexOf('.*.');
  if (star >= 0) {
    return single
      ? { folder, prefix: 'fsb', suffix: '.buf', whole: false }
      : { folder, prefix: name.slice(0, star), suffix: name.slice(star + 2), whole: false };
  }
  const prefix = name.endsWith('.*') ? name.slice(0, -2) : name;
  return { folder, prefix, suffix: single ? '.buf' : suffix, whole: false };
}

/** Names of our own chunks. */
export function ownName({ folder, prefix }: ChunkPath, id: string, state: 'open' | 'queued'): string {
  return join(folder, `${prefix}.${id}.${state}`);
}

/** The id in such a name. */
export function idOf(path: string): string {
  return path.split('.').at(-2) ?? '';
}

/** Whose chunk a file of that name is. */
export function ownerOf(name: string, { prefix, suffix }: ChunkPath): 'ours' | 'fluentd' | 'nobody' | undefined {
  if (!name.startsWith(`${prefix}.`)) {
    return undefined;
  }
  const rest = name.slice(prefix.length + 1);
  if (/^[0-9a-f]{32}\.(open|queued)$/.test(rest)) {
    return 'ours';
  }
  // What was renamed while Fluentd had it open ends with .chunk; `.meta` comes with its chunk.
  if (/(^|\.)[bq][0-9a-f]+\.chunk$/.test(rest)) {
    return 'fluentd';
  }
  if (!rest.endsWith(suffix) || rest.length < suffix.length) {
    return undefined;
  }
  return /(^|\.)[bq][0-9a-f]+\.[^/]*$/.test(rest) ? 'fluentd' : 'nobody';
}
