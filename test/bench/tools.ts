// Builds the C programs of the bench into a temporary folder.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/project.ts';
import { requireProgram } from '../support/system.ts';
import { type TempFolder, tempFolder } from '../support/temp.ts';

export interface Tools {
  readonly sink: string;
  readonly sender: string;
  readonly pacer: string;
  readonly probe: string;
  /** In memory where the system has /dev/shm: what the programs under test write goes here. */
  readonly folder: TempFolder;
}

/** Throws where there is no gcc. `folder.remove()` throws all away again. */
export function buildTools(): Tools {
  const made = tempFolder('bench', existsSync('/dev/shm') ? '/dev/shm' : undefined);
  const remove = () => {
    process.off('exit', remove);
    made.remove();
  };
  process.once('exit', remove);
  const folder = { path: made.path, remove };
  const program = (name: string) => join(folder.path, name);
  const programs = {
    sink: program('sink'),
    sender: program('sender'),
    pacer: program('pacer'),
    probe: program('probe'),
  };
  try {
    for (const [name, target] of Object.entries(programs)) {
      const source = join(projectRoot, 'test', 'bench', `${name}.c`);
      execFileSync(requireProgram('gcc'), ['-O2', '-o', target, source], { stdio: ['ignore', 'inherit', 'inherit'] });
    }
  } catch (error) {
    folder.remove();
    throw error;
  }
  return { ...programs, folder };
}
