// Inflating by a stream's handle does what zstdDecompressSync does, frame by frame.
import { constants, createZstdCompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Unzstd } from '../../src/forward/unzstd.ts';

const unzstd = new Unzstd();
const output = new Uint8Array(300_000);
const options = { info: true, finishFlush: constants.ZSTD_e_flush } as const;
/** A frame that says nothing: its magic, a length of 5, 5 bytes. */
const skippable = Buffer.from('502a4d18050000000102030405', 'hex');

function reference(input: Uint8Array): string {
  const frames: Buffer[] = [];
  try {
    for (let rest = input; rest.length > 0; ) {
      const { buffer, engine } = zstdDecompressSync(rest, options) as unknown as {
        buffer: Buffer;
        engine: { bytesWritten: number };
      };
      frames.push(buffer);
      if (engine.bytesWritten === 0) {
        return 'broken';
      }
      rest = rest.subarray(engine.bytesWritten);
    }
    return Buffer.concat(frames).toString('latin1');
  } catch {
    return 'broken';
  }
}

function result(input: Uint8Array, room = output): string {
  const length = unzstd.run(input, room);
  return typeof length === 'string' ? length : Buffer.from(room.subarray(0, length)).toString('latin1');
}

/** A frame that does not say how long it is: what a stream makes. */
async function streamed(bytes: Uint8Array): Promise<Buffer> {
  const stream = createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  stream.write(bytes.subarray(0, bytes.length / 2));
  await new Promise<void>((resolve) => stream.flush(() => resolve()));
  stream.end(bytes.subarray(bytes.length / 2));
  return Buffer.concat(await stream.toArray());
}

test('this Node has what it needs', () => {
  expect(unzstd.supported).toBe(true);
});

test('any data, one frame or several, cut, mangled, rubbish behind: as zstdDecompressSync, one after the other', async () => {
  const data = fc
    .uint8Array({ maxLength: 3000 })
    .chain((bytes) => fc.constantFrom(1, 80).map((times) => Buffer.concat(Array(times).fill(bytes))));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(data, fc.boolean()), { minLength: 1, maxLength: 3 }),
      fc.constantFrom('whole', 'zeros', 'skippable', 'rubbish', 'cut', 'mangled'),
      fc.nat(),
      async (parts, harm, at) => {
        const frames = parts.map(([part, stream]) => (stream ? streamed(part) : zstdCompressSync(part)));
        const whole = Buffer.concat(await Promise.all(frames));
        const place = at % whole.length;
        const input = {
          whole,
          zeros: Buffer.concat([whole, Buffer.alloc(3)]),
          skippable: Buffer.concat([skippable, whole, skippable]),
          rubbish: Buffer.concat([whole, Buffer.from('rubbish')]),
          cut: whole.subarray(0, place),
          mangled: Buffer.from(whole.map((byte, index) => (index === place ? byte ^ 0x55 : byte))),
        }[harm];
        const wanted = reference(input);
        fc.pre(wanted.length < output.length);
        expect(result(input) === wanted).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});

test('what does not fit is large, not one byte more is written, and the next is inflated again', () => {
  const input = zstdCompressSync(Buffer.alloc(5000, 'x'));
  const room = new Uint8Array(6000);
  expect(unzstd.run(input, room.subarray(0, 5000))).toBe('large');
  expect(unzstd.run(input, room.subarray(0, 100))).toBe('large');
  expect(room.subarray(5000).every((byte) => byte === 0)).toBe(true);
  expect(unzstd.run(input, room.subarray(0, 5001))).toBe(5000);
});
