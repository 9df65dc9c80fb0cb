// What a worker tells of itself, and the sum of several.
import type { Sample } from '../http/metrics-server.ts';

export interface WorkerStatus {
  readonly counters: readonly Sample[];
  /** Sentences that say what is not as it should be. */
  readonly holding: readonly string[];
  /** CPU seconds that it has used, and bytes of memory that it has. */
  readonly cpu: number;
  readonly memory: number;
}

export function ownStatus(counters: readonly Sample[], holding: readonly string[]): WorkerStatus {
  const { user, system } = process.cpuUsage();
  return { counters, holding, cpu: (user + system) / 1e6, memory: process.memoryUsage.rss() };
}

/** One sample for each name and labels. */
export function sumOf(lists: readonly (readonly Sample[])[]): Sample[] {
  const sums = new Map<string, { name: string; labels: Sample['labels']; value: number }>();
  for (const { name, labels, value } of lists.flat()) {
    const key = name + JSON.stringify(labels);
    const sum = sums.get(key);
    if (sum === undefined) {
      sums.set(key, { name, labels, value });
    } else {
      sum.value += value;
    }
  }
  return [...sums.values()];
}
