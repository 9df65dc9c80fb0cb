// The bench itself, with small counts: what it sends is what it says, and it counts right. Nothing here looks at a clock.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { decodeMulti, ExtData } from '@msgpack/msgpack';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reasonToSkip } from '../support/system.ts';
import { measureAuth } from './auth.ts';
import { targets } from './configs.ts';
import { expectedLine, messageBytes } from './events.ts';
import { measureIdle } from './idle.ts';
import { measureLatency } from './latency.ts';
import { measure } from './measure.ts';
import { measurePauses } from './pause.ts';
import { entrantsOf, rowsOf, runRow } from './rows.ts';
import { floor, forebay, peer, type Subject } from './subjects.ts';
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
    const { block, last } = workload.lines;
    const each = lines(block) * workload.repeat + lines(last);
    expect(workload.events).toBe(each * workload.connections);
  });
});

describe.skipIf(skip !== undefined)('a run', () => {
  test.each(targets)(
    'the collector takes each workload to %s, to the byte, and acks',
    async (target) => {
      const left = [...workloadNames];
      const worker = async () => {
        for (let name = left.pop(); name !== undefined; name = left.pop()) {
          const workload = buildWorkload(name, count);
          const result = await measure({ subject: forebay(), workload, target }, tools, 30_000);
          expect(result).toMatchObject({ workload: name, counted: workload.events, acked: true });
        }
      };
      await Promise.all([worker(), worker(), worker()]);
    },
    120_000,
  );

  test.each(['packed', 'many-connections', 'ack-8'])(
    'the floor takes the bytes of %s and acks',
    async (name) => {
      const workload = buildWorkload(name, count);
      for (const target of targets) {
        const result = await measure({ subject: floor(tools), workload, target }, tools, 30_000);
        expect(result).toMatchObject({ events: workload.events, acked: true });
        expect(result.cpu).toBeGreaterThan(0);
      }
    },
    60_000,
  );

  test('rows with a filter drop nothing; what the program refuses is left out with the reason', async () => {
    const [said, failures]: [string[], string[]] = [[], []];
    const options = { count, runs: 1, tools, failed: (text: string) => failures.push(text) };
    for (const row of rowsOf(false).filter(({ variants }) => variants.includes('grep'))) {
      const entrants = entrantsOf(row, forebay(), tools, (text) => said.push(text));
      expect(entrants.length + said.length).toBe(1 + row.variants.length);
      const results = await runRow(row, entrants, options);
      expect(results.map((each) => each[0]?.variant)).toEqual(entrants.map((each) => each.variant));
      said.length = 0;
    }
    expect(failures).toEqual([]);
  }, 60_000);

  test('each message is timed at a steady pace, of one connection and of many', async () => {
    for (const [name, subject] of [
      ['message', forebay()],
      ['many-connections', forebay()],
      ['packed', floor(tools)],
    ] as const) {
      const { messages, p50, p99, most } = await measureLatency(subject, buildWorkload(name, count), tools, 0.1);
      expect(messages).toBeGreaterThan(0);
      expect(p50).toBeGreaterThan(0);
      expect(p99).toBeGreaterThanOrEqual(p50);
      expect(most).toBeGreaterThanOrEqual(p99);
    }
  }, 60_000);

  test('events are probed while the load runs', async () => {
    const pauses = await measurePauses(forebay(), buildWorkload('message', 10 * count), tools);
    expect(pauses.probes).toBeGreaterThan(0);
    expect(pauses.most).toBeGreaterThan(0);
  }, 60_000);

  test('over TLS the collector counts right, and its floor acks', async () => {
    const workload = buildWorkload('message', count);
    const run = (subject: Subject) => measure({ subject, workload, target: 'null', variant: 'tls' }, tools, 30_000);
    expect(await run(forebay())).toMatchObject({ counted: workload.events, acked: true });
    expect(await run(floor(tools))).toMatchObject({ variant: 'tls', acked: true });
  }, 120_000);

  test('the load comes through the listener that asks for a login, and through the one that does not', async () => {
    const cost = await measureAuth(forebay(), buildWorkload('packed', count), tools, 1);
    expect(cost.pairs).toBe(1);
    expect(cost.without).toBeGreaterThan(0);
    expect(cost.with).toBeGreaterThan(0);
  }, 120_000);

  test('a peer is started by its command and counted', async () => {
    const workload = buildWorkload('message', count);
    const what = { subject: sinkPeer(workload, workload.events), workload, target: 'stdout' } as const;
    expect(await measure(what, tools, 15_000)).toMatchObject({ subject: 'peer', counted: workload.events });
  });

  test('a peer that loses an event fails the run', async () => {
    const workload = buildWorkload('message', count);
    const what = { subject: sinkPeer(workload, workload.events - 1), workload, target: 'stdout' } as const;
    const text = `${workload.events - 1} of ${workload.events} events came out`;
    await expect(measure(what, tools, 3_000)).rejects.toThrow(text);
  });

  test('a peer that does not start fails the run', async () => {
    const workload = buildWorkload('message', count);
    const what = { subject: peer('peer=exit 3'), workload, target: 'null' } as const;
    await expect(measure(what, tools, 1_000)).rejects.toThrow('ended with 3');
  });

  test('acks in another order than that of the messages fail the run', async () => {
    const workload = buildWorkload('ack-1', count);
    const what = { subject: { ...floor(tools), exact: true }, workload, target: 'null' } as const;
    await expect(measure(what, tools, 15_000)).rejects.toThrow('an ack is not the one that is due');
  });
});

test('short connections, whole, half and empty, leave no descriptor behind and lose no event', async () => {
  const idle = await measureIdle({ starts: 1, connections: 300, restSeconds: 0.5, idleSeconds: 0.5 });
  expect(idle.rounds).toHaveLength(4);
  for (const round of idle.rounds) {
    expect(round.descriptors).toBeLessThanOrEqual(idle.descriptors);
    expect(round.counted).toBe(round.sent);
  }
}, 60_000);

/** The C sink as a peer: prints `lines` lines of 10 bytes. */
function sinkPeer(workload: Workload, lines: number): Subject {
  const ack = join(tools.folder.path, 'ack-of-peer');
  writeFileSync(ack, workload.ack);
  return peer(`peer=exec ${tools.sink} {port} ${workload.inputBytes} ${lines * 10} 10 ${workload.inputBytes} ${ack} -`);
}

/** Decodes messages of any mode with a foreign decoder, to what stdout should print. */
function linesOf(bytes: Uint8Array): string {
  let text = '';
  for (const message of decodeMulti(bytes) as Iterable<unknown[]>) {
    const [tag, second, third] = message as [string, unknown, unknown];
    const entries = typeof second === 'number' ? [[second, third]] : entriesOf(second, third);
    for (const [time, record] of entries) {
      text += expectedLine({ tag, ...secondsOf(time), record: record as Record<string, unknown> });
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
