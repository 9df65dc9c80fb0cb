// Who may send and who may not, over real sockets: the allow list, the limits before a key is shown, names, what is said and counted.
import { createHash } from 'node:crypto';
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { networkInterfaces } from 'node:os';
import { PassThrough } from 'node:stream';
import { Decoder, encode } from '@msgpack/msgpack';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { Lines } from '../support/lines.ts';
import { freePort } from '../support/ports.ts';
import { startInput, type TestInput } from './harness.ts';

const seconds = 1_700_000_000;

interface Running extends TestInput {
  readonly port: number;
  /** Codes of the log, in order. */
  codes(): (string | undefined)[];
  readonly lines: Lines;
}

async function withInput(
  body: string,
  run: (input: Running) => Promise<void>,
  emitted?: Parameters<typeof startInput>[1],
) {
  const port = await freePort();
  const stream = new PassThrough();
  const lines = new Lines(stream);
  const log = pino({ level: 'warn' }, stream);
  const input = await startInput(`<source>\n@type forward\nport ${port}\n${body}\n</source>`, emitted, { log });
  const codes = () => lines.text.map((line) => (JSON.parse(line) as { code?: string }).code);
  try {
    await run({ ...input, port, lines, codes });
  } finally {
    await input.stop();
  }
}

async function connect(port: number, host = '127.0.0.1') {
  const socket = net.connect({ port, host, noDelay: true });
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await once(socket, 'connect');
  const replies = new Decoder().decodeStream(socket.iterator({ destroyOnReturn: false }));
  return {
    socket,
    /** Reads what is left; resolves when the connection is gone. */
    ended: () => {
      socket.resume();
      return closed;
    },
    send: (...messages: unknown[]) =>
      socket.write(Buffer.concat(messages.map((message) => Buffer.from(encode(message))))),
    reply: async () => (await replies.next()).value as unknown,
  };
}

type Peer = Awaited<ReturnType<typeof connect>>;

function count({ counters }: TestInput, code: string): number {
  return counters.list().find(({ name }) => name === `forebay_${code}_total`)?.value ?? 0;
}

function sha512(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha512');
  for (const part of parts) {
    hash.update(part);
  }
  return hash.digest('hex');
}

/** Answers the HELO as a client named `host` with this key; the PONG says whether it is taken, why not, and by whom. */
async function ping(peer: Peer, host: string, key: string, user = '', password = '') {
  const [, { nonce, auth }] = (await peer.reply()) as [string, { nonce: Uint8Array; auth: Uint8Array }];
  peer.send(['PING', host, 'salt', sha512('salt', host, nonce, key), user, sha512(auth, user, password)]);
  const [name, taken, reason, server] = (await peer.reply()) as unknown[];
  expect(name).toBe('PONG');
  return { taken, reason, server };
}

async function acked(peer: Peer): Promise<unknown> {
  peer.send(['a', seconds, { n: 1 }, { chunk: 'c' }]);
  return await peer.reply();
}

const open = 'bind 127.0.0.1';

