// Msgpack values to try things on: as an encoder writes them, and cut or with a byte changed.
import { ExtData, encode } from '@msgpack/msgpack';
import fc from 'fast-check';

/** Any value that msgpack and the forward protocol know, EventTimes included. */
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ minLength: 200, maxLength: 300 }),
    fc.maxSafeInteger(),
    fc.integer({ min: -40, max: 300 }),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 40 }),
    fc.uint8Array({ minLength: 8, maxLength: 8 }).map((data) => new ExtData(0, data)),
    fc.uint8Array({ maxLength: 20 }).map((data) => new ExtData(0, data)),
    fc.array(tie('value'), { maxLength: 20 }),
    fc.dictionary(fc.string({ maxLength: 10 }), tie('value'), { maxKeys: 20 }),
  ),
}));

/** The bytes of one value. */
export const encoded: fc.Arbitrary<Uint8Array> = values.value.map((value) => Uint8Array.from(encode(value)));

/** The bytes of one record: a map with keys that are strings. */
export const encodedRecord: fc.Arbitrary<Uint8Array> = fc
  .dictionary(fc.string({ maxLength: 12 }), values.value, { maxKeys: 24 })
  .map((record) => Uint8Array.from(encode(record)));

/** The bytes of one time. */
export const encodedTime: fc.Arbitrary<Uint8Array> = fc
  .oneof(
    fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    fc.integer({ min: -100, max: 200 }),
    fc.uint8Array({ minLength: 8, maxLength: 8 }).map((data) => new ExtData(0, data)),
  )
  .map((time) => Uint8Array.from(encode(time)));

/** `bytes` with some of them changed, left out or doubled. */
export function mangled(bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(
      bytes,
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.constantFrom('set', 'cut', 'add')), {
        maxLength: 4,
      }),
    )
    .map(([whole, changes]) => {
      let out = [...whole];
      for (const [at, byte, kind] of changes) {
        const place = out.length === 0 ? 0 : at % out.length;
        if (kind === 'set') {
          out[place] = byte;
        } else if (kind === 'add') {
          out.splice(place, 0, byte);
        } else {
          out = out.slice(0, place);
        }
      }
      return Uint8Array.from(out);
    });
}
