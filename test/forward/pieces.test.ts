// `join_pieces`: lines that Docker cut into pieces of 16 KiB, in all generations of its driver, and all that can go wrong with them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { type Batch, tagFromText } from '../../src/core/batch.ts';
import { systemClock } from '../../src/core/clock.ts';
import { Pieces } from '../../src/forward/pieces.ts';
import { connectTo, freePort } from '../support/ports.ts';
import { capturesFolder } from '../support/project.ts';
import { eventsOf, startInput, type TestInput } from './harness.ts';

type Fields = Readonly<Record<string, unknown>>;

const full = (letter: string) => letter.repeat(16 * 1024);
const container = 'c'.repeat(64);

/** A piece of the newest generation. */
function piece(id: string, ordinal: unknown, last: boolean, log: string, more: Fields = {}): Fields {
  const partial = { partial_message: 'true', partial_id: id, partial_ordinal: ordinal, partial_last: String(last) };
  return { container_id: container, source: 'stdout', log, ...partial, ...more };
}

/** A piece of the older ones, or a line without any mark. */
function line(log: string, marked: boolean, more: Fields = {}): Fields {
  return { container_id: container, source: 'stdout', log, ...(marked ? { partial_message: 'true' } : {}), ...more };
}

describe('by itself', () => {
  const origin = { listener: 'in', address: '127.0.0.1', port: 1, name: undefined };
  const made: Pieces[] = [];
  afterEach(async () => {
    await Promise.all(made.splice(0).map((each) => each.stop(AbortSignal.timeout(1000))));
  });

  function joiner(settings: { timeout?: number; limit?: number; linesLimit?: number } = {}) {
    const records: Fields[] = [];
    const batches: Batch[] = [];
    let unfinished = 0;
    const pieces = new Pieces({
      ...{ clock: systemClock, timeout: 60_000, limit: 1 << 25, linesLimit: 4096, ...settings },
      emit(batch) {
        batches.push(batch);
        records.push(...eventsOf(batch).map(({ record }) => decode(Buffer.from(record, 'hex')) as Fields));
        return undefined;
      },
      unfinished: () => {
        unfinished++;
      },
      late: () => undefined,
    });
    made.push(pieces);
    return {
      pieces,
      records,
      batches,
      unfinished: () => unfinished,
      take(all: readonly Fields[], from = origin): void {
        const entries = Buffer.concat(all.map((record, index) => encode([100 + index, record])));
        const tag = tagFromText('docker.x');
        void pieces.emit({ tag, entries, count: all.length, origin: from, seq: 0, arrived: 0, acks: undefined });
      },
    };
  }

  test('a batch without pieces passes untouched', () => {
    const { pieces, batches } = joiner();
    const entries = encode([1, { log: 'a' }]);
    const batch = { tag: tagFromText('t'), entries, count: 1, origin, seq: 0, arrived: 0, acks: undefined };
    void pieces.emit(batch);
    expect(batches[0]).toBe(batch);
  });

  test('a batch that only speaks of pieces passes untouched too', () => {
    const { pieces, batches } = joiner();
    const entries = encode([1, { log: 'partial_message', partial_message: 'false' }]);
    const batch = { tag: tagFromText('t'), entries, count: 1, origin, seq: 0, arrived: 0, acks: undefined };
    void pieces.emit(batch);
    expect(batches[0]).toBe(batch);
  });

  test('pieces with ordinals become one event with the fields and the time of the first', () => {
    const { take, records, batches } = joiner();
    take([
      piece('i', '1', false, 'ab', { name: '/n' }),
      piece('i', '2', false, 'cd', { x: 1 }),
      piece('i', '3', true, 'e'),
    ]);
    expect(records).toEqual([{ container_id: container, source: 'stdout', log: 'abcde', name: '/n' }]);
    expect(batches[0]?.entries.subarray(0, 2)).toEqual(Uint8Array.of(0x92, 100));
  });

  test('ordinals count, not the order of arrival', () => {
    const { take, records } = joiner();
    take([piece('i', '11', true, 'k')]);
    for (const ordinal of [10, 2, 1, 9, 3, 8, 4, 7, 5, 6]) {
      expect(records).toEqual([]);
      take([piece('i', String(ordinal), false, String.fromCharCode(96 + ordinal))]);
    }
    expect(records).toMatchObject([{ log: 'abcdefghijk' }]);
  });

  test('where every piece is marked, a short one ends the line', () => {
    const { take, records } = joiner();
    take([line(full('a'), true), line(full('b'), true), line('c', true), line('next', false)]);
    expect(records).toEqual([line(`${full('a')}${full('b')}c`, false), line('next', false)]);
  });

  test('where the last piece is not marked, it ends the line', () => {
    const { take, records } = joiner();
    take([line('before', false), line(full('a'), true)]);
    take([line('c', false), line('next', false)]);
    expect(records).toEqual([line('before', false), line(`${full('a')}c`, false), line('next', false)]);
  });

  test('containers, streams, tags and connections do not mix', () => {
    const { take, records, pieces } = joiner();
    const other = { ...origin, port: 2 };
    take([
      line(full('a'), true),
      line(full('b'), true, { source: 'stderr' }),
      line(full('c'), true, { container_id: 'd' }),
    ]);
    take([line(full('e'), true)], other);
    take([line('1', false), line('2', false, { source: 'stderr' }), line('3', false, { container_id: 'd' })]);
    take([line('4', false)], other);
    pieces.end(origin);
    expect(records.map(({ log }) => (log as string).replace(/(.)\1+/, '$1'))).toEqual(['a1', 'b2', 'c3', 'e4']);
  });

  test('text that is cut within a character, or is binary, is whole again', () => {
    const { take, batches } = joiner();
    const bytes = Buffer.from('é');
    const half = (index: number) => bytes.subarray(index, index + 1);
    take([piece('i', '1', false, '', { log: half(0) }), piece('i', '2', true, '', { log: half(1) })]);
    const [[, record]] = [decode(batches[0]?.entries ?? []) as [number, Fields]];
    expect(record['log']).toEqual(new Uint8Array(bytes));
  });

  test('other events keep their places around a line', () => {
    const { take, records, batches } = joiner();
    const plain = (n: number) => ({ n });
    take([plain(1), plain(2), piece('i', '1', false, 'a'), plain(3), piece('i', '2', true, 'b'), plain(4)]);
    expect(records.map(({ n, log }) => n ?? log)).toEqual([1, 2, 3, 'ab', 4]);
    expect(batches.map(({ count }) => count)).toEqual([2, 1, 1, 1]);
  });

  test('a line whose sender is gone is passed on as far as it got, marked', () => {
    const { take, records, pieces, unfinished } = joiner();
    take([
      piece('i', '1', false, 'a'),
      piece('i', '2', false, 'b'),
      piece('j', '1', false, 'c'),
      line(full('d'), true),
    ]);
    expect(records).toEqual([]);
    pieces.end(origin);
    expect(records).toMatchObject([
      { log: 'ab', partial_message: 'true', partial_id: 'i' },
      { log: 'c', partial_message: 'true' },
      { log: full('d'), partial_message: 'true' },
    ]);
    expect(unfinished()).toBe(3);
    pieces.end(origin);
    expect(records).toHaveLength(3);
  });

  test('a line of which no more pieces come is passed on when its time is over', async () => {
    const { take, records, pieces } = joiner({ timeout: 30 });
    const passed = new Promise<void>((resolve) => {
      const poll = setInterval(() => {
        if (records.length > 0) {
          clearInterval(poll);
          resolve();
        }
      }, 5);
    });
    take([piece('i', '1', false, 'a')]);
    await passed;
    expect(records).toMatchObject([{ log: 'a', partial_message: 'true' }]);
    // What comes late is the end of that line, and marked as well.
    take([piece('i', '2', false, 'b'), piece('i', '3', true, 'c')]);
    expect(records[1]).toMatchObject({ log: 'bc', partial_message: 'true' });
    take([piece('i', '1', false, 'x'), piece('i', '2', true, 'y')]);
    expect(records[2]).toEqual({ container_id: container, source: 'stdout', log: 'xy' });
    await pieces.stop(AbortSignal.timeout(1000));
  });

  test('held bytes are bounded: the line that waits longest is passed on, and its end is marked', () => {
    const { take, records } = joiner({ limit: 40_000 });
    for (let ordinal = 1; ordinal <= 9; ordinal++) {
      take([piece('i', String(ordinal), ordinal === 9, full(String(ordinal)))]);
    }
    expect(records.length).toBeGreaterThan(2);
    expect(records.map(({ log }) => log).join('')).toBe(
      [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => full(String(n))).join(''),
    );
    expect(records.every((record) => record['partial_message'] === 'true')).toBe(true);
  });

  test('lines without ordinals over the bound are passed on in parts, with nothing lost', () => {
    const { take, records } = joiner({ limit: 40_000 });
    const letters = [...'abcdefg'];
    for (const letter of letters) {
      take([line(full(letter), true)]);
    }
    take([line('end', false), line('next', false)]);
    expect(records.map(({ log }) => log).join('')).toBe(`${letters.map(full).join('')}endnext`);
    expect(records.at(-1)).toEqual(line('next', false));
    expect(
      records.slice(0, -1).every((record) => record['partial_message'] === 'true' || record['log'] === 'end'),
    ).toBe(true);
  });

  test('endless ids are bounded', () => {
    const { take, records, pieces } = joiner({ linesLimit: 100 });
    for (let n = 0; n < 20_000; n++) {
      take([piece(`id${n}`, '1', false, `${n} `)]);
    }
    expect(records).toHaveLength(19_900);
    pieces.end(origin);
    expect(records.map(({ log }) => log).join('')).toBe(Array.from({ length: 20_000 }, (_, n) => `${n} `).join(''));
  });

  test.for(['0', '-1', '', 'x', '1.5', '99999999999', 3, null])(
    'a piece with the ordinal %j passes as it is',
    (ordinal) => {
      const { take, records } = joiner();
      const odd = piece('i', ordinal, false, 'a');
      take([odd]);
      expect(records).toEqual([odd]);
    },
  );

  test('a piece that comes twice is joined once, and passed on once', () => {
    const { take, records } = joiner();
    const twice = piece('i', '1', false, 'a');
    take([twice, twice, piece('i', '2', true, 'b')]);
    expect(records).toEqual([twice, { container_id: container, source: 'stdout', log: 'ab' }]);
  });

  test('whatever comes in whatever order, each piece is passed on exactly once', () => {
    const sent = fc.record({
      id: fc.constantFrom('', 'i', 'j'),
      ordinal: fc.integer({ min: 0, max: 5 }),
      last: fc.boolean(),
      marked: fc.boolean(),
      long: fc.boolean(),
      stderr: fc.boolean(),
    });
    const property = fc.property(fc.array(fc.array(sent, { maxLength: 6 }), { maxLength: 8 }), (batches) => {
      const { take, records, pieces } = joiner({ limit: 60_000, linesLimit: 3 });
      let number = 0;
      for (const batch of batches) {
        take(
          batch.map(({ id, ordinal, last, marked, long, stderr }) => {
            const log = `<${number++}>`.padEnd(long ? 16 * 1024 : 1, '.');
            const more = { source: stderr ? 'stderr' : 'stdout' };
            return id === '' || !marked ? line(log, marked, more) : piece(id, String(ordinal), last, log, more);
          }),
        );
      }
      pieces.end(origin);
      const found = records.flatMap(({ log }) => [...(log as string).matchAll(/<(\d+)>/g)].map(([, n]) => Number(n)));
      expect(found.sort((a, b) => a - b)).toEqual(Array.from({ length: number }, (_, n) => n));
    });
    fc.assert(property, { numRuns: 300 });
  });
});