describe('allow', () => {
  test('those who are in it may send, others are closed at once, counted, and named once', async () => {
    await withInput(`${open}\nallow 127.0.0.2, 10.0.0.0/8`, async (input) => {
      for (let i = 0; i < 3; i++) {
        const peer = await connect(input.port);
        await peer.ended();
        expect(peer.socket.bytesRead).toBe(0);
      }
      expect(count(input, 'forward_address_refused')).toBe(3);
      expect(count(input, 'forward_connections')).toBe(0);
      expect(input.codes()).toEqual(['FORWARD_ADDRESS_REFUSED']);
      const socket = net.connect({ port: input.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
      socket.write(encode(['a', seconds, {}, { chunk: 'c' }]));
      await once(socket, 'data');
      socket.destroy();
      expect(input.events.length).toBe(1);
    });
  });

  const dualStack = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

  test.skipIf(!dualStack)('on ::, an IPv4 peer is its IPv4 address', async () => {
    await withInput('bind ::\nallow 127.0.0.0/8', async (input) => {
      expect(await acked(await connect(input.port))).toEqual({ ack: 'c' });
      await (await connect(input.port, '::1')).ended();
      expect(count(input, 'forward_address_refused')).toBe(1);
    });
    await withInput('bind ::\nallow ::/0', async (input) => {
      expect(await acked(await connect(input.port, '::1'))).toEqual({ ack: 'c' });
      await (await connect(input.port)).ended();
      expect(count(input, 'forward_address_refused')).toBe(1);
    });
  });

  test('datagrams of others get no answer, and their events are not taken', async () => {
    await withInput(`${open}\nudp_events true\nallow 127.0.0.2`, async (input) => {
      const stranger = dgram.createSocket('udp4');
      const known = dgram.createSocket('udp4');
      known.bind(0, '127.0.0.2');
      await once(known, 'listening');
      stranger.on('message', () => expect.unreachable());
      for (let i = 0; i < 3; i++) {
        stranger.send(encode(['a', seconds, {}]), input.port, '127.0.0.1');
      }
      await once(stranger, 'listening');
      known.send(Buffer.of(0), input.port, '127.0.0.1');
      await once(known, 'message');
      known.send(encode(['a', seconds, {}]), input.port, '127.0.0.1');
      known.send(Buffer.of(0), input.port, '127.0.0.1');
      await once(known, 'message');
      expect(input.events.length).toBe(1);
      expect(count(input, 'forward_address_refused')).toBe(3);
      expect(input.codes()).toEqual(['FORWARD_ADDRESS_REFUSED']);
      stranger.close();
      known.close();
    });
  });
});

describe('<security>', () => {
  const security = (more = '') => `${open}\n<security>\nself_hostname s\nshared_key k\n${more}\n</security>`;

  test('who has the key may send, and its name stands beside its events', async () => {
    await withInput(security(), async (input) => {
      const peer = await connect(input.port);
      expect(await ping(peer, 'agent.example', 'k')).toEqual({ taken: true, reason: '', server: 's' });
      expect(await acked(peer)).toEqual({ ack: 'c' });
      expect(input.origins[0]).toMatchObject({ name: 'agent.example', address: '127.0.0.1' });
      peer.socket.destroy();
    });
  });

  test('each connection gets salts of its own, so that what one has sent is of no use to another', async () => {
    await withInput(security(), async (input) => {
      const heard = await connect(input.port);
      const [, first] = (await heard.reply()) as [string, { nonce: Uint8Array; auth: Uint8Array }];
      const other = await connect(input.port);
      const [, second] = (await other.reply()) as [string, { nonce: Uint8Array; auth: Uint8Array }];
      expect(first.nonce.length).toBe(16);
      expect(first.auth.length).toBe(16);
      const all = [first.nonce, first.auth, second.nonce, second.auth].map((salt) => Buffer.from(salt).toString('hex'));
      expect(new Set(all).size).toBe(4);
      const sent = ['PING', 'h', 'salt', sha512('salt', 'h', first.nonce, 'k'), '', ''];
      heard.send(sent);
      expect(await heard.reply()).toEqual(['PONG', true, '', 's', expect.any(String)]);
      other.send(sent);
      expect(await other.reply()).toEqual(['PONG', false, 'shared_key mismatch', '', '']);
      await other.ended();
      heard.socket.destroy();
    });
  });

  test('old and new keys are taken while they change, for all and for one client', async () => {
    await withInput(security('shared_keys k2, k3'), async (input) => {
      for (const key of ['k', 'k2', 'k3']) {
        const peer = await connect(input.port);
        expect(await ping(peer, 'h', key)).toMatchObject({ taken: true });
        peer.socket.destroy();
      }
    });
    const client = '<client>\nhost localhost\nshared_keys own1, own2\n</client>';
    await withInput(security(client), async (input) => {
      for (const [key, taken] of [
        ['own1', true],
        ['own2', true],
        ['k', false],
      ] as const) {
        const peer = await connect(input.port);
        expect(await ping(peer, 'h', key)).toMatchObject({ taken });
        peer.socket.destroy();
      }
    });
  });

  test('a user that may not come from there is refused as one with a wrong password is', async () => {
    const users = `user_auth true
<user>
username alice
password pw1
</user>
<user>
username bob
password pw2
</user>
<client>
network 127.0.0.0/8
users bob
</client>`;
    await withInput(security(users), async (input) => {
      for (const [user, password, taken] of [
        ['bob', 'pw2', true],
        ['bob', 'pw1', false],
        ['alice', 'pw1', false],
        ['carol', '', false],
        ['', '', false],
      ] as const) {
        const peer = await connect(input.port);
        expect(await ping(peer, 'h', 'k', user, password)).toMatchObject({
          taken,
          reason: taken ? '' : 'username/password mismatch',
        });
        if (taken) {
          await acked(peer);
          expect(input.origins[0]?.name).toBe('bob');
        }
        peer.socket.destroy();
      }
      expect(count(input, 'forward_user_refused')).toBe(4);
    });
  });

  test('the log says who was refused, once for each address, and nothing in it steers a terminal', async () => {
    await withInput(security(), async (input) => {
      for (let i = 0; i < 2; i++) {
        const peer = await connect(input.port);
        expect(await ping(peer, 'evil\u001b[2J\u202e', 'wrong')).toMatchObject({ taken: false });
        await peer.ended();
      }
      expect(count(input, 'forward_key_mismatch')).toBe(2);
      expect(input.codes()).toEqual(['FORWARD_KEY_MISMATCH']);
      expect(JSON.parse(input.lines.text[0] ?? '')).toMatchObject({
        peer: '127.0.0.1',
        hostname: 'evil\ufffd[2J\ufffd',
      });
    });
  });

  test('before the key is shown little is held, and not for long; honest senders notice nothing', async () => {
    await withInput(`handshake_timeout 0.5\nhandshake_size_limit 1k\n${security()}`, async (input) => {
      const honest = await connect(input.port);
      await ping(honest, 'h', 'k');
      const silent = await connect(input.port);
      const slow = await connect(input.port);
      const drip = setInterval(() => slow.socket.write(Buffer.of(0x9f)), 50);
      const large = await connect(input.port);
      large.socket.write(Buffer.concat([Buffer.of(0x96, 0xdb, 0x10, 0, 0, 0), Buffer.alloc(2000)]));
      await large.ended();
      expect(count(input, 'forward_handshake_too_large')).toBe(1);
      expect(input.unfinished.used).toBeLessThan(1024);
      await Promise.all([silent.ended(), slow.ended()]);
      clearInterval(drip);
      expect(count(input, 'forward_handshake_timeout')).toBe(2);
      expect(input.unfinished.used).toBe(0);
      // The time is for the handshake only.
      expect(await acked(honest)).toEqual({ ack: 'c' });
      honest.socket.destroy();
    });
  });

  test('a PING and the messages behind it may come in one write, also while outputs are full', async () => {
    const settles: (() => void)[] = [];
    await withInput(
      `pending_limit 1k\n${security()}`,
      async (input) => {
        const blocker = await connect(input.port);
        await ping(blocker, 'h', 'k');
        blocker.send(['a', seconds, { log: 'x'.repeat(4000) }]);
        while (settles.length === 0) {
          await new Promise(setImmediate);
        }
        const peer = await connect(input.port);
        const [, { nonce }] = (await peer.reply()) as [string, { nonce: Uint8Array }];
        peer.send(
          ['PING', 'h', 's', sha512('s', 'h', nonce, 'k'), '', ''],
          ['a', seconds, {}, { chunk: 'one' }],
          ['a', seconds, {}, { chunk: 'two' }],
        );
        expect(await peer.reply()).toEqual(['PONG', true, '', 's', expect.any(String)]);
        const settled = setInterval(() => settles.pop()?.(), 10);
        expect([await peer.reply(), await peer.reply()]).toEqual([{ ack: 'one' }, { ack: 'two' }]);
        clearInterval(settled);
        peer.socket.destroy();
        blocker.socket.destroy();
      },
      () => new Promise<void>((resolve) => settles.push(resolve)),
    );
  });

  test('stopping does not wait for a handshake', async () => {
    const port = await freePort();
    const input = await startInput(`<source>\n@type forward\nport ${port}\n${security()}\n</source>`);
    const peer = await connect(port);
    await peer.reply();
    await input.stop();
    await peer.ended();
  });

  test('a host that has no address is a mistake', async () => {
    const source = `<source>\n@type forward\n${security('<client>\nhost no-such-host.invalid\n</client>')}\n</source>`;
    await expect(startInput(source)).rejects.toMatchObject({ code: 'CONFIG_INVALID_VALUE' });
  });
});

describe('the word about open listeners', () => {
  test.each([
    ['', ['FORWARD_OPEN']],
    ['bind 127.0.0.1', []],
    ['allow 127.0.0.0/8', []],
    ['<security>\nself_hostname s\nshared_key k\n</security>', []],
    ['<transport tls>\ninsecure true\n</transport>', ['FORWARD_OPEN', 'TLS_INSECURE']],
  ])('with "%s"', async (body, codes) => {
    await withInput(body, async (input) => expect(input.codes()).toEqual(codes));
  });
});
