import { decode, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { setFields } from '../../src/msgpack/edit.ts';

const text = new TextEncoder();

test('a field that is there gets the new value in its place, another goes to the end', () => {
  const names = fc.string({ minLength: 1, maxLength: 3 });
  const records = fc.array(fc.dictionary(names, fc.string({ maxLength: 300 }), { maxKeys: 40 }), { maxLength: 5 });
  const fields = fc.dictionary(names, fc.string({ maxLength: 20 }), { maxKeys: 3 });
  fc.assert(
    fc.property(records, fields, (all, set) => {
      const entries = Uint8Array.from(Buffer.concat(all.map((record) => encode([7, record]))));
      const edits = Object.entries(set).map(([name, value]) => ({ name: text.encode(name), value: encode(value) }));
      const edited = setFields(entries, edits);
      const wanted = Buffer.concat(all.map((record) => encode([7, { ...record, ...set }])));
      // Keys that look like numbers change places in an object: what the bytes mean is compared.
      expect(decodeAll(edited)).toEqual(decodeAll(wanted));
      expect(edited.length).toBe(wanted.length);
    }),
    { numRuns: 500 },
  );
});

test('the order of fields stays', () => {
  const entries = Uint8Array.from(encode([7, { b: 1, a: 2, c: 3 }]));
  const edited = setFields(entries, [
    { name: text.encode('z'), value: encode(9) },
    { name: text.encode('a'), value: encode(8) },
  ]);
  expect(Buffer.from(edited).toString('hex')).toBe(
    Buffer.from(encode([7, { b: 1, a: 8, c: 3, z: 9 }])).toString('hex'),
  );
});

test('the fifteenth and sixteenth field change the form of the map', () => {
  const record = Object.fromEntries(Array.from({ length: 15 }, (_, i) => [`k${i}`, i]));
  const edited = setFields(Uint8Array.from(encode([7, record])), [{ name: text.encode('z'), value: encode(1) }]);
  expect(Buffer.from(edited)).toEqual(Buffer.from(encode([7, { ...record, z: 1 }])));
});

function decodeAll(entries: Uint8Array): unknown[] {
  const all: unknown[] = [];
  const bytes = Uint8Array.of(0xdd, 0, 0, 0, 0, ...entries);
  for (let count = 1; ; count++) {
    bytes[4] = count;
    try {
      all.splice(0, all.length, ...(decode(bytes) as unknown[]));
      return all;
    } catch (error) {
      if (count > 10 || entries.length === 0) {
        return entries.length === 0 ? [] : [error];
      }
    }
  }
}
