// The folder for chunks that are given up: one file each, of messages of the forward protocol, so that `nc HOST 24224 < FILE` brings the events
// back. Its place is Fluentd's: <root_dir>/backup/worker0/<id>/<chunk>.log. Text that Fluentd made of events stays text.
import { lstat, mkdir, open, rename, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packBinaryHead, packStringHead } from '../msgpack/pack.ts';
import type { Chunk } from '../plugin/buffer.ts';

export interface BackupPlace {
  /** `root_dir` of `<system>`, or FLUENT_BACKUP_DIR; without it a folder of the process's own below the one for temporary files. */
  readonly root: string | undefined;
  readonly workerId: number;
  /** The output's. */
  readonly id: string;
}

export class ChunkBackup {
  readonly folder: string;
  /** A folder that others could have made before. */
  readonly #doubtful: string | undefined;

  constructor({ root, workerId, id }: BackupPlace) {
    this.#doubtful = root === undefined ? join(tmpdir(), `forebay-${process.getuid?.() ?? 0}`) : undefined;
    const name = id.replace(/[^-\w.]/g, '_').replace(/^\.+$/, '_');
    this.folder = join(root ?? this.#doubtful ?? '', 'backup', `worker${workerId}`, name);
  }

  /** Resolves with the file's path when its bytes have reached the disk. */
  async write(chunk: Chunk): Promise<string> {
    await this.#distrust();
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const path = join(this.folder, `${chunk.id}.${chunk.text === undefined ? 'log' : 'txt'}`);
    const unfinished = `${path}.tmp`;
    const file = await open(unfinished, 'w', 0o600);
    try {
      for await (const piece of chunk.text?.() ?? messages(chunk)) {
        await file.appendFile(piece);
      }
      await file.datasync();
    } catch (error) {
      await file.close();
      await unlink(unfinished).catch(() => undefined);
      throw error;
    }
    await file.close();
    await rename(unfinished, path);
    return path;
  }

  /** Rejects where the folder for temporary files holds a trap: what is written there would be somebody else's. */
  async #distrust(): Promise<void> {
    if (this.#doubtful !== undefined) {
      await mkdir(this.#doubtful, { mode: 0o700 }).catch(() => undefined); // where it is there already, it is looked at
      const found = await lstat(this.#doubtful);
      if (!found.isDirectory() || found.uid !== (process.getuid?.() ?? found.uid) || (found.mode & 0o022) !== 0) {
        throw new Error(`${this.#doubtful} is a link, or others may write to it`);
      }
    }
  }
}

async function* messages(chunk: Chunk): AsyncGenerator<Uint8Array, void, void> {
  for await (const { tag, entries } of chunk.batches()) {
    const head = new Uint8Array(tag.bytes.length + 11);
    head[0] = 0x92;
    const at = packStringHead(head, 1, tag.bytes.length);
    head.set(tag.bytes, at);
    yield head.subarray(0, packBinaryHead(head, at + tag.bytes.length, entries.length));
    yield entries;
  }
}
