// The client's side of the handshake: what the real Fluentd sends to the same servers, what hostile servers may send, and ours against our
// own server.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { decode, encode } from '@msgpack/msgpack';
import { describe, expect, test } from 'vitest';
import { UnfinishedBytes } from '../../src/core/held.ts';
import { createAuthenticator } from '../../src/forward/authenticator.ts';
import { ClientHandshake, type ClientSettings, type ClientStep } from '../../src/forward/client-handshake.ts';
import { ServerHandshake } from '../../src/forward/server-handshake.ts';
import { hex } from './harness.ts';

interface Result {
  readonly sent: string;
  readonly last: ClientStep;
}

/** Feeds `bytes` cut at `cuts` until the handshake is over. */
function feed(settings: ClientSettings, bytes: Uint8Array, cuts: readonly number[] = []): Result {
  const client = new ClientHandshake(settings);
  let sent = '';
  let last: ClientStep = { state: 'waiting', send: undefined };
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    if (to > from && last.state === 'waiting') {
      last = client.read(bytes, from, to);
      sent += last.state === 'waiting' && last.send !== undefined ? hex(last.send) : '';
    }
    from = to;
  }
  // Where HELO and PONG come in one read, the PING is no longer asked for.
  return { sent, last };
}

/** Any cut behind the HELO leads to the same end; returns what it is. */
function feedCut(settings: ClientSettings, bytes: Uint8Array, heloEnd: number): Result {
  const whole = feed(settings, bytes, [heloEnd]);
  for (let at = 1; at < bytes.length; at++) {
    expect(
      feed(
        settings,
        bytes,
        [at, heloEnd].sort((a, b) => a - b),
      ),
    ).toEqual(whole);
  }
  expect(feed(settings, bytes, [...bytes.keys()])).toEqual(whole);
  return whole;
}

interface OutCase {
  readonly name: string;
  readonly config: string;
  readonly connections: readonly {
    readonly received_hex: string;
    readonly server_sent_hex: string;
    readonly messages: readonly { readonly ping?: unknown; readonly salt_hex?: string }[];
  }[];
}

