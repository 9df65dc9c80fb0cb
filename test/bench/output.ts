// What came out: lines counted, bytes compared with those that should be there, and when the file was last written to.
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Running } from './running.ts';
import type { Output, Workload } from './workloads.ts';

/** Lines in the output; waits until there are enough, the output has stopped for `patience` ms, or the subject has ended. */
export async function countAll(out: string, workload: Workload, patience: number, running: Running): Promise<number> {
  let size = -1;
  let since = performance.now();
  for (;;) {
    const now = statSync(out).size;
    if (now === size || patience === 0) {
      const counted = countLines(out);
      const over = performance.now() - since >= patience || running.ended() !== undefined;
      if (counted >= workload.events || over) return counted;
    } else {
      size = now;
      since = performance.now();
    }
    await delay(100);
  }
}

export function countLines(path: string): number {
  const fd = openSync(path, 'r');
  const buffer = Buffer.allocUnsafe(4 << 20);
  let lines = 0;
  try {
    for (let n = readSync(fd, buffer); n > 0; n = readSync(fd, buffer)) {
      for (let at = buffer.indexOf(10); at >= 0 && at < n; at = buffer.indexOf(10, at + 1)) lines++;
    }
  } finally {
    closeSync(fd);
  }
  return lines;
}

/** Throws where the size of the output is another; where one connection sent, also where the first block or the last message differs. */
export function checkOutput(out: string, output: Output, ordered: boolean): void {
  const size = statSync(out).size;
  if (size !== output.bytes) throw new Error(`the output has ${size} bytes, not ${output.bytes}`);
  if (!ordered) return;
  checkPart(out, output.block, 0);
  checkPart(out, output.last, size - Buffer.byteLength(output.last));
}

function checkPart(out: string, text: string, at: number): void {
  const wanted = Buffer.from(text);
  const found = Buffer.alloc(wanted.length);
  const fd = openSync(out, 'r');
  try {
    readSync(fd, found, 0, found.length, at);
  } finally {
    closeSync(fd);
  }
  if (found.equals(wanted)) return;
  const differs = found.findIndex((byte, index) => byte !== wanted[index]);
  const from = Math.max(0, differs - 200);
  const [is, should] = [found.subarray(from, differs + 200), wanted.subarray(from, differs + 200)];
  throw new Error(`byte ${at + differs} of the output:\n${is}\nand not\n${should}`);
}

/** When the file was last written to, on the monotonic clock that the sender uses. */
export function lastWrite(path: string): number {
  const offset = Number(process.hrtime.bigint()) / 1e6 - (performance.timeOrigin + performance.now());
  return (statSync(path).mtimeMs + offset) * 1e6;
}
