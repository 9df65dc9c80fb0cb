// Tells files that lie in memory, where no write has to wait for a disk: even a large one is done at once, for less than it costs to hand it to
// another thread and to hear from there.
import { statfsSync } from 'node:fs';

/** What Linux calls tmpfs and ramfs. */
const memoryTypes: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

/** Whether what is open as `fd` lies in memory; false where that cannot be told. */
export function isInMemory(fd: number): boolean {
  try {
    return memoryTypes.has(statfsSync(`/proc/self/fd/${fd}`).type);
  } catch {
    return false;
  }
}
