/**
 * Ms of processor time that this thread has had, to some µs. The kernel brings a thread's own time up to date when that of the process is asked
 * for; without that it is up to 4 ms old.
 */
export function threadTime(): number {
  process.cpuUsage();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
