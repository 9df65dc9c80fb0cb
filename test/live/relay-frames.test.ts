// The frames that workers relay, cut at every place, and what is none.
import { expect, test } from 'vitest';
import type { Batch } from '../../src/core/batch.ts';
import { Counters } from '../../src/core/counters.ts';
import type { TapPlace } from '../../src/live/hub.ts';
import { Relay } from '../../src/live/relay.ts';
import { RelayFrames } from '../../src/live/relay-frames.ts';
import { makeBatch } from './harness.ts';

/** What a worker writes for these batches; each second one to another viewer. */
async function written(batches: readonly Batch[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  let next = () => {};
  const counters = new Counters();
  const relay = new Relay({
    open: async () => undefined,
    close: async () => undefined,
    write(index, pieces, sent) {
      parts.push(Buffer.concat([Buffer.of(index), ...pieces]));
      setImmediate(() => {
        sent();
        next();
      });
      return true;
    },
    dropped: counters.get('dropped'),
  });
  const viewers = [1, 2].map((port) => relay.viewerAt({ host: '127.0.0.1', port }, undefined));
  await Promise.all(viewers.map((viewer) => viewer.start()));
  for (const [n, batch] of batches.entries()) {
    viewers[n % 2]?.tap()(batch, { label: n === 0 ? '@ROOT' : '@A', matched: n !== 2 });
    await new Promise<void>((resolve) => {
      next = resolve;
    });
  }
  await Promise.all(viewers.map((viewer) => viewer.stop(AbortSignal.timeout(5_000))));
  return Buffer.concat(parts);
}

interface Seen {
  readonly viewer: number;
  readonly tag: string;
  readonly entries: string;
  readonly count: number;
  readonly seq: number;
  readonly place: TapPlace;
}

function reader(): { readonly frames: RelayFrames; readonly seen: Seen[] } {
  const seen: Seen[] = [];
  const frames = new RelayFrames((viewer, { tag, entries, count, seq }, place) => {
    seen.push({ viewer, tag: tag.text, entries: Buffer.from(entries).toString('hex'), count, seq, place });
  });
  return { frames, seen };
}

test('batches come as they were sent, however the bytes are cut', async () => {
  const batches = [makeBatch('a.b', 0, 3), makeBatch('c', 3, 1), makeBatch('ü', 4, 2)];
  const bytes = await written(batches);
  const expected = batches.map(({ tag, entries, count, seq }, n) => ({
    ...{ viewer: n % 2, tag: tag.text, entries: Buffer.from(entries).toString('hex'), count, seq },
    place: { label: n === 0 ? '@ROOT' : '@A', matched: n !== 2 },
  }));
  for (let cut = 0; cut <= bytes.length; cut++) {
    const { frames, seen } = reader();
    expect(frames.push(bytes.subarray(0, cut)) && frames.push(bytes.subarray(cut))).toBe(true);
    expect(seen).toEqual(expected);
  }
  const { frames, seen } = reader();
  for (let at = 0; at < bytes.length; at++) {
    frames.push(bytes.subarray(at, at + 1));
  }
  expect(seen).toEqual(expected);
});

test('what no worker sends is not read on', () => {
  expect(reader().frames.push(Buffer.alloc(100))).toBe(false);
  expect(reader().frames.push(Buffer.alloc(100, 0xff))).toBe(false);
});
