// The order of a frame's events: by their times, each sender's own kept, nothing lost or doubled, and bounded.
import { ExtData, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameOrder } from '../../src/live/frame-order.ts';
import { blockSize, encodePlace, type FrameBlock, frameHead, readFrame, writeBlock } from '../../src/live/protocol.ts';
import { Skip } from '../../src/msgpack/skip.ts';
import { runs } from '../page/runs.ts';
import '../seed.ts';

interface Time {
  readonly sec: number;
  /** Undefined where the time is an integer. */
  readonly nsec: number | undefined;
}

interface Batch {
  readonly sender: number;
  readonly times: readonly Time[];
}

const now = 1_700_000_000;
const arrived = now * 1000 + 600;

function entry({ sec, nsec }: Time, log: string): Buffer {
  const body = new Uint8Array(8);
  const view = new DataView(body.buffer);
  view.setUint32(0, sec);
  view.setUint32(4, nsec ?? 0);
  const time = nsec === undefined ? sec : new ExtData(0, body);
  return Buffer.concat([Buffer.of(0x92), encode(time), encode({ log })]);
}

interface From {
  readonly tag: string;
  readonly port: number;
}

/** Without the head of a frame. */
function blockOf(entries: readonly Uint8Array[], first: number, { tag, port }: From): Uint8Array {
  const place = { label: undefined, matched: true, listener: 'in', address: '192.0.2.7', port, name: undefined };
  const parts = [encodePlace(place), Buffer.from(tag), Buffer.concat(entries)] as const;
  const bytes = new Uint8Array(blockSize(parts[0].length, parts[1].length, parts[2].length));
  const numbers = { position: first, seq: first + 7, count: entries.length, arrived };
  writeBlock(new DataView(bytes.buffer), 0, numbers, ...parts);
  return bytes;
}

function frameOf(...blocks: readonly Uint8Array[]): Uint8Array {
  const bytes = Buffer.concat(blocks);
  return new Uint8Array(Buffer.concat([frameHead(0, bytes.length), bytes]));
}

/** A frame with these batches one behind the other; each event's log is its number. */
function frameOfBatches(batches: readonly Batch[], from: (sender: number) => From): Uint8Array {
  let position = 100;
  return frameOf(
    ...batches.map(({ sender, times }) => {
      const first = position;
      position += times.length;
      return blockOf(
        times.map((time, n) => entry(time, `${first + n}`)),
        first,
        from(sender),
      );
    }),
  );
}

const fromOf = (sender: number): From => ({ tag: `t.${sender % 2}`, port: 1000 + (sender >> 1) });

interface Seen {
  readonly position: number;
  readonly seq: number;
  readonly tag: string;
  readonly port: number;
  readonly arrived: number;
  readonly bytes: string;
}

function eventsOf(blocks: readonly FrameBlock[]): Seen[] {
  const skip = new Skip();
  return blocks.flatMap(({ position, seq, tag, place, entries, arrived: came, count }) => {
    const seen: Seen[] = [];
    for (let at = 0; at < entries.length; ) {
      const next = skip.run(entries, at, entries.length);
      const bytes = Buffer.from(entries.subarray(at, next)).toString('hex');
      const n = seen.length;
      seen.push({
        position: position + n,
        seq: seq + n,
        tag: `${Buffer.from(tag)}`,
        port: place.port,
        arrived: came,
        bytes,
      });
      at = next;
    }
    expect(seen).toHaveLength(count);
    return seen;
  });
}

const read = (frame: Uint8Array) => readFrame(frame, new FrameOrder())?.blocks ?? [];
const positions = (frame: Uint8Array) => eventsOf(read(frame)).map(({ position }) => position);

/** What the events are sorted by, said as simply as can be: nanoseconds. */
function keysOf(batches: readonly Batch[]): bigint[] {
  const fine = new Set(
    batches.filter(({ times }) => times.some(({ nsec = 0 }) => nsec > 0)).map(({ sender }) => sender),
  );
  const before: { readonly sec: number; readonly key: bigint }[] = [];
  const newest = new Map<number, bigint>();
  return batches.flatMap(({ sender, times }) =>
    times.map((time) => {
      const isAhead = time.sec * 1e9 + (time.nsec ?? 0) > (now + 1.6) * 1e9;
      const { sec, nsec = 0 } = isAhead ? { sec: now, nsec: 600e6 } : time;
      const own = BigInt(sec) * 1_000_000_000n + BigInt(nsec);
      before.push({ sec, key: own });
      const same = before.filter((one) => one.sec === sec).map(({ key }) => key);
      const key = nsec === 0 && !fine.has(sender) ? (same.toSorted((a, b) => Number(b - a))[0] ?? own) : own;
      const last = newest.get(sender) ?? key;
      newest.set(sender, key > last ? key : last);
      return key > last ? key : last;
    }),
  );
}

