// Latency from socket to file at a steady, moderate pace: how pacer.c watches it is said there.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Lines } from '../support/lines.ts';
import { checkOutput } from './output.ts';
import { runningOf } from './running.ts';
import { onStage } from './stage.ts';
import type { Subject } from './subjects.ts';
import type { Tools } from './tools.ts';
import type { Workload } from './workloads.ts';

export interface Latency {
  readonly workload: string;
  readonly subject: string;
  /** Messages that were timed, and events per second. */
  readonly messages: number;
  readonly pace: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
  /** How far behind its schedule the sender was at most. */
  readonly late: number;
}

/** Sends the workload's block again and again for about `seconds`; `latencyEvents` says how large it should be. */
export function measureLatency(subject: Subject, workload: Workload, tools: Tools, seconds: number): Promise<Latency> {
  const { pace, size } = workload;
  const repeat = Math.max(1, Math.round((seconds * pace) / workload.messages.length));
  const paced = pacedWorkload(workload, repeat);
  return onStage({ subject, workload: paced, target: 'file' }, tools, async ({ running, place, files }) => {
    writeFileSync(files.block, paced.block);
    const line = Math.floor(paced.json.bytes / paced.events); // of the floor
    const outOf = (json: number) => (subject.exact ? json : line * size);
    writeFileSync(files.extra, Uint32Array.from(paced.messages.flatMap((each) => [each.bytes, outOf(each.json)])));
    const stream = [place.port, paced.connections, files.block, files.extra, repeat, Math.round(1e9 / pace)];
    const args = [...stream, place.out, Math.ceil(seconds * 3) + 30].map(String);
    const child = spawn(tools.pacer, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    const pacer = runningOf(child);
    try {
      const patience = seconds * 3_000 + 30_000;
      const said = await new Lines(child.stdout).waitForLine((each) => each.startsWith('latency '), patience);
      if (running.ended() !== undefined) throw new Error(`it ${running.ended()}`);
      if (subject.exact) checkOutput(place.out, paced.json, paced.connections === 1);
      const [messages = 0, ...times] = said.split(' ').slice(1).map(Number);
      const [p50 = 0, p99 = 0, most = 0, late = 0] = times.map((each) => each / 1e6);
      return { workload: workload.name, subject: subject.name, messages, pace: pace * size, p50, p99, most, late };
    } finally {
      await pacer.stop();
    }
  });
}

/** Whether the floor, which writes in proportion to what it reads, is as far as the collector would be after each message. */
export function floorKeepsPace(workload: Workload): boolean {
  return workload.messages.every((each) => each.bytes === workload.messages[0]?.bytes);
}

function pacedWorkload(workload: Workload, repeat: number): Workload {
  const { block, messages, size, json } = workload;
  const bytes = Buffer.byteLength(json.block) * repeat;
  const total = { events: messages.length * size * repeat, inputBytes: block.length * repeat, acks: 1 };
  return { ...workload, ...total, repeat, json: { block: json.block, last: '', bytes } };
}

/** The workload is built with so many events, and its block repeated for as long as it takes. */
export const latencyEvents = 10_000;
