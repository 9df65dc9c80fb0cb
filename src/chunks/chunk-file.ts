// The file of one chunk: opened when it is needed, made once, renamed when it takes no more, and synced together with its name.
import fs from 'node:fs';

type Done = (error: NodeJS.ErrnoException | null) => void;

export interface ChunkFileSettings {
  readonly mode: number;
  /** The folder that it is in, open. */
  readonly folder: () => number;
  opened(open: boolean): void;
}

export class ChunkFile {
  readonly #settings: ChunkFileSettings;
  #path: string;
  #exists: boolean;
  /** Whether its name has been synced: of one that was found nobody knows. */
  #nameSynced = false;
  #fd: number | undefined;

  constructor(path: string, exists: boolean, settings: ChunkFileSettings) {
    this.#path = path;
    this.#exists = exists;
    this.#settings = settings;
  }

  get path(): string {
    return this.#path;
  }

  /** Its descriptor, where it is open. */
  get fd(): number | undefined {
    return this.#fd;
  }

  /** Throws what the system says. */
  open(): number {
    if (this.#fd === undefined) {
      const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
      const create = this.#exists ? 0 : O_CREAT | O_EXCL;
      this.#fd = fs.openSync(this.#path, O_RDWR | O_NOFOLLOW | create, this.#settings.mode);
      if (!this.#exists) {
        this.#exists = true;
        allow(this.#fd, this.#settings.mode);
      }
      this.#settings.opened(true);
    }
    return this.#fd;
  }

  close(): void {
    if (this.#fd !== undefined) {
      const fd = this.#fd;
      this.#fd = undefined;
      this.#settings.opened(false);
      try {
        fs.closeSync(fd);
      } catch {
        // All that could be written is; what a close still says changes nothing.
      }
    }
  }

  rename(path: string): void {
    if (this.#path !== path) {
      try {
        fs.renameSync(this.#path, path);
        this.#path = path;
      } catch {
        // The record in the file is what counts.
      }
    }
  }

  async remove(): Promise<void> {
    this.close();
    if (this.#exists) {
      try {
        await fs.promises.unlink(this.#path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
          throw error;
        }
      }
    }
  }

  /** What was written before the call is on the disk when `done` is called without an error. */
  sync(fd: number, done: Done): void {
    fs.fdatasync(fd, (error) => {
      if (error || this.#nameSynced) {
        done(error);
        return;
      }
      fs.fsync(this.#settings.folder(), (failed) => {
        this.#nameSynced = !failed;
        done(failed);
      });
    });
  }
}

/** The process's umask would take permissions away that the configuration gives; some file systems know none. */
function allow(fd: number, mode: number): void {
  try {
    fs.fchmodSync(fd, mode);
  } catch {
    // As the file system has them.
  }
}
