// The hub's memory and its readers, against a simple model: what comes out is what went in, in order, and what is missing is counted.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Batch } from '../../src/core/batch.ts';
import { Hub } from '../../src/live/hub.ts';
import { type Frame, type FrameBlock, readFrame } from '../../src/live/protocol.ts';
import type { Reader } from '../../src/live/reader.ts';
import { runs } from '../page/runs.ts';
import { makeBatch } from './harness.ts';

const root = { label: '@ROOT', matched: true };
const mebibyte = 1024 * 1024;

/** The next frame, as it stands when it is sent. */
function takeFrame(reader: Reader): Frame | undefined {
  const out = reader.take();
  if (out === undefined) {
    return undefined;
  }
  const bytes = Buffer.concat(out.parts);
  out.done();
  const frame = readFrame(bytes);
  if (frame === undefined) {
    throw new Error('A reader gave what is no frame.');
  }
  expect(frame.dropped).toBe(out.dropped);
  return frame;
}

function takeAll(reader: Reader): { dropped: number; blocks: FrameBlock[]; events: number } {
  const blocks: FrameBlock[] = [];
  let dropped = 0;
  for (let frame = takeFrame(reader); frame !== undefined; frame = takeFrame(reader)) {
    dropped += frame.dropped;
    blocks.push(...frame.blocks);
  }
  return { dropped, blocks, events: blocks.reduce((sum, { count }) => sum + count, 0) };
}

function hubOf(memorySize: number, backlogSize?: number): Hub {
  return new Hub({ memorySize, ...(backlogSize === undefined ? {} : { backlogSize }) });
}

function openReader(hub: Hub, since?: number | 'now', wanted?: (tag: Uint8Array) => boolean): Reader {
  const reader = hub.open(() => {});
  reader.start(since, wanted);
  return reader;
}

test('a batch comes out as it went in, with its place and numbers', () => {
  const hub = hubOf(mebibyte);
  const batch = makeBatch('docker.web', 1000, 3);
  hub.tap(batch, { label: '@OPS', matched: false });
  batch.entries.fill(0);
  const { blocks } = takeAll(openReader(hub));
  expect(blocks).toHaveLength(1);
  expect(blocks[0]).toMatchObject({
    ...{ position: 0, seq: 1000, count: 3, arrived: 1_700_000_000_000 },
    place: { label: '@OPS', matched: false, listener: 'in', address: '192.0.2.7', port: 4711, name: undefined },
  });
  expect(Buffer.from(blocks[0]?.tag ?? []).toString()).toBe('docker.web');
  expect(Buffer.from(blocks[0]?.entries ?? [])).toEqual(Buffer.from(makeBatch('docker.web', 1000, 3).entries));
});

test('the top level has no label', () => {
  const hub = hubOf(mebibyte);
  hub.tap(makeBatch('a', 0), root);
  expect(takeAll(openReader(hub)).blocks[0]?.place).toMatchObject({ label: undefined, matched: true });
});

test('frames have about 256 KB under load, and what is there when it is little', () => {
  const hub = hubOf(8 * mebibyte);
  for (let n = 0; n < 3000; n++) {
    hub.tap(makeBatch('a', n, 1, 1000), root);
  }
  const reader = openReader(hub);
  const sizes: number[] = [];
  for (let frame = reader.take(); frame !== undefined; frame = reader.take()) {
    sizes.push(frame.size);
  }
  expect(Math.max(...sizes)).toBeLessThanOrEqual(256 * 1024);
  expect(sizes.length).toBeLessThan(20);
  hub.tap(makeBatch('a', 3000), root);
  expect(reader.take()?.size).toBeLessThan(200);
});

test('a reader that begins now gets nothing of before', () => {
  const hub = hubOf(mebibyte);
  hub.tap(makeBatch('a', 0), root);
  const reader = openReader(hub, 'now');
  expect(takeFrame(reader)).toBeUndefined();
  hub.tap(makeBatch('b', 1), root);
  expect(takeAll(reader).blocks.map(({ position }) => position)).toEqual([1]);
});

