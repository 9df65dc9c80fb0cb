// Addresses, and which Host and Origin are let in.
import { describe, expect, test } from 'vitest';
import { addressText, isLoopback, isWildcard, pageUrl, parseAddress } from '../../src/http/address.ts';
import { Gate } from '../../src/http/gate.ts';

describe('addresses', () => {
  test.each([
    ['8081', '127.0.0.1', 8081],
    [':8081', '127.0.0.1', 8081],
    ['0.0.0.0', '0.0.0.0', 8080],
    ['0.0.0.0:80', '0.0.0.0', 80],
    ['localhost:9', 'localhost', 9],
    ['[::1]:8080', '::1', 8080],
    ['::1', '::1', 8080],
    ['[::]', '::', 8080],
  ])('%s is %s, port %d', (text, host, port) => {
    expect(parseAddress(text)).toEqual({ host, port });
  });

  test.each(['', 'a b', 'a:b', '1:70000', '[x]:1', '[1.2.3.4]:5', 'http://a', 'a:1:2', 'a/b', 'a:', 'ü:1'])(
    '%j is none',
    (text) => {
      expect(parseAddress(text)).toBeUndefined();
    },
  );

  test('what only this machine can reach', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1', 'localhost', 'a.localhost', '::ffff:127.0.0.1'].map(isLoopback)).toEqual(
      Array(6).fill(true),
    );
    expect(['0.0.0.0', '::', '10.0.0.1', 'localhost.evil.com', '128.0.0.1', 'notlocalhost'].map(isLoopback)).toEqual(
      Array(6).fill(false),
    );
  });

  test('what stands for all addresses', () => {
    expect(['0.0.0.0', '::', '0', '::0', '0:0:0:0:0:0:0:0', '::ffff:0.0.0.0'].map(isWildcard)).toEqual(
      Array(6).fill(true),
    );
    expect(['127.0.0.1', '::1', '10.0.0.0', '0.0.0.1'].map(isWildcard)).toEqual(Array(4).fill(false));
  });

  test('as text and as URL', () => {
    expect(addressText({ host: '::1', port: 1 })).toBe('[::1]:1');
    expect(pageUrl({ host: '0.0.0.0', port: 8080 })).toBe('http://localhost:8080/');
    expect(pageUrl({ host: '10.0.0.1', port: 80 })).toBe('http://10.0.0.1:80/');
  });
});

describe('Host', () => {
  const gate = (host: string, hosts: string[] = []) =>
    new Gate({ address: { host, port: 8080 }, hosts, hostname: 'Node7' });

  test.each([
    'localhost',
    'localhost:8080',
    'LOCALHOST:1',
    'x.localhost',
    '127.0.0.1:8080',
    '[::1]:8080',
    'localhost.:8080',
  ])('on a loopback address %s is ours', (host) => {
    expect(gate('127.0.0.1').allowsHost(host)).toBe(true);
  });

  test.each([
    undefined,
    '',
    'evil.com',
    'evil.com:8080',
    '192.0.2.1:8080',
    'node7',
    'localhost.evil.com',
    'localhost@evil.com',
    'a b',
    '[::1',
    '127.0.0.1:x',
    'localhost:8080, evil.com',
    '127.0.0.1.evil.com',
  ])('on a loopback address %s is not', (host) => {
    expect(gate('127.0.0.1').allowsHost(host)).toBe(false);
  });

  test('on all addresses any IP address and the own name are ours, other names are not', () => {
    expect(
      ['192.0.2.1:8080', '[2001:db8::1]:8080', 'node7:8080', 'localhost'].map((host) =>
        gate('0.0.0.0').allowsHost(host),
      ),
    ).toEqual(Array(4).fill(true));
    expect(gate('0.0.0.0').allowsHost('evil.com')).toBe(false);
    expect(gate('192.0.2.1').allowsHost('192.0.2.2')).toBe(false);
    expect(gate('192.0.2.1').allowsHost('192.0.2.1')).toBe(true);
  });

  test('configured names are ours, with any port or with the one they say', () => {
    const named = gate('127.0.0.1', ['Logs.example.com', 'other.example.com:8443']);
    expect(
      ['logs.example.com', 'LOGS.example.com:99', 'other.example.com:8443'].map((host) => named.allowsHost(host)),
    ).toEqual(Array(3).fill(true));
    expect(
      ['x.logs.example.com', 'other.example.com', 'other.example.com:1'].map((host) => named.allowsHost(host)),
    ).toEqual(Array(3).fill(false));
  });
});

describe('Origin', () => {
  const gate = new Gate({ address: { host: '127.0.0.1', port: 8080 }, hosts: [], hostname: 'node7' });

  test.each([undefined, 'http://localhost:8080', 'https://localhost:8080', 'HTTP://LocalHost:8080'])(
    '%s with Host localhost:8080 is ours',
    (origin) => {
      expect(gate.allowsOrigin(origin, 'localhost:8080')).toBe(true);
    },
  );

  test.each([
    'null',
    '',
    'http://evil.com',
    'http://localhost:8081',
    'http://localhost',
    'http://evil.com@localhost:8080',
    'http://localhost:8080/',
    'file://',
    'http://localhost:8080.evil.com',
    'ws://localhost:8080',
  ])('%j with Host localhost:8080 is not', (origin) => {
    expect(gate.allowsOrigin(origin, 'localhost:8080')).toBe(false);
  });
});
