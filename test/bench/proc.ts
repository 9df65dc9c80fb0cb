// What the kernel says about a process and its descendants: CPU time, memory, open descriptors. Linux only.
import { readdirSync, readFileSync } from 'node:fs';

/** The process and all its living descendants. Empty where it is gone. */
function processTree(pid: number): number[] {
  const found: number[] = [];
  const left = [pid];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const threads = list(`/proc/${next}/task`);
    if (threads.length > 0) found.push(next);
    for (const thread of threads) {
      const children = read(`/proc/${next}/task/${thread}/children`);
      left.push(...children.split(' ').filter(Boolean).map(Number));
    }
  }
  return found;
}

/** CPU seconds (user and system) of all living threads of the tree, to the nanosecond that the scheduler counted. */
export function cpuSeconds(pid: number): number {
  let nanoseconds = 0;
  for (const each of processTree(pid)) {
    for (const thread of list(`/proc/${each}/task`)) {
      nanoseconds += Number(read(`/proc/${each}/task/${thread}/schedstat`).split(' ')[0] ?? 0);
    }
  }
  return nanoseconds / 1e9;
}

/** Resident memory of the tree in MB (10^6 bytes): now, or the most there was. */
export function residentMegabytes(pid: number, which: 'VmRSS' | 'VmHWM'): number {
  let kibibytes = 0;
  for (const each of processTree(pid)) {
    kibibytes += Number(new RegExp(`^${which}:\\s+(\\d+) kB`, 'm').exec(read(`/proc/${each}/status`))?.[1] ?? 0);
  }
  return (kibibytes * 1_024) / 1e6;
}

export function openDescriptors(pid: number): number {
  return list(`/proc/${pid}/fd`).length;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it ended in between
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