test('a reader that is not started, or paused, gets nothing and is not woken', () => {
  const hub = hubOf(mebibyte);
  const reader = hub.open(() => expect.unreachable());
  hub.tap(makeBatch('a', 0), root);
  expect(reader.ready).toBe(false);
  reader.start(undefined, undefined);
  reader.pause();
  expect(reader.take()).toBeUndefined();
  reader.start(0, undefined);
  expect(takeAll(reader).events).toBe(1);
});

test('resuming within a batch gives the whole batch', () => {
  const hub = hubOf(mebibyte);
  hub.tap(makeBatch('a', 0, 10), root);
  hub.tap(makeBatch('a', 10, 10), root);
  expect(takeAll(openReader(hub, 4)).blocks.map(({ position }) => position)).toEqual([0, 10]);
  expect(takeAll(openReader(hub, 10)).blocks.map(({ position }) => position)).toEqual([10]);
  expect(takeAll(openReader(hub, 20)).blocks).toEqual([]);
  expect(takeAll(openReader(hub, 1e12)).blocks).toEqual([]);
});

test('a reader that stays up to date loses nothing, however much passes', () => {
  const hub = hubOf(mebibyte);
  const reader = openReader(hub, 'now');
  let events = 0;
  for (let n = 0; n < 10_000; n++) {
    hub.tap(makeBatch('a', n, 1, 500), root);
    const { dropped, blocks } = takeAll(reader);
    expect(dropped).toBe(0);
    events += blocks.length;
  }
  expect(events).toBe(10_000);
});

test('a reader that fell behind loses the oldest, and what is missing is counted', () => {
  const hub = hubOf(mebibyte);
  const reader = openReader(hub, 'now');
  for (let n = 0; n < 10_000; n++) {
    hub.tap(makeBatch('a', n, 1, 500), root);
  }
  const { dropped, blocks } = takeAll(reader);
  expect(dropped).toBeGreaterThan(1000);
  expect(blocks.map(({ position }) => position)).toEqual(
    Array.from({ length: 10_000 - dropped }, (_, n) => dropped + n),
  );
});

test('one that was up to date keeps no more than its backlog; one that still reads what was before is let be', () => {
  const hub = hubOf(32 * mebibyte, 2 * mebibyte);
  const live = openReader(hub, 'now');
  takeFrame(live);
  const late = openReader(hub);
  for (let n = 0; n < 16; n++) {
    hub.tap(makeBatch('a', n, 1, mebibyte), root);
  }
  expect(takeAll(late)).toMatchObject({ dropped: 0, events: 16 });
  const { dropped, events } = takeAll(live);
  expect(dropped + events).toBe(16);
  expect(events).toBeLessThanOrEqual(3);
});

test('a pattern loses only what it wanted', () => {
  const hub = hubOf(mebibyte);
  const wanted = (tag: Uint8Array) => tag[0] === 'a'.charCodeAt(0);
  const reader = openReader(hub, 'now', wanted);
  for (let n = 0; n < 10_000; n++) {
    hub.tap(makeBatch(n % 4 === 0 ? 'a' : 'b', n, 1, 500), root);
  }
  const { dropped, blocks, events } = takeAll(reader);
  expect(blocks.every(({ tag }) => wanted(tag))).toBe(true);
  expect(events).toBeGreaterThan(100);
  expect(dropped + events).toBe(2500);
});

test('losses are told also where nothing wanted follows', () => {
  const hub = hubOf(mebibyte);
  const reader = openReader(hub, 'now', (tag) => tag[0] === 'a'.charCodeAt(0));
  hub.tap(makeBatch('a', 0), root);
  for (let n = 0; n < 10_000; n++) {
    hub.tap(makeBatch('b', n, 1, 500), root);
  }
  expect(takeAll(reader)).toEqual({ dropped: 1, blocks: [], events: 0 });
});

