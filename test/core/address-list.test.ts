// Addresses and networks as people write them, and the ways an address may come.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AddressList } from '../../src/core/address-list.ts';

function listOf(...texts: string[]): AddressList {
  const list = new AddressList();
  for (const text of texts) {
    expect(list.add(text)).toBe(true);
  }
  return list;
}

test.each([
  ['172.16.0.0/12', '172.31.255.255', true],
  ['172.16.0.0/12', '172.32.0.0', false],
  ['10.1.2.3/8', '10.200.0.1', true],
  ['10.0.0.0/255.0.0.0', '10.9.9.9', true],
  ['10.0.0.0/255.0.0.0', '11.0.0.1', false],
  ['127.0.0.1', '127.0.0.1', true],
  ['127.0.0.1', '127.0.0.2', false],
  ['0.0.0.0/0', '203.0.113.9', true],
  ['::1', '::1', true],
  ['::1', '0:0:0:0:0:0:0:1', true],
  ['fd00::/8', 'FDab::1', true],
  ['fe80::/10', 'fe80::1%eth0', true],
  ['fd00::/8', 'fe80::1', false],
] as const)('%s and %s: %s', (network, address, inside) => {
  expect(listOf(network).has(address)).toBe(inside);
});

test.each(['::ffff:172.16.0.1', '::ffff:ac10:1', '0:0:0:0:0:ffff:172.16.0.1', '::FFFF:AC10:0001'])(
  'an IPv4 address is the same one as %s',
  (mapped) => {
    expect(listOf('172.16.0.0/12').has(mapped)).toBe(true);
    expect(listOf('10.0.0.0/8').has(mapped)).toBe(false);
    expect(listOf(mapped).has('172.16.0.1')).toBe(true);
    expect(listOf('::ffff:172.16.0.0/108').has('172.31.0.1')).toBe(true);
  },
);

test('all of IPv6 is not IPv4, and the other way round', () => {
  for (const address of ['10.0.0.1', '::ffff:10.0.0.1']) {
    expect(listOf('::/0').has(address)).toBe(false);
  }
  expect(listOf('0.0.0.0/0').has('::1')).toBe(false);
});

test.each([
  '',
  'xyz',
  '10.0.0',
  '10.0.0.0/33',
  '::1/129',
  '10.0.0.0/8/8',
  '10.0.0.0/',
  '10.0.0.0/-1',
  '10.0.0.0/255.0.255.0',
  '::1/255.0.0.0',
  '1.2.3.4:80',
])('"%s" is neither an address nor a network', (text) => {
  const list = new AddressList();
  expect(list.add(text)).toBe(false);
  expect(list.has(text)).toBe(false);
});

test('a network holds what has its first bits, and nothing else', () => {
  const number = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const text = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
  fc.assert(
    fc.property(number, number, fc.integer({ min: 0, max: 32 }), (network, address, length) => {
      const same = length === 0 || (network ^ address) >>> (32 - length) === 0;
      const list = listOf(`${text(network)}/${length}`);
      expect(list.has(text(address))).toBe(same);
      expect(list.has(`::ffff:${text(address)}`)).toBe(same);
    }),
  );
});
