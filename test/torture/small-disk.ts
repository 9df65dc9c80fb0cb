// A disk that is soon full: a small tmpfs, where this process may mount one.
import { execFileSync } from 'node:child_process';
import { requireProgram } from '../support/system.ts';

/** Mounts one of so many megabytes at `folder`. Returns how it is taken away again; undefined where none can be mounted. */
export function mountSmallDisk(folder: string, megabytes: number): (() => void) | undefined {
  const args = ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder];
  try {
    execFileSync(requireProgram('mount'), args, { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  // Lazily: a process that is being killed may still be in it.
  return () => execFileSync(requireProgram('umount'), ['-l', folder], { stdio: 'ignore' });
}
