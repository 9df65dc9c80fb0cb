// Pauses and memory under a long load at full speed; how probe.c sees a pause from outside is said there.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { encode } from '@msgpack/msgpack';
import { Lines } from '../support/lines.ts';
import { ackBytes, asksForAck } from './messages.ts';
import { checkOutput, countAll } from './output.ts';
import { residentMegabytes } from './proc.ts';
import { runningOf } from './running.ts';
import { send } from './send.ts';
import { onStage } from './stage.ts';
import type { Subject } from './subjects.ts';
import type { Tools } from './tools.ts';
import { plainWire } from './wire.ts';
import type { Workload } from './workloads.ts';

export interface Pauses {
  readonly workload: string;
  readonly events: number;
  readonly probes: number;
  /** ms from an event's write, on a connection of its own, to its ack. */
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
  /** Of several runs: the least and the most of the longest. */
  readonly range: readonly [number, number];
  /** ms that the output file did not grow. */
  readonly still: number;
  /** ms that the probe itself was behind its clock. */
  readonly late: number;
  readonly peakMegabytes: number;
}

const interval = 5_000_000;

/** Sends the workload to a file at full speed, with the probe beside it. Rejects where an event is lost. */
export function measurePauses(subject: Subject, workload: Workload, tools: Tools, timeout = 60_000): Promise<Pauses> {
  return onStage({ subject, workload, target: 'file' }, tools, async ({ running, place, files }) => {
    const { port, out } = place;
    writeFileSync(files.extra, encode(['probe.pause', 1_700_000_000, { log: 'are you there?' }, asksForAck]));
    const args = [port, files.extra, ackBytes.length, interval, out, 900].map(String);
    const child = spawn(tools.probe, args, { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
    const probe = runningOf(child);
    const lines = new Lines(child.stdout);
    try {
      await lines.waitForLine((each) => each === 'ready', timeout);
      const options = { sender: tools.sender, wire: plainWire(port), files, checkAcks: true, timeout };
      const { value } = await send(workload, running, options, async (acks) => {
        await acks;
        child.stdin.end();
        const line = await lines.waitForLine((each) => each.startsWith('pauses '), timeout);
        const counted = await countAll(out, workload, 0, running);
        if (counted !== workload.events) throw new Error(`${counted} of ${workload.events} events came out`);
        checkOutput(out, workload.json, true);
        return { line, peakMegabytes: residentMegabytes(running.pid, 'VmHWM') };
      });
      const [probes = 0, ...times] = value.line.split(' ').slice(1).map(Number);
      const [p50 = 0, p99 = 0, most = 0, still = 0, late = 0] = times.map((each) => each / 1e6);
      const { peakMegabytes } = value;
      const range = [most, most] as const;
      return {
        workload: workload.name,
        events: workload.events,
        probes,
        p50,
        p99,
        most,
        range,
        still,
        late,
        peakMegabytes,
      };
    } finally {
      await probe.stop();
    }
  });
}

/** The run with the median of the longest pauses; the highest peak of memory. */
export function medianPauses(runs: readonly Pauses[]): Pauses {
  const sorted = [...runs].sort((a, b) => a.most - b.most);
  const middle = sorted[Math.floor(runs.length / 2)];
  if (middle === undefined) throw new Error('no runs');
  const range = [sorted[0]?.most ?? 0, sorted.at(-1)?.most ?? 0] as const;
  return { ...middle, range, peakMegabytes: Math.max(...runs.map((each) => each.peakMegabytes)) };
}
