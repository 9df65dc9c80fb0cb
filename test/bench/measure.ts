// One run: starts a subject, sends it a workload, counts what came out, and says what it cost.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Lines } from '../support/lines.ts';
import { freePort, waitUntilOpen } from '../support/ports.ts';
import { cpuSeconds, residentMegabytes } from './proc.ts';
import {
  fileOfLoad,
  type Place,
  type Running,
  runningOf,
  type Subject,
  startSubject,
  type Target,
} from './subjects.ts';
import type { Tools } from './tools.ts';
import { outputOf, type Workload } from './workloads.ts';

export interface Result {
  readonly workload: string;
  readonly target: Target;
  readonly subject: string;
  /** Sent. */
  readonly events: number;
  /** Found in the output; for null what the program says that it took, undefined where it does not say. */
  readonly counted: number | undefined;
  readonly acked: boolean;
  /** CPU seconds per million events, without the start. */
  readonly cpu: number;
  /** CPU seconds from the start until the port was open and the process had come to rest. */
  readonly startCpu: number;
  /** Events per second from the first byte sent to the last event out (null: the ack). */
  readonly rate: number;
  readonly peakMegabytes: number;
}

/** Rejects where the subject does not start, dies, loses or invents events, or is not done `timeout` ms after the last byte. */
export async function measure(
  subject: Subject,
  workload: Workload,
  target: Target,
  tools: Tools,
  timeout = 60_000,
): Promise<Result> {
  const outName = target === 'file' ? fileOfLoad : 'out';
  const files = [outName, 'log', 'block', 'last'].map((name) => join(tools.folder.path, name));
  const [out = '', log = '', block = '', last = ''] = files;
  const place: Place = { port: await freePort(), target, workload, out, log };
  writeFileSync(out, '');
  writeFileSync(block, workload.block);
  writeFileSync(last, workload.last);
  const running = startSubject(subject, place);
  try {
    await waitUntilOpen(place.port, running.ended, 30_000);
    const startCpu = await rest(running.pid);
    const seconds = String(Math.ceil(timeout / 1_000) + 600);
    const args = [place.port, block, workload.repeat, last, workload.ack.length, seconds].map(String);
    const load = await send(tools.sender, args, running, timeout, async (reply) => {
      if (target === 'null' || subject.exact) await reply;
      const fromFile =
        target === 'null' ? undefined : await countAll(out, workload, subject.exact ? 0 : timeout, running);
      const cpu = cpuSeconds(running.pid) - startCpu;
      const peakMegabytes = residentMegabytes(running.pid, 'VmHWM');
      return { cpu, peakMegabytes, counted: fromFile ?? (await subject.taken?.(running.pid, place)) };
    });
    const { cpu, peakMegabytes, counted } = load.value;
    if (counted !== undefined && counted !== workload.events) {
      throw new Error(`${counted} of ${workload.events} events came out`);
    }
    if (subject.exact) checkExact(workload, target, out, load.ack?.hex);
    // The file's time is a few milliseconds coarse, and the last event is not out before it was sent.
    const end = target === 'null' ? (load.ack?.at ?? load.sent) : Math.max(lastWrite(out), load.sent);
    return {
      workload: workload.name,
      target,
      subject: subject.name,
      events: workload.events,
      counted,
      acked: load.ack !== undefined,
      cpu: (cpu / workload.events) * 1e6,
      startCpu,
      rate: workload.events / ((end - load.first) / 1e9),
      peakMegabytes,
    };
  } catch (error) {
    const what = `${subject.name}, ${workload.name} to ${target}: ${(error as Error).message}`;
    throw new Error(`${what}\n${readFileSync(log, 'utf8').slice(-2_000)}`, { cause: error });
  } finally {
    await running.stop();
    for (const file of files) rmSync(file, { force: true });
  }
}

interface Load<T> {
  /** ns of the monotonic clock: the first byte was about to go, the last was gone. */
  readonly first: number;
  readonly sent: number;
  readonly ack: { readonly at: number; readonly hex: string } | undefined;
  readonly value: T;
}

/**
 * Sends all, then calls `finish` and returns what it resolves with; the connection stays open until then. `finish` gets a promise of the
 * ack, which rejects where none comes.
 */
async function send<T>(
  command: string,
  args: readonly string[],
  running: Running,
  timeout: number,
  finish: (reply: Promise<unknown>) => Promise<T>,
): Promise<Load<T>> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  const lines = new Lines(child.stdout);
  const sender = runningOf(child);
  const said = (word: string, patience: number) => lines.waitForLine((line) => line.startsWith(`${word} `), patience);
  let timer: NodeJS.Timeout | undefined;
  const failed = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      const sending = sender.ended() === undefined ? undefined : `the sender ${sender.ended()}`;
      const dead = running.ended() ?? sending;
      if (dead !== undefined) reject(new Error(`${dead}; the sender said: ${lines.text.join(', ')}`));
    }, 50);
  });
  failed.catch(() => undefined);
  try {
    const first = moment(await said('first', 10_000));
    const sent = moment(await Promise.race([said('sent', 600_000), failed]));
    const reply = said('ack', timeout);
    reply.catch(() => undefined);
    const value = await Promise.race([finish(reply), failed]);
    const ack = lines.text.find((line) => line.startsWith('ack '));
    return {
      first,
      sent,
      ack: ack === undefined ? undefined : { at: moment(ack), hex: ack.split(' ')[2] ?? '' },
      value,
    };
  } finally {
    clearInterval(timer);
    await sender.stop();
  }
}

/** CPU seconds so far, as soon as the process has used less than a millisecond of it in 50 ms, or after 3 s. */
async function rest(pid: number): Promise<number> {
  let before = cpuSeconds(pid);
  for (let tries = 0; tries < 60; tries++) {
    await delay(50);
    const now = cpuSeconds(pid);
    if (now - before < 0.001) return now;
    before = now;
  }
  return before;
}

/** Lines in the output; waits until there are enough, the output has stopped for `patience` ms, or the subject has ended. */
async function countAll(out: string, workload: Workload, patience: number, running: Running): Promise<number> {
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

/** The first block, the last message and the size of the output are those expected, and so is the ack. */
function checkExact(workload: Workload, target: Target, out: string, reply: string | undefined): void {
  const ack = Buffer.from(workload.ack).toString('hex');
  if (reply !== ack) throw new Error(`the ack is ${reply}, not ${ack}`);
  if (target === 'null') return;
  const size = statSync(out).size;
  const output = outputOf(workload, target);
  if (size !== output.bytes) throw new Error(`the output has ${size} bytes, not ${output.bytes}`);
  for (const [text, at] of [
    [output.block, 0],
    [output.last, size - Buffer.byteLength(output.last)],
  ] as const) {
    const wanted = Buffer.from(text);
    const found = Buffer.alloc(wanted.length);
    const fd = openSync(out, 'r');
    readSync(fd, found, 0, found.length, at);
    closeSync(fd);
    if (!found.equals(wanted)) {
      const differs = found.findIndex((byte, index) => byte !== wanted[index]);
      const from = Math.max(0, differs - 200);
      throw new Error(
        `byte ${at + differs} of the output:\n${found.subarray(from, differs + 200)}\nand not\n${wanted.subarray(from, differs + 200)}`,
      );
    }
  }
}

function moment(line: string): number {
  return Number(line.split(' ')[1]);
}

/** When the file was last written to, on the monotonic clock that the sender uses. */
function lastWrite(path: string): number {
  const offset = Number(process.hrtime.bigint()) / 1e6 - (performance.timeOrigin + performance.now());
  return (statSync(path).mtimeMs + offset) * 1e6;
}