const { cases } = JSON.parse(readFileSync(new URL('../vectors/out_forward.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly OutCase[];
};
const secured = cases.filter(({ config }) => config.includes('<security>'));

const ends: Readonly<Record<string, string>> = {
  'security, server refuses': 'PONG_REFUSED: shared_key mismatch',
  'security, server has our own hostname': 'PONG_OWN_NAME: ',
  'security, PONG of 4 elements': 'PONG_INVALID: ',
  'security, not a HELO': 'HELO_INVALID: ',
};

describe("Fluentd's out_forward 1.19.3", () => {
  test('there are cases', () => expect(secured.length).toBeGreaterThanOrEqual(7));

  test.each(secured.map((one) => [one.name, one] as const))('%s', (name, { config, connections }) => {
    const [connection] = connections;
    const server = Uint8Array.from(Buffer.from(connection?.server_sent_hex ?? '', 'hex'));
    const salt = Buffer.from(connection?.messages[0]?.salt_hex ?? '', 'hex').toString();
    const option = (key: string) => new RegExp(`^${key} (.*)$`, 'm').exec(config)?.[1];
    const keys = [...config.matchAll(/^shared_key (.*)$/gm)].map(([, key]) => key ?? '');
    const settings = {
      selfHostname: option('self_hostname') ?? '',
      sharedKey: keys.at(-1) ?? '',
      username: option('username'),
      password: option('password'),
      random: () => Buffer.from(salt, 'hex'),
    };
    const { last, sent } = feedCut(settings, server, sizeOfFirst(server));
    expect(connection?.received_hex.startsWith(sent)).toBe(true);
    expect(sent === '').toBe(name === 'security, not a HELO');
    const expected = ends[name];
    if (expected !== undefined) {
      expect(last.state === 'failed' && `${last.fault}: ${last.reason}`).toBe(expected);
    } else {
      expect(last).toMatchObject({ state: 'established', hostname: 'server.example' });
      expect(last.state === 'established' && last.keepalive).toBe(!name.includes('keepalive false'));
    }
  });
});

function sizeOfFirst(bytes: Uint8Array): number {
  for (let end = 1; end <= bytes.length; end++) {
    try {
      decode(bytes.subarray(0, end));
      return end;
    } catch {
      // not whole yet
    }
  }
  return bytes.length;
}

const settings: ClientSettings = {
  selfHostname: 'client',
  sharedKey: 'k',
  username: undefined,
  password: undefined,
  random: () => new Uint8Array(16),
};
const salt = '0'.repeat(32);
const helo = encode(['HELO', { nonce: Buffer.from('n'.repeat(16)), auth: '', keepalive: true }]);

function proof(...parts: readonly string[]): string {
  return createHash('sha512').update(parts.join('')).digest('hex');
}

describe('a server that is not what it should be', () => {
  const good = proof(salt, 'server', 'n'.repeat(16), 'k');

  test('one that has the key is taken, whatever stands behind its PONG', () => {
    const bytes = Uint8Array.from(Buffer.concat([helo, encode(['PONG', true, '', 'server', good]), Buffer.of(0xc0)]));
    const { last } = feed(settings, bytes, [helo.length]);
    expect(last).toEqual({ state: 'established', next: bytes.length - 1, keepalive: true, hostname: 'server' });
  });

  test.each([
    ['a HELO that is a string', encode('HELO'), 'HELO_INVALID'],
    ['a HELO of one element', encode(['HELO']), 'HELO_INVALID'],
    ['a HELO without options', encode(['HELO', null]), 'HELO_INVALID'],
    ['a HELO whose options are an array', encode(['HELO', ['nonce', 'n']]), 'HELO_INVALID'],
    ['a HELO without a nonce', encode(['HELO', { auth: '' }]), 'HELO_INVALID'],
    ['a HELO whose nonce is a number', encode(['HELO', { nonce: 5 }]), 'HELO_INVALID'],
    ['a HELO with an empty nonce', encode(['HELO', { nonce: '' }]), 'HELO_INVALID'],
    ['a byte that is no msgpack', Uint8Array.of(0xc1), 'HELO_INVALID'],
    ['an ack', encode({ ack: 'x' }), 'HELO_INVALID'],
    [
      'a HELO that never ends',
      Buffer.concat([
        Buffer.of(0x92, 0xa4),
        Buffer.from('HELO'),
        Buffer.of(0xdb, 0xff, 0xff, 0xff, 0xff),
        Buffer.alloc(5000),
      ]),
      'TOO_LARGE',
    ],
    [
      'an array that claims 4 GB',
      Buffer.concat([Buffer.of(0xdd, 0xff, 0xff, 0xff, 0xff), Buffer.alloc(5000)]),
      'TOO_LARGE',
    ],
    ['a HELO larger than one may be', encode(['HELO', { nonce: 'n', more: 'x'.repeat(5000) }]), 'TOO_LARGE'],
  ])('%s', (_, bytes, fault) => {
    const whole = feed(settings, Uint8Array.from(bytes));
    expect(whole).toEqual({ sent: '', last: { state: 'failed', fault, reason: '' } });
    for (const at of [1, 2, 7, 100, 4095, 4096, 4097].filter((one) => one < bytes.length)) {
      expect(feed(settings, Uint8Array.from(bytes), [at])).toEqual(whole);
    }
  });

  test.each([
    ['a PONG that is a string', encode('PONG?'), 'PONG_INVALID'],
    ['a PONG of four elements', encode(['PONG', true, '', 'server']), 'PONG_INVALID'],
    ['a PONG of six elements', encode(['PONG', true, '', 'server', good, '']), 'PONG_INVALID'],
    ['another HELO', helo, 'PONG_INVALID'],
    ['a host that is a number', encode(['PONG', true, '', 5, good]), 'PONG_INVALID'],
    ['a number where true should be', encode(['PONG', 1, '', 'server', good]), 'PONG_REFUSED'],
    [
      'a proof with another key',
      encode(['PONG', true, '', 'server', proof(salt, 'server', 'n'.repeat(16), 'x')]),
      'PONG_KEY_MISMATCH',
    ],
    [
      'a proof with another salt',
      encode(['PONG', true, '', 'server', proof('other', 'server', 'n'.repeat(16), 'k')]),
      'PONG_KEY_MISMATCH',
    ],
    ['a proof for another name', encode(['PONG', true, '', 'serve', good]), 'PONG_KEY_MISMATCH'],
    ['a proof in capitals', encode(['PONG', true, '', 'server', good.toUpperCase()]), 'PONG_KEY_MISMATCH'],
    ['half a proof', encode(['PONG', true, '', 'server', good.slice(0, 64)]), 'PONG_KEY_MISMATCH'],
    ['no proof', encode(['PONG', true, '', 'server', null]), 'PONG_KEY_MISMATCH'],
    [
      'our own proof, sent back',
      encode(['PONG', true, '', 'client', proof(salt, 'client', 'n'.repeat(16), 'k')]),
      'PONG_OWN_NAME',
    ],
    [
      'a PONG that never ends',
      Buffer.concat([Buffer.of(0x95, 0xdb, 0xff, 0xff, 0xff, 0xff), Buffer.alloc(5000)]),
      'TOO_LARGE',
    ],
  ])('%s', (_, pong, fault) => {
    const bytes = Uint8Array.from(Buffer.concat([helo, pong]));
    expect(feed(settings, bytes, [helo.length]).last).toMatchObject({ state: 'failed', fault });
  });

  test('a PONG in the same read as the HELO is checked like any other', () => {
    const refused = Uint8Array.from(Buffer.concat([helo, encode(['PONG', false, 'no', '', ''])]));
    expect(feed(settings, refused).last).toEqual({ state: 'failed', fault: 'PONG_REFUSED', reason: 'no' });
  });

  test('what it says is fit to be shown', () => {
    const pong = encode(['PONG', false, `\u001b[2J\u202e${'x'.repeat(1000)}`, '', '']);
    const { last } = feed(settings, Uint8Array.from(Buffer.concat([helo, pong])), [helo.length]);
    expect(last.state === 'failed' && last.reason).toMatch(/^\ufffd\[2J\ufffdx{200,255}$/);
  });
});

describe('both ends', () => {
  async function meet(clientKey: string, password: string | undefined) {
    const authenticator = await createAuthenticator({
      self_hostname: 'server',
      shared_key: 'new',
      shared_keys: ['old'],
      user_auth: true,
      allow_anonymous_source: true,
      user: [{ username: 'alice', password: 'wonderland' }],
      client: [],
    });
    const random = (size: number) => new Uint8Array(size).fill(7);
    const unfinished = new UnfinishedBytes(1 << 20);
    const server = new ServerHandshake(
      { authenticator, keepalive: true, limit: 4096, unfinished, random },
      '192.0.2.1',
      () => undefined,
    );
    const client = new ClientHandshake({ ...settings, random, sharedKey: clientKey, username: 'alice', password });
    const first = client.read(server.helo, 0, server.helo.length);
    const ping = (first.state === 'waiting' && first.send) || new Uint8Array(0);
    const result = server.read(ping, 0, ping.length);
    server.release();
    expect(unfinished.used).toBe(0);
    const pong = result?.reply ?? new Uint8Array(0);
    return { result, end: client.read(pong, 0, pong.length) };
  }

  test.each(['new', 'old'])('agree on the key "%s", of which the server takes two', async (key) => {
    const { result, end } = await meet(key, 'wonderland');
    expect(result).toMatchObject({ ok: true, user: 'alice', hostname: 'client', json: false });
    expect(end).toMatchObject({ state: 'established', hostname: 'server' });
  });

  test.each([
    ['other', 'wonderland', 'FORWARD_KEY_MISMATCH', 'shared_key mismatch'],
    ['new', 'looking-glass', 'FORWARD_USER_REFUSED', 'username/password mismatch'],
    ['new', undefined, 'FORWARD_USER_REFUSED', 'username/password mismatch'],
  ])('do not agree on the key "%s" and the password "%s"', async (key, password, code, reason) => {
    const { result, end } = await meet(key, password);
    expect(result).toMatchObject({ ok: false, code });
    expect(end).toEqual({ state: 'failed', fault: 'PONG_REFUSED', reason });
  });
});