const time = fc.record({
  sec: fc.constantFrom(now - 8, now - 2, now - 1, now, now, now + 1, now + 500_000),
  nsec: fc.option(fc.constantFrom(0, 1, 2, 250_000_000, 999_999_999), { nil: undefined }),
});
const batch = fc.record({ sender: fc.nat(3), times: fc.array(time, { minLength: 1, maxLength: 6 }) });
const batches = fc.array(batch, { minLength: 1, maxLength: 12 });

describe('the order of a frame', () => {
  test('is by time, each sender in its own order, and all that came is there once with its numbers', () => {
    fc.assert(
      fc.property(batches, (all) => {
        const frame = frameOfBatches(all, fromOf);
        const came = eventsOf(readFrame(frame)?.blocks ?? []);
        const keys = keysOf(all);
        const ordered = came.toSorted((a, b) => {
          const [x = 0n, y = 0n] = [keys[a.position - 100], keys[b.position - 100]];
          return x === y ? a.position - b.position : x < y ? -1 : 1;
        });
        expect(eventsOf(read(frame))).toEqual(ordered);
        for (const sender of [0, 1, 2, 3]) {
          const { tag, port } = fromOf(sender);
          const own = ordered.filter((one) => one.tag === tag && one.port === port);
          expect(own).toEqual(own.toSorted((a, b) => a.position - b.position));
        }
      }),
      { numRuns: runs(600) },
    );
  });

  test('leaves a frame of one sender as it is, also where its times go back', () => {
    const all = [5, 1, 3].map((sec) => ({ sender: 0, times: [{ sec: now - sec, nsec: 5 }] }));
    const frame = frameOfBatches(all, fromOf);
    expect(read(frame)).toEqual(readFrame(frame)?.blocks);
  });

  test('puts times of whole seconds behind what came of their second before, and those of two senders as they came', () => {
    const at = (sec: number, nsec?: number): Time => ({ sec, nsec });
    const frame = frameOfBatches(
      [
        { sender: 0, times: [at(now - 2, 700), at(now - 1, 5)] },
        { sender: 1, times: [at(now - 2), at(now - 2), at(now - 1)] },
        { sender: 2, times: [at(now - 2)] },
        // A round moment between others is that moment.
        { sender: 3, times: [at(now - 2, 0), at(now - 2, 650)] },
      ],
      fromOf,
    );
    expect(positions(frame)).toEqual([106, 107, 100, 102, 103, 105, 101, 104]);
  });

  test('compares times more coarsely where runs were to have too many places and tags', () => {
    const times = (offset: number) =>
      Array.from({ length: 400 }, (_, n) => ({ sec: now - 3 + Math.floor(n / 200), nsec: (n % 200) * 2000 + offset }));
    const frame = frameOfBatches(
      [
        { sender: 0, times: times(1000) },
        { sender: 1, times: times(0) },
      ],
      (sender) => ({ tag: `${sender}`.repeat(4000), port: 1 }),
    );
    const blocks = read(frame);
    // By the ten milliseconds: both senders' first 200, then the others.
    expect(blocks.map(({ position, count }) => [position, count])).toEqual([
      [100, 200],
      [500, 200],
      [300, 200],
      [700, 200],
    ]);
    const small = read(
      frameOfBatches(
        [
          { sender: 0, times: times(1000) },
          { sender: 1, times: times(0) },
        ],
        fromOf,
      ),
    );
    expect(small).toHaveLength(800);
  });

  test('is that of arrival where entries are not what their block says', () => {
    const first = blockOf([entry({ sec: now, nsec: 1 }, 'a')], 100, fromOf(1));
    const late = blockOf([entry({ sec: now - 3, nsec: 1 }, 'b')], 101, fromOf(2));
    const broken = blockOf([Uint8Array.of(0x92, 0xc1, 0x80)], 102, fromOf(3));
    const frame = frameOf(first, late, broken);
    expect(read(frame).map(({ position }) => position)).toEqual([100, 101, 102]);
    expect(read(frameOf(first, late)).map(({ position }) => position)).toEqual([101, 100]);
    const order = new FrameOrder();
    expect(order.open(frame.subarray(1))).toBe(false);
    expect(order.next()).toBe(false);
  });
});