describe('large batches', () => {
  test('one over a quarter of the memory is cut between its events', () => {
    const hub = hubOf(mebibyte);
    const reader = openReader(hub, 'now');
    const batch = makeBatch('a', 0, 400, 1000);
    expect(batch.entries.length).toBeGreaterThan(mebibyte / 4);
    hub.tap(batch, root);
    const { dropped, blocks, events } = takeAll(reader);
    expect({ dropped, events }).toEqual({ dropped: 0, events: 400 });
    expect(blocks.length).toBeGreaterThan(1);
    expect(blocks.map(({ seq }) => seq)).toEqual(blocks.map(({ position }) => position));
    expect(Buffer.concat(blocks.map(({ entries }) => entries))).toEqual(Buffer.from(batch.entries));
  });

  test('an event that fits nowhere is missing and counted, its neighbours are there', () => {
    const hub = hubOf(mebibyte);
    const reader = openReader(hub, 'now');
    const [small, large] = [makeBatch('a', 0, 2), makeBatch('a', 2, 1, mebibyte)];
    const entries = Buffer.concat([small.entries, large.entries, small.entries]);
    hub.tap({ ...small, entries, count: 5 }, root);
    hub.tap(makeBatch('b', 5), root);
    const { dropped, blocks } = takeAll(reader);
    expect(dropped).toBe(1);
    expect(blocks.map(({ position, count }) => [position, count])).toEqual([
      [0, 2],
      [3, 2],
      [5, 1],
    ]);
  });
});

interface Step {
  readonly kind: 'tap' | 'take' | 'pause' | 'resume';
  readonly reader: number;
  readonly count: number;
  readonly size: number;
}

test('whatever readers do: blocks in order, gaps equal to what was dropped, bytes unharmed, memory within its bound', {
  timeout: 120_000,
}, () => {
  const step: fc.Arbitrary<Step> = fc.record({
    kind: fc.constantFrom(
      'tap' as const,
      'tap' as const,
      'tap' as const,
      'take' as const,
      'pause' as const,
      'resume' as const,
    ),
    reader: fc.nat(2),
    count: fc.integer({ min: 1, max: 5 }),
    size: fc.constantFrom(10, 1000, 30_000, 200_000, 300_000),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 200 }), (steps) => {
      const hub = hubOf(mebibyte, mebibyte / 2);
      const readers = [0, 1, 2].map(() => ({ reader: openReader(hub, 'now'), next: 0 }));
      const batches = new Map<number, Batch>();
      const check = (one: { reader: Reader; next: number }) => {
        const frame = takeFrame(one.reader);
        for (const [index, block] of (frame?.blocks ?? []).entries()) {
          expect(block.position - one.next).toBe(index === 0 ? frame?.dropped : 0);
          one.next = block.position + block.count;
          const whole = batches.get(block.seq);
          if (whole?.count === block.count) {
            expect(Buffer.from(block.entries).equals(Buffer.from(whole.entries))).toBe(true);
          }
        }
        return frame !== undefined;
      };
      for (const { kind, reader, count, size } of steps) {
        const one = readers[reader];
        if (kind === 'tap') {
          const batch = makeBatch('tag', hub.next, count, size);
          batches.set(batch.seq, batch);
          hub.tap(batch, root);
        } else if (one !== undefined && kind === 'take') {
          check(one);
        } else if (one !== undefined && kind === 'pause') {
          one.reader.pause();
        } else if (one !== undefined) {
          one.reader.start(one.next, undefined);
        }
        // Events of 300,000 bytes are over a quarter of the memory, and never held.
        const held = [...batches.values()]
          .filter((batch) => batch.seq >= hub.oldest && batch.entries.length / batch.count < 262_144)
          .reduce((sum, { entries }) => sum + entries.length, 0);
        expect(held).toBeLessThanOrEqual(mebibyte);
      }
      for (const one of readers) {
        one.reader.start(one.next, undefined);
        while (check(one));
      }
    }),
    { numRuns: runs(100) },
  );
});

test('the memory stays within its bound and is used again', () => {
  const hub = hubOf(8 * mebibyte);
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const batch = makeBatch('a', 0, 100, 1000);
  for (let n = 0; n < 3000; n++) {
    hub.tap(batch, root);
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  expect(hub.next - hub.oldest).toBeGreaterThan(5000);
  expect(most).toBeLessThan(10 * mebibyte);
});
