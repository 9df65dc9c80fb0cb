// The frames and messages of the live stream, there and back.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type BlockNumbers,
  blockCount,
  blockEnd,
  blockPosition,
  blockSize,
  blockTag,
  encodePlace,
  frameHead,
  frameHeadSize,
  type Place,
  readClientMessage,
  readFrame,
  readServerMessage,
  writeBlock,
} from '../../src/live/protocol.ts';

interface Block extends BlockNumbers {
  readonly place: Place;
  readonly tag: Uint8Array;
  readonly entries: Uint8Array;
}

function encode(dropped: number, blocks: readonly Block[]): Uint8Array {
  const places = blocks.map(({ place }) => encodePlace(place));
  const size = blocks.reduce(
    (sum, { tag, entries }, n) => sum + blockSize(places[n]?.length ?? 0, tag.length, entries.length),
    0,
  );
  const bytes = new Uint8Array(frameHeadSize + size);
  bytes.set(frameHead(dropped, size));
  const view = new DataView(bytes.buffer);
  let at = frameHeadSize;
  for (const [n, block] of blocks.entries()) {
    at = writeBlock(view, at, block, places[n] ?? new Uint8Array(), block.tag, block.entries);
  }
  expect(at).toBe(bytes.length);
  return bytes;
}

const uint48 = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const place: fc.Arbitrary<Place> = fc.record({
  label: fc.option(text, { nil: undefined }),
  matched: fc.boolean(),
  listener: text,
  address: text,
  port: fc.integer({ min: 0, max: 65_535 }),
  name: fc.option(text, { nil: undefined }),
});
const block: fc.Arbitrary<Block> = fc.record({
  position: uint48,
  seq: uint48,
  count: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  arrived: uint48,
  place,
  tag: fc.uint8Array({ maxLength: 40 }),
  entries: fc.uint8Array({ maxLength: 100 }),
});
const frame = fc.record({ dropped: uint48, blocks: fc.array(block, { maxLength: 5 }) });

describe('frames', () => {
  test('what is written is read', () => {
    fc.assert(
      fc.property(frame, ({ dropped, blocks }) => {
        expect(readFrame(encode(dropped, blocks))).toEqual({ dropped, blocks });
      }),
    );
  });

  test('a frame that lies anywhere in its buffer is read', () => {
    fc.assert(
      fc.property(frame, fc.integer({ min: 0, max: 9 }), ({ dropped, blocks }, shift) => {
        const bytes = encode(dropped, blocks);
        const padded = new Uint8Array(bytes.length + shift + 7);
        padded.set(bytes, shift);
        expect(readFrame(padded.subarray(shift, shift + bytes.length))).toEqual({ dropped, blocks });
      }),
    );
  });

  test('a frame cut anywhere is none', () => {
    fc.assert(
      fc.property(frame, ({ dropped, blocks }) => {
        const bytes = encode(dropped, blocks);
        for (let end = 0; end < bytes.length; end++) {
          expect(readFrame(bytes.subarray(0, end))).toBeUndefined();
        }
      }),
      { numRuns: 20 },
    );
  });

  test('mangled and arbitrary bytes give a frame within the bytes, or none, and never throw', () => {
    fc.assert(
      fc.property(frame, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), ({ dropped, blocks }, edits) => {
        const bytes = encode(dropped, blocks);
        for (const [at, byte] of edits) {
          bytes[at % bytes.length] = byte;
        }
        const read = readFrame(bytes);
        const inside = (read?.blocks ?? []).reduce((sum, { tag, entries }) => sum + tag.length + entries.length, 0);
        expect(inside).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 2000 },
    );
  });

  test('another version or kind is no frame', () => {
    const bytes = encode(0, []);
    expect(readFrame(bytes)).toEqual({ dropped: 0, blocks: [] });
    expect(readFrame(Uint8Array.from(bytes, (byte, at) => (at === 0 ? 2 : byte)))).toBeUndefined();
    expect(readFrame(Uint8Array.from(bytes, (byte, at) => (at === 1 ? 9 : byte)))).toBeUndefined();
  });

  test('texts of a place are cut, so that a peer cannot make them break the frame', () => {
    const long = 'ü'.repeat(100_000);
    const one = { label: long, matched: true, listener: long, address: long, port: 1, name: long };
    const read = readFrame(
      encode(0, [
        { position: 0, seq: 0, count: 1, arrived: 0, place: one, tag: new Uint8Array(), entries: new Uint8Array() },
      ]),
    );
    expect(read?.blocks[0]?.place.name).toBe('ü'.repeat(2048));
  });

  test('a block is passed over by its head alone', () => {
    fc.assert(
      fc.property(block, block, (first, second) => {
        const bytes = encode(0, [first, second]);
        const view = new DataView(bytes.buffer);
        const next = blockEnd(view, frameHeadSize);
        expect([blockPosition(view, next), blockCount(view, next)]).toEqual([second.position, second.count]);
        expect(blockTag(view, next)).toEqual(second.tag);
        expect(blockEnd(view, next)).toBe(bytes.length);
      }),
    );
  });
});

describe('messages', () => {
  test.each([
    { op: 'pause' },
    { op: 'start' },
    { op: 'start', since: 'now' },
    { op: 'start', since: 0, stream: 'a', match: 'docker.**' },
  ])('a client may say %j', (message) => {
    expect(readClientMessage(JSON.stringify(message))).toEqual(message);
  });

  test.each([
    '',
    '{',
    'null',
    '[]',
    '7',
    '{}',
    '{"op":"stop"}',
    '{"op":"start","since":-1}',
    '{"op":"start","since":1.5}',
    '{"op":"start","since":"then"}',
    '{"op":"start","match":7}',
    '{"op":"start","stream":{}}',
    '{"op":["start"]}',
  ])('a client may not say %j', (message) => {
    expect(readClientMessage(message)).toBeUndefined();
  });

  test('what is not known of a client message is left out', () => {
    expect(readClientMessage('{"op":"start","__proto__":{"since":1},"more":1}')).toEqual({ op: 'start' });
  });

  test('a client passes over what it does not know', () => {
    expect(readServerMessage('{"type":"news"}')).toBeUndefined();
    expect(readServerMessage('no json')).toBeUndefined();
    expect(readServerMessage('{"type":"error","code":"MATCH_INVALID","text":"x"}')).toMatchObject({ type: 'error' });
  });
});