describe('on the input', () => {
  let input: TestInput | undefined;
  afterEach(() => input?.stop());

  async function start(options: string, emitted?: () => Promise<void> | undefined) {
    const port = await freePort();
    input = await startInput(`<source>\n@type forward\nbind 127.0.0.1\nport ${port}\n${options}\n</source>`, emitted);
    const { events } = input;
    return {
      port,
      input,
      records: () => events.map(({ record }) => decode(Buffer.from(record, 'hex')) as Record<string, unknown>),
    };
  }

  const capture = readFileSync(join(capturesFolder, 'docker-partial.bin'));

  test.for([capture.length, 10_000, 997])(
    'what Docker sent comes out as its container wrote it, in reads of %i bytes',
    async (size) => {
      const { port, records, input: started } = await start('join_pieces true');
      const socket = await connectTo(port);
      for (let at = 0; at < capture.length; at += size) {
        await new Promise<unknown>((resolve) => socket.write(capture.subarray(at, at + size), resolve));
      }
      socket.end();
      await new Promise((resolve) => socket.resume().once('close', resolve));
      expect(records()).toMatchObject([{ log: 'a'.repeat(40_000), source: 'stdout' }, { log: 'short' }]);
      expect(Object.keys(records()[0] ?? {}).sort()).toEqual(['container_id', 'container_name', 'log', 'source']);
      expect(started.events[0]?.time).toBe(started.events[1]?.time);
    },
  );

  test('off unless asked for: pieces pass as they are', async () => {
    const { port, records } = await start('');
    const socket = await connectTo(port);
    socket.end(capture);
    await new Promise((resolve) => socket.resume().once('close', resolve));
    expect(records().map((record) => record['partial_ordinal'])).toEqual(['1', '2', '3', undefined]);
  });

  test('a piece is acked at once, since Docker sends the next one only then', async () => {
    const { port, records } = await start('join_pieces true');
    const socket = await connectTo(port);
    for (const ordinal of [1, 2, 3]) {
      const acked = new Promise<Buffer>((resolve) => socket.once('data', resolve));
      socket.write(
        encode(['t', 1, piece('i', String(ordinal), ordinal === 3, `${ordinal}`), { chunk: `c${ordinal}` }]),
      );
      expect(decode(await acked)).toEqual({ ack: `c${ordinal}` });
    }
    expect(records()).toMatchObject([{ log: '123' }]);
    socket.destroy();
  });

  test('what is held when the connection ends, or at the end of all, is passed on and counted', async () => {
    const { port, records, input: started } = await start('join_pieces true\njoin_pieces_timeout 60s');
    const first = await connectTo(port);
    first.end(encode(['t', 1, piece('i', '1', false, 'a'), {}]));
    await new Promise((resolve) => first.resume().once('close', resolve));
    const second = await connectTo(port);
    const acked = new Promise((resolve) => second.once('data', resolve));
    second.write(encode(['t', 1, piece('i', '1', false, 'b'), { chunk: 'c' }]));
    await acked;
    await started.stop();
    expect(records()).toMatchObject([
      { log: 'a', partial_message: 'true' },
      { log: 'b', partial_message: 'true' },
    ]);
    const counter = started.counters.list().find(({ name }) => name === 'forebay_forward_pieces_unfinished_total');
    expect(counter?.value).toBe(2);
  });

  test('a line that an output refuses when nobody waits for it any more is counted', async () => {
    const { port, input: started } = await start('join_pieces true', () => Promise.reject(new Error('no')));
    const socket = await connectTo(port);
    socket.end(encode(['t', 1, piece('i', '1', false, 'a'), {}]));
    await new Promise((resolve) => socket.resume().once('close', resolve));
    await started.stop();
    const counter = started.counters.list().find(({ name }) => name === 'forebay_forward_pieces_lost_total');
    expect(counter?.value).toBe(1);
  });
});
