// What the machine forgets when it dies: of the files in a folder, all that the shim saw written and never synced is taken away.
import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

interface File {
  created: boolean;
  named: boolean;
  /** Written, not covered by a sync that has begun. */
  fresh: [number, number][];
  /** Covered by a sync that has begun and not ended. */
  covered: [number, number][];
}

export interface Forgotten {
  /** Files of which the name was forgotten. */
  readonly files: number;
  readonly bytes: number;
}

/** `chance` is from 0 to below 1. After it, the log begins anew. */
export function forgetUnsynced(log: string, folder: string, chance: () => number): Forgotten {
  const files = readLog(existsSync(log) ? readFileSync(log, 'utf8') : '');
  let bytes = 0;
  let gone = 0;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const stat = statSync(path);
    const file = files.get(stat.ino);
    if (file === undefined || !stat.isFile()) continue;
    if (file.created && !file.named && chance() < 0.5) {
      rmSync(path);
      gone++;
      continue;
    }
    bytes += forget(path, stat.size, [...file.fresh, ...file.covered], chance);
  }
  rmSync(log, { force: true });
  return { files: gone, bytes };
}

function readLog(text: string): Map<number, File> {
  const files = new Map<number, File>();
  const fileOf = (inode: number) => {
    const file = files.get(inode) ?? { created: false, named: false, fresh: [], covered: [] };
    files.set(inode, file);
    return file;
  };
  for (const line of text.split('\n').slice(0, -1)) {
    const [what, ...numbers] = line.split(' ');
    const [inode = 0, from = 0, to = 0] = numbers.map(Number);
    if (what === 'd') {
      for (const file of files.values()) file.named = true;
      continue;
    }
    // An inode is used again when its file is gone.
    if (what === 'c') files.set(inode, { created: true, named: false, fresh: [], covered: [] });
    const file = fileOf(inode);
    if (what === 'w') file.fresh.push([from, to]);
    if (what === 'b') file.covered.push(...file.fresh.splice(0));
    if (what === 's') file.covered.length = 0;
  }
  return files;
}

/** A disk may have some of it, or zeros in its place, or a file that is shorter. */
function forget(path: string, size: number, ranges: readonly [number, number][], chance: () => number): number {
  const fd = openSync(path, 'r+');
  let bytes = 0;
  try {
    for (const [from, to] of ranges) {
      if (chance() < 0.25 || from >= size) continue;
      const begin = from + Math.floor(chance() * (to - from));
      const zeros = Buffer.alloc(Math.min(to, size) - begin);
      writeSync(fd, zeros, 0, zeros.length, begin);
      bytes += zeros.length;
    }
    const first = Math.min(...ranges.map(([from]) => from));
    if (ranges.length > 0 && chance() < 0.5) {
      ftruncateSync(fd, Math.min(size, first + Math.floor(chance() * (size - first))));
    }
  } finally {
    closeSync(fd);
  }
  return bytes;
}
