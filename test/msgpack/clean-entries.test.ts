// The pass over entries by the module and by its twin: the same is kept, counted and refused, and no byte beside the entries is touched.
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CleanEntries } from '../../src/msgpack/clean-entries.ts';
import { Skip } from '../../src/msgpack/skip.ts';
import { ReadView } from '../../src/msgpack/view.ts';
import { EventView } from '../../src/msgpack/view-event.ts';
import { io, module } from '../support/twins.ts';
import { encoded, encodedRecord, encodedTime, mangled } from './arbitrary.ts';

const entry = fc
  .tuple(
    encodedTime,
    encodedRecord,
    encoded,
    fc.constantFrom('clean', 'clean', 'nested', 'metadata', 'third', 'long', 'none'),
  )
  .map(([time, record, more, form]) => {
    switch (form) {
      case 'nested':
        return [Buffer.of(0x92, 0x92), time, Buffer.of(0x80), record];
      case 'metadata':
        return [Buffer.of(0x92, 0x92), time, more, record];
      case 'third':
        return [Buffer.of(0x93), time, record, more];
      case 'long':
        return [Buffer.of(0xdc, 0, 2), time, record];
      case 'none':
        return [more];
      default:
        return [Buffer.of(0x92), time, record];
    }
  })
  .map((parts) => Buffer.concat(parts));
const runs = fc.array(entry, { maxLength: 12 }).map((list) => Uint8Array.from(Buffer.concat(list)));

function same(bytes: Uint8Array): void {
  const plain = new CleanEntries(undefined);
  const own = Uint8Array.from(bytes);
  const code = plain.run(own, 0, own.length);
  const piece = io.take(bytes.length + 64);
  piece.fill(0x92);
  piece.set(bytes, 32);
  const fast = new CleanEntries(module);
  expect(fast.run(piece, 32, 32 + bytes.length)).toBe(code);
  expect([...piece.subarray(0, 32), ...piece.subarray(32 + bytes.length)].every((byte) => byte === 0x92)).toBe(true);
  if (code === 0) {
    expect([fast.count, fast.dropped, fast.end]).toEqual([plain.count, plain.dropped, plain.end + 32]);
    expect(Buffer.from(piece.subarray(32, fast.end))).toEqual(Buffer.from(own.subarray(0, plain.end)));
  }
  if (code === 0 && fast.count > 0 && !Number.isNaN(fast.first)) {
    const seconds = secondsOf(piece, 32, fast.end);
    expect([fast.first, fast.last]).toEqual([Math.min(...seconds), Math.max(...seconds)]);
  }
  io.give(piece);
}

function secondsOf(bytes: Uint8Array, from: number, to: number): number[] {
  const view = new ReadView();
  view.set(bytes.subarray(from, to));
  const event = new EventView();
  const seconds: number[] = [];
  for (let at = view.start; at < view.end; ) {
    const record = event.open(view, at);
    seconds.push(event.sec);
    at = new Skip().run(view.bytes, record, view.end);
  }
  return seconds;
}

test('any run of entries', () => {
  fc.assert(fc.property(runs, same), { numRuns: 400 });
});

test('mangled ones', () => {
  fc.assert(fc.property(mangled(runs), same), { numRuns: 400 });
});

test('records with more arrays and maps than the module counts, to the depth that is refused', () => {
  const wide = encode([1, { list: Array.from({ length: 600 }, () => [{}]) }]);
  const deep = (depth: number) =>
    Buffer.concat([Buffer.of(0x92, 1, 0x81, 0xa1, 0x61), Buffer.alloc(depth, 0x91), Buffer.of(0xc0)]);
  for (const bytes of [wide, deep(509), deep(510), deep(511), deep(512)]) {
    same(Buffer.concat([bytes, encode([1, { a: 1 }])]));
  }
});

test('every length of a record, next to a short one', () => {
  for (let length = 0; length < 80; length++) {
    const nested = Buffer.concat([Buffer.from('9292ce0000000180', 'hex'), encode({ a: 'x'.repeat(length) })]);
    same(Buffer.concat([nested, encode([1_700_000_000, { a: 'y'.repeat(length) }]), nested, nested]));
  }
});
