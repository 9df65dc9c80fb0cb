// Chunks of processes that are no more: where `workers` was lowered, the first process takes those of the ones that are gone into its own folder.
import { readdirSync, renameSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../core/log.ts';
import { type ChunkPath, ownerOf } from './chunk-path.ts';
import { lockFolder } from './folder-lock.ts';

/** The folder of the chunks of process `number`, below that of the first one. */
export function processFolder(number: number): string {
  return `process${number}`;
}

/** Moves the chunks of processes from the number `workers` on. Those of one that still runs stay: whoever has them holds the lock `lock`. */
export async function takeOver(path: ChunkPath, workers: number, lock: string, log: Logger): Promise<void> {
  for (const entry of readdirSync(path.folder, { withFileTypes: true })) {
    const number = Number(/^process(\d{1,6})$/.exec(entry.name)?.[1] ?? -1);
    if (!entry.isDirectory() || number < Math.max(1, workers)) {
      continue;
    }
    const folder = join(path.folder, entry.name);
    const names = readdirSync(folder).filter((name) => ownerOf(name, path) === 'ours');
    if (names.length > 0) {
      await moveAll(names, folder, path.folder, lock, log);
    }
    try {
      rmdirSync(folder);
    } catch {
      // Something else is in it.
    }
  }
}

async function moveAll(names: readonly string[], from: string, to: string, lock: string, log: Logger): Promise<void> {
  // Where a file system has no sockets, the store has said that nobody keeps others away.
  const held = await lockFolder(from, lock).catch(() => undefined);
  if (typeof held === 'string') {
    log.warn(
      { code: 'BUFFER_IN_USE', path: from, holder: held },
      'Chunks of a worker that is no more are still in use: the next start takes them over.',
    );
    return;
  }
  try {
    let chunks = 0;
    for (const name of names) {
      // Whoever had them may have delivered some meanwhile.
      if (statSync(join(from, name), { throwIfNoEntry: false }) !== undefined) {
        renameSync(join(from, name), join(to, name));
        chunks++;
      }
    }
    log.info({ path: from, chunks }, 'Chunks of a worker that is no more are taken over.');
  } finally {
    await held?.release();
  }
}
