// The program as a commit has it: a git worktree in a temporary folder, with this tree's node_modules, built as this tree is built.
import { execFileSync } from 'node:child_process';
import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { projectEnv, projectRoot } from '../support/project.ts';
import { tempFolder } from '../support/temp.ts';
import { git } from './provenance.ts';

export interface Built {
  readonly root: string;
  /** The commit, short. */
  readonly commit: string;
  remove(): void;
}

/** Throws where there is no such commit, or where it does not build. What this tree has that is not committed stays as it is. */
export function buildCommit(revision: string): Built {
  const commit = git('rev-parse', '--short', '--verify', `${revision}^{commit}`);
  const folder = tempFolder('commit');
  const root = join(folder.path, 'tree');
  const remove = () => {
    process.off('exit', remove);
    if (existsSync(root)) git('worktree', 'remove', '--force', root);
    folder.remove();
  };
  process.once('exit', remove);
  try {
    git('worktree', 'add', '--detach', root, commit);
    symlinkSync(join(projectRoot, 'node_modules'), join(root, 'node_modules'));
    execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, env: projectEnv(), stdio: ['ignore', 2, 2] });
  } catch (error) {
    remove();
    throw error;
  }
  return { root, commit, remove };
}
