// The bench itself, with small counts: what it sends is what it says, and it counts right. Nothing here looks at a clock.
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { decodeMulti, ExtData } from '@msgpack/msgpack';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reasonToSkip } from '../support/system.ts';
import { expectedLine, messageBytes } from './events.ts';
import { measureIdle } from './idle.ts';
import { measure } from './measure.ts';
import { floor, forebay, peer, type Subject, targets } from './subjects.ts';
import { buildTools, type Tools } from './tools.ts';
import { buildWorkload, type Workload, workloadNames } from './workloads.ts';

const count = 3_000;
const skip = reasonToSkip('tests of the bench', ['gcc']);
let tools: Tools;
beforeAll(() => {
  if (skip !== undefined) return;
  tools = buildTools();
});
afterAll(() => tools?.folder.remove());

describe('the load', () => {
  test('a message of the Message workload has 270 bytes, as has each of its neighbours', () => {
    for (const name of ['message', 'message-8-tags']) {
      const workload = buildWorkload(name, count);
      expect(workload.block.length).toBe(count * messageBytes);
      expect([...decodeMulti(workload.block)]).toHaveLength(count);
    }
  });

  test.each(workloadNames)('%s decodes to the lines that are expected', (name) => {
    const workload = buildWorkload(name, count);
    expect(linesOf(workload.block)).toBe(workload.lines.block);
    expect(linesOf(workload.last)).toBe(workload.lines.last);
    const lines = (text: string) => text.split('\n').length - 1;
    expect(workload.events).toBe(lines(workload.lines.block) * workload.repeat + lines(workload.lines.last));
  });
});

describe.skipIf(skip !== undefined)('a run', () => {
  const cases = workloadNames.flatMap((name) => targets.map((target) => ({ name, target })));

  test.each(cases)('the collector takes $name to $target, to the byte, and acks', async ({ name, target }) => {
    const workload = buildWorkload(name, count);
    const result = await measure(forebay(tools), workload, target, tools, 15_000);
    expect(result).toMatchObject({ events: workload.events, counted: workload.events, acked: true });
  });

  test.each(targets)('the floor takes the same bytes to %s', async (target) => {
    const workload = buildWorkload('packed', count);
    const result = await measure(floor(tools), workload, target, tools, 15_000);
    expect(result).toMatchObject({ events: workload.events, acked: true });
    expect(result.cpu).toBeGreaterThan(0);
  });

  test('a peer is started by its command and counted', async () => {
    const workload = buildWorkload('message', count);
    const result = await measure(sinkPeer(workload, workload.events), workload, 'stdout', tools, 15_000);
    expect(result).toMatchObject({ subject: 'peer', counted: workload.events });
  });

  test('a peer that loses an event fails the run', async () => {
    const workload = buildWorkload('message', count);
    const run = measure(sinkPeer(workload, workload.events - 1), workload, 'stdout', tools, 1_000);
    await expect(run).rejects.toThrow(`${workload.events - 1} of ${workload.events} events came out`);
  });

  test('a peer that does not start fails the run', async () => {
    const workload = buildWorkload('message', count);
    await expect(measure(peer('peer=exit 3'), workload, 'null', tools, 1_000)).rejects.toThrow('ended with 3');
  });
});

test('short connections, whole, half and empty, leave no descriptor behind and lose no event', async () => {
  const idle = await measureIdle({ starts: 1, connections: 300, restSeconds: 0.5 });
  expect(idle.rounds).toHaveLength(4);
  for (const round of idle.rounds) {
    expect(round.descriptors).toBeLessThanOrEqual(idle.descriptors);
    expect(round.counted).toBe(round.sent);
  }
}, 60_000);

/** The C sink as a peer: prints `lines` lines of 10 bytes. */
function sinkPeer(workload: Workload, lines: number): Subject {
  const ack = Buffer.from(workload.ack).toString('hex');
  return peer(`peer=exec ${tools.sink} {port} ${workload.inputBytes} ${lines * 10} 10 ${ack} {out}`);
}

/** Decodes messages of any mode with a foreign decoder, to what stdout should print. */
function linesOf(bytes: Uint8Array): string {
  let text = '';
  for (const message of decodeMulti(bytes) as Iterable<unknown[]>) {
    const [tag, second, third] = message as [string, unknown, unknown];
    const entries = typeof second === 'number' ? [[second, third]] : entriesOf(second, third);
    for (const [time, record] of entries) {
      text += expectedLine({ tag, ...secondsOf(time), record: record as Record<string, string> });
    }
  }
  return text;
}

function entriesOf(entries: unknown, option: unknown): unknown[][] {
  if (!(entries instanceof Uint8Array)) return entries as unknown[][];
  const { compressed } = option as { compressed?: string };
  const inflate = compressed === 'gzip' ? gunzipSync : compressed === 'zstd' ? zstdDecompressSync : undefined;
  return [...decodeMulti(inflate === undefined ? entries : inflate(entries))] as unknown[][];
}

function secondsOf(time: unknown): { sec: number; nsec: number } {
  if (Array.isArray(time)) return secondsOf(time[0]);
  if (typeof time === 'number') return { sec: time, nsec: 0 };
  if (!(time instanceof ExtData) || !(time.data instanceof Uint8Array)) throw new Error('no time');
  const view = new DataView(time.data.buffer, time.data.byteOffset);
  return { sec: view.getUint32(0), nsec: view.getUint32(4) };
}
