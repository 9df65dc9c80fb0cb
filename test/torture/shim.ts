// The disk that fails: builds shim.c, says how a process is started with it, and what rules it follows.
import { execFileSync } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/project.ts';
import { requireProgram } from '../support/system.ts';

export class Shim {
  /** The environment for a process. */
  readonly env: Readonly<Record<string, string>>;
  /** What it writes down. */
  readonly log: string;
  readonly #rules: string;

  /** Fails files below `disk`; keeps its own things in `folder`. Throws where there is no gcc. */
  constructor(folder: string, disk: string) {
    const library = join(folder, 'shim.so');
    const source = join(projectRoot, 'test', 'torture', 'shim.c');
    const args = ['-O2', '-shared', '-fPIC', '-o', library, source, '-ldl', '-lpthread'];
    execFileSync(requireProgram('gcc'), args, { stdio: ['ignore', 'inherit', 'inherit'] });
    this.#rules = join(folder, 'rules');
    this.log = join(folder, 'shim.log');
    this.env = { LD_PRELOAD: library, SHIM_DIR: disk, SHIM_RULES: this.#rules, SHIM_LOG: this.log };
    this.follow();
  }

  /** From now on, for processes that run too. */
  follow(...rules: readonly string[]): void {
    writeFileSync(`${this.#rules}.new`, rules.map((rule) => `${rule}\n`).join(''));
    renameSync(`${this.#rules}.new`, this.#rules);
  }
}

export const errno = { EIO: 5, ENOSPC: 28 } as const;
