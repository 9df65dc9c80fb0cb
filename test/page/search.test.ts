// The search in columns finds what the query language says of each event read by itself, with either kernel; and both kernels make the same
// columns of the same frames.
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Query } from '../../src/live/query/compile.ts';
import { EventSubject } from '../../src/live/query/event-subject.ts';
import { parseQuery } from '../../src/live/query/parse.ts';
import { loadKernel } from '../../src/page/columns/kernel.ts';
import { Desk, docker, frameOfEntries, kernels, place } from './engine.ts';
import { runs } from './runs.ts';
import '../seed.ts';

const esc = '\u001b';
const part = fc.constantFrom(
  ...[
    'error',
    'ERROR',
    'WARN',
    'abc',
    'ABC',
    'é',
    'É',
    '語',
    'İ',
    '\u212a',
    'k',
    'i',
    ' ',
    ' ',
    '=',
    'status=500',
    'ms=7',
  ],
  ...[`${esc}[31m`, `${esc}[0m`, '"', 'x', 'yz', '\n', '{"', '}', 'user', '\ufffd'],
);
const words = fc.array(part, { minLength: 1, maxLength: 8 }).map((parts) => `=${parts.join('')}`);
const json = fc
  .record({ level: fc.constantFrom('warn', 'error', 30, 'odd'), msg: words, status: fc.constantFrom(200, 500, '404') })
  .map((object) => JSON.stringify(object));
const log = fc.oneof(
  words,
  json,
  words.map((text) => Buffer.from(text)),
  fc.constant(7),
);
const more = fc.constantFrom<object>(
  {},
  {},
  {},
  { status: 500 },
  { level: 'warn' },
  { source: 'stderr' },
  { nested: { a: ['b'] } },
);
const time = fc.constantFrom<Buffer>(
  Buffer.from(encode(1_700_000_000)),
  Buffer.from(encode(1_700_000_600)),
  Buffer.from('d700655349f0075bcd15', 'hex'),
  Buffer.from('00', 'hex'),
);
const event = fc.record({
  log,
  more,
  time,
  container: fc.constantFrom('web', 'api', 'é'),
  tag: fc.constantFrom('a.b', 'docker.x'),
});

const term = fc.constantFrom(
  ...[
    'error',
    'ERROR',
    'abc',
    'é',
    'É',
    '語',
    'k',
    'i',
    'abcé',
    '"x yz"',
    'status',
    '/a[bB]c/',
    '/=\\w+$/i',
    'web',
    'ﬁ',
  ],
  ...[
    'level>=warn',
    'level=none',
    'level:error',
    'container=web',
    'container:p*',
    'source=stderr',
    'tag:docker.**',
    'feed=forward',
  ],
  ...['status=500', 'status>=404', 'status:50', 'ms=7', 'nested.a.0=b', 'user:x', 'log:abc', 'from:127', 'label=x'],
  ...['since:2023-11-14T22:15:00Z', 'until:2023-11-14T22:15:00Z'],
);
const query = fc
  .array(fc.tuple(fc.constantFrom('', '', '-'), term, fc.constantFrom(' ', ' ', ' OR ')), {
    minLength: 1,
    maxLength: 4,
  })
  .map((terms) => terms.map(([not, one, join], n) => `${n === 0 ? '' : join}${not}${one}`).join(''));

describe.each(kernels)('the search (%s)', (_name, kernel) => {
  const loaded = kernel();

  test('finds what the query language says of each event', () => {
    const subject = new EventSubject();
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 40 }), query, fc.nat(40), (events, text, cut) => {
        const read = parseQuery(text);
        fc.pre(read.ok);
        const now = 1_700_000_000_000;
        const one = new Desk(loaded);
        one.engine.columns.shapes.watch(false);
        const entries = events.map(({ log: line, more: fields, time: at, container }) =>
          Buffer.concat([Buffer.of(0x92), at, encode(docker(line, container, fields))]),
        );
        // One part is there before the query, the other comes while it is on.
        for (const [n, entry] of entries.entries()) {
          if (n === Math.min(cut, entries.length - 1)) {
            one.filter(text);
          }
          one.take(frameOfEntries([entry], { tag: events[n]?.tag ?? '' }));
        }
        const wanted = new Query(read.ok ? read.node : undefined, now);
        const expected = entries.flatMap((entry, n) => {
          subject.view.set(entry);
          subject.open(subject.view.start, { tag: events[n]?.tag ?? '', place });
          return wanted.accepts(subject) ? [n] : [];
        });
        expect([text, one.ids()]).toEqual([text, expected]);
        expect(one.filter(text).ids()).toEqual(expected);
      }),
      { numRuns: runs(300) },
    );
  });
});

test('both kernels make the same columns of the same frames', () => {
  const [wasm, plain] = kernels.map(([, kernel]) => kernel());
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 60 }), (events) => {
      const seen = [wasm, plain].map((kernel) => {
        const one = new Desk(kernel ?? loadKernel());
        const entries = events.map(({ log: line, more: fields, time: at, container }) =>
          Buffer.concat([Buffer.of(0x92), at, encode(docker(line, container, fields))]),
        );
        one.take(frameOfEntries(entries), frameOfEntries(entries));
        const { blocks, memory } = one.engine.columns;
        return blocks.map((block) => ({
          count: block.count,
          used: block.used - block.address,
          levels: [...memory.u8.slice(block.at.levels, block.at.levels + block.count)],
          flags: [...memory.u8.slice(block.at.flags, block.at.flags + block.count)],
          lines: Buffer.from(memory.u8.slice(block.at.lines, block.used)).toString('latin1'),
          times: [...memory.u32.slice(block.at.seconds >> 2, (block.at.seconds >> 2) + block.count)],
          shapes: [...memory.u16.slice(block.at.shapes >> 1, (block.at.shapes >> 1) + block.count)],
        }));
      });
      expect(seen[0]).toEqual(seen[1]);
    }),
    { numRuns: runs(100) },
  );
});
