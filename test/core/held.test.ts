// Unfinished bytes: what is held is what was given, memory is kept while more is to come and given back between messages.
import { expect, test } from 'vitest';
import { Held, UnfinishedBytes } from '../../src/core/held.ts';

function bytes(length: number, first = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (first + i) & 0xff);
}

test('what is appended stands there, whatever grows, shifts or is dropped in between', () => {
  const held = new Held(new UnfinishedBytes(1 << 20), () => expect.unreachable());
  held.append(bytes(100), 0, 100);
  held.append(bytes(20_000, 100), 0, 20_000);
  expect(held.bytes.subarray(0, held.length)).toEqual(bytes(20_100));
  held.shift(50);
  expect(held.bytes.subarray(0, held.length)).toEqual(bytes(20_050, 50));
  held.clear();
  held.append(bytes(300, 7), 10, 20);
  expect(held.bytes.subarray(0, held.length)).toEqual(bytes(10, 17));
});

test('a large buffer stays while more is to come, and goes when a message ends', () => {
  const shared = new UnfinishedBytes(1 << 20);
  const held = new Held(shared, () => expect.unreachable());
  held.append(bytes(20_000), 0, 20_000);
  const capacity = shared.used;
  held.clear();
  expect(shared.used).toBe(capacity);
  held.append(bytes(20_000), 0, 10_000);
  expect(shared.used).toBe(capacity);
  held.trim();
  expect(shared.used).toBe(capacity);
  held.shift(10_000);
  expect(shared.used).toBe(0);
  held.append(bytes(100), 0, 100);
  held.shift(100);
  expect(shared.used).toBe(256);
  held.release();
  expect(shared.used).toBe(0);
});

test('what is lent counts until it is given back, stays as it is, and cannot be taken away', () => {
  const shared = new UnfinishedBytes(50_000);
  let lost = false;
  const held = new Held(shared, () => {
    lost = true;
  });
  held.append(bytes(20_100), 0, 20_100);
  const before = shared.used;
  const lent = held.lend(20_000);
  expect(held.bytes.subarray(0, held.length)).toEqual(bytes(100, 20_000));
  expect(shared.used).toBe(before + held.capacity);
  held.append(bytes(40_000), 0, 40_000);
  expect(lost).toBe(true);
  expect(lent.subarray(0, 20_000)).toEqual(bytes(20_000));
  expect(shared.used).toBe(before);
  shared.giveLent(lent);
  expect(shared.used).toBe(0);
});

test('where the bound is spent, who holds most loses it', () => {
  const shared = new UnfinishedBytes(10_000);
  let lost = '';
  const small = new Held(shared, () => {
    lost += 'small';
  });
  const large = new Held(shared, () => {
    lost += 'large';
  });
  large.append(bytes(8_000), 0, 8_000);
  small.append(bytes(3_000), 0, 3_000);
  expect(lost).toBe('large');
  expect(large.length).toBe(0);
  expect(small.length).toBe(3_000);
  expect(shared.used).toBe(3_000);
});

test('a copy of what is held is one of its own', () => {
  const held = new Held(new UnfinishedBytes(1 << 20), () => expect.unreachable());
  held.append(bytes(10), 0, 10);
  const copy = held.bytes.slice(0, 10);
  held.shift(5);
  expect(copy).toEqual(bytes(10));
});
