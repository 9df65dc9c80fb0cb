// Fields set by the WebAssembly module and without it: the same bytes of whatever comes, what came is not touched, and memory is given back.
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type FieldEdit, setFields } from '../../src/msgpack/edit.ts';
import { FieldSetter } from '../../src/msgpack/field-setter.ts';
import { io, module } from '../support/twins.ts';
import { encoded } from './arbitrary.ts';
import '../seed.ts';

const text = new TextEncoder();

/** The same bytes in the module's memory, with others around them. */
function inModule(bytes: Uint8Array): { bytes: Uint8Array; free(): void } {
  const piece = io.take(bytes.length + 64);
  piece.fill(0x61);
  piece.set(bytes, 32);
  return { bytes: piece.subarray(32, 32 + bytes.length), free: () => io.give(piece) };
}

const name = fc.constantFrom(
  '',
  'a',
  'addr',
  'address',
  'é',
  'a-name-of-sixteen',
  'n'.repeat(31),
  'n'.repeat(32),
  'n'.repeat(300),
);
const fields = fc.uniqueArray(fc.tuple(name, fc.oneof(fc.string({ maxLength: 40 }), fc.integer(), fc.constant(null))), {
  maxLength: 4,
  selector: ([key]) => key,
});
const key = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('x', 'log', 'container_name', 'y'.repeat(40)).map((each) => encode(each)) },
  { weight: 2, arbitrary: name.map((each) => encode(each)) },
  fc.constantFrom('c40461646472', 'd90461646472', 'da000461646472').map((hex) => Buffer.from(hex, 'hex')),
  encoded,
);
const record = fc
  .tuple(fc.array(fc.tuple(key, encoded), { maxLength: 18 }), fc.constantFrom(1, 3, 5))
  .map(([pairs, size]) => {
    const n = pairs.length;
    const long = size === 5 ? [0xdf, 0, 0, 0, n] : [0xde, 0, n];
    return Buffer.concat([Buffer.from(size === 1 && n < 16 ? [0x80 + n] : long), ...pairs.flat()]);
  });
const time = fc
  .constantFrom('ce65000000', 'd7006500000000000001', 'c708006500000000000001', '07', 'cf0000000065000000')
  .map((hex) => Buffer.from(hex, 'hex'));
const events = fc.array(
  fc.tuple(time, record).map(([when, what]) => Buffer.concat([Buffer.of(0x92), when, what])),
  { maxLength: 12 },
);

const edits = (list: readonly (readonly [string, unknown])[]): FieldEdit[] =>
  list.map(([key, value]) => ({ name: text.encode(key), value: encode(value) }));

/** What both make of the events. */
function check(fast: FieldSetter, set: readonly FieldEdit[], list: readonly Uint8Array[]): void {
  const bytes = Uint8Array.from(Buffer.concat(list));
  const wanted = Buffer.from(setFields(bytes, set)).toString('hex');
  const inside = inModule(bytes);
  const made = fast.set(inside.bytes, list.length);
  expect(made.buffer === io.buffer).toBe(true);
  expect(Buffer.from(made).toString('hex')).toBe(wanted);
  expect(Buffer.from(inside.bytes).equals(bytes)).toBe(true);
  fast.release();
  // Where they stand in other memory.
  expect(Buffer.from(fast.set(bytes, list.length)).toString('hex')).toBe(wanted);
  fast.release();
  inside.free();
}

test('the same bytes, whatever the events and the fields', () => {
  fc.assert(
    fc.property(events, fields, (list, chosen) => {
      const set = edits(chosen);
      check(new FieldSetter(module, set), set, list);
    }),
    { numRuns: 500 },
  );
});

test('two that take turns, and others that use the same scratch memory, do not disturb each other', () => {
  const [one, two] = [edits([['addr', '10.0.0.1']]), edits([['host', 'web-1.example']])];
  const [first, second] = [new FieldSetter(module, one), new FieldSetter(module, two)];
  const list = [encode([7, { log: 'a' }]), Buffer.from('92ce6500000081a16101', 'hex')];
  for (let turn = 0; turn < 3; turn++) {
    check(first, one, list);
    check(second, two, list);
    module.holds = undefined;
    module.input.fill(0xff);
  }
});

test('many events, all of which have the field already', () => {
  const set = edits([['addr', 'x'.repeat(60)]]);
  check(
    new FieldSetter(module, set),
    set,
    Array.from({ length: 500 }, (_, i) => encode([1_700_000_000, { addr: i, log: 'a' }])),
  );
});

test('a field that stands there many times is there once then', () => {
  const [pair] = [Buffer.from('a161c0', 'hex')];
  const repeated = Buffer.concat([
    Buffer.from('92ce65000000de03e8', 'hex'),
    ...Array.from({ length: 1000 }, () => pair),
  ]);
  const edited = setFields(repeated, edits([['a', 'a long value']]));
  expect(
    Buffer.from(edited).equals(Buffer.concat([Buffer.from('92ce65000000', 'hex'), encode({ a: 'a long value' })])),
  ).toBe(true);
});

test('where the memory has no more room, all is as without the module', () => {
  const set = edits([['addr', 1]]);
  const fast = new FieldSetter(module, set);
  const bytes = Uint8Array.from(encode([1_700_000_000, { log: 'a' }]));
  const { bytes: inside, free } = inModule(bytes);
  const pieces: Uint8Array[] = [];
  for (let size = 1 << 26; size >= 1 << 16; size /= 2) {
    for (let piece = io.find(size); piece !== undefined; piece = io.find(size)) {
      pieces.push(piece);
    }
  }
  const spare = [module.areas.take(1), module.areas.take(1)];
  try {
    const made = fast.set(inside, 1);
    expect(made.buffer === io.buffer).toBe(false);
    expect(Buffer.from(made).equals(setFields(bytes, set))).toBe(true);
  } finally {
    fast.release();
    for (const piece of pieces) {
      io.give(piece);
    }
    for (const area of spare) {
      if (area !== undefined) {
        module.areas.give(area);
      }
    }
    free();
  }
});
