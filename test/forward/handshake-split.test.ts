// A connection that must show a key: the same bytes, cut anywhere, give the same events, replies, closing and name. Fluentd's bytes are the
// vectors', Fluent Bit's the captures; the key and nonce that those were made with are not known, so their proofs are made anew.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { afterAll, expect, test } from 'vitest';
import { loadPlan } from '../../src/cli/load-plan.ts';
import { ByteBudget } from '../../src/core/byte-budget.ts';
import { UnfinishedBytes } from '../../src/core/held.ts';
import { ReadWindow } from '../../src/core/read-window.ts';
import { createAuthenticator } from '../../src/forward/authenticator.ts';
import { Connection, type StreamListenerSettings } from '../../src/forward/connection.ts';
import { Gate } from '../../src/forward/gate.ts';
import { SmallInflater } from '../../src/forward/inflate.ts';
import type { SecuritySettings } from '../../src/forward/security-options.ts';
import { ServerHandshake } from '../../src/forward/server-handshake.ts';
import { TagReader } from '../../src/forward/tag-reader.ts';
import { differencesOf } from '../support/differences.ts';
import { tempFolder } from '../support/temp.ts';
import { eventsOf, hex } from './harness.ts';

const temp = tempFolder('handshake');
afterAll(() => temp.remove());

const window = new ReadWindow();
const vectors = new URL('../vectors/', import.meta.url);
const nonce = Buffer.from('nonce-0123456789');
const auth = Buffer.from('asalt-0123456789');

interface Outcome {
  readonly events: readonly { readonly tag: string; readonly record: string }[];
  readonly names: readonly (string | undefined)[];
  readonly replies: string;
  readonly closed: readonly string[];
}

/** Takes what is written to it, as a socket that nobody reads from. */
class Wire extends Duplex {
  written = '';
  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.written += hex(chunk);
    done();
  }
  override _read(): void {
    // The test gives bytes to the connection by itself.
  }
  destroySoon(): void {
    this.destroy();
  }
}

async function feed(security: SecuritySettings, bytes: Uint8Array, cuts: readonly number[]): Promise<Outcome> {
  const events: { tag: string; record: string }[] = [];
  const names: (string | undefined)[] = [];
  const closed: string[] = [];
  const unfinished = new UnfinishedBytes(1 << 28);
  const authenticator = await createAuthenticator(security);
  const settings: StreamListenerSettings = {
    address: { host: '127.0.0.1', port: 0 },
    backlog: undefined,
    keepAlive: false,
    reset: false,
    resolveHostname: false,
    sourceKeys: { hostname: undefined, address: undefined },
    listenerId: 'in',
    handshakeTimeout: 60_000,
    stalls: { idle: 0, message: 0, acks: 0 },
    connections: { name: '', labels: {}, value: 0 },
    closedFor: (reason) => closed.push(reason),
    session: {
      emit: (batch) => {
        events.push(...eventsOf(batch).map(({ tag, record }) => ({ tag, record })));
        names.push(...(names.at(-1) === batch.origin.name ? [] : [batch.origin.name]));
        return undefined;
      },
      clock: { now: () => 1_700_000_000_000 },
      window,
      unfinished,
      gate: new Gate(1 << 20, () => undefined),
      tags: new TagReader({ tag: undefined, prefix: undefined, lenient: false, sizeLimit: 16_384 }),
      chunkSizeLimit: 1 << 28,
      chunkSizeWarnLimit: undefined,
      jsonSizeLimit: 1 << 24,
      inflateLimit: 1 << 28,
      inflateRatio: 10_000,
      entriesLimit: 1_000_000,
      inflateHeld: new ByteBudget(1 << 25),
      inflater: new SmallInflater(),
      denyKeepalive: false,
      dropped: () => undefined,
      noticed: () => undefined,
    },
  };
  const salts = [nonce, auth];
  const random = () => salts.shift() ?? new Uint8Array(0);
  const origin = { listener: 'in', address: '127.0.0.1', port: 1, name: undefined };
  const gone = Promise.withResolvers<void>();
  const connection = new Connection(
    settings,
    { origin, host: '127.0.0.1', plain: true },
    (address, revoked) =>
      new ServerHandshake({ authenticator, keepalive: true, limit: 4096, unfinished, random }, address, revoked),
    gone.resolve,
  );
  const wire = new Wire();
  let read: (count: number) => boolean = () => false;
  connection.start((reader) => {
    read = reader;
    return wire as unknown as ReturnType<Parameters<Connection['start']>[0]>;
  });
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    if (to > from && !wire.destroyed) {
      window.view.set(bytes.subarray(from, to));
      read(to - from);
    }
    from = to;
  }
  wire.destroy();
  await gone.promise;
  expect(unfinished.used).toBe(0);
  return { events, names, replies: wire.written, closed };
}

interface ForwardCase {
  readonly name: string;
  readonly source: string;
  readonly steps: readonly { readonly send_hex?: string }[];
  readonly events: readonly { readonly record_msgpack_hex: string }[];
  readonly reply_hex: string;
}

const { cases } = JSON.parse(readFileSync(new URL('forward_in.json', vectors), 'utf8')) as {
  readonly cases: readonly ForwardCase[];
};
// deny_keepalive is a listener's setting, and nothing of the handshake but a word in the HELO.
const secured = cases.filter(({ source }) => source.includes('<security>') && !source.includes('deny_keepalive'));
const differences = differencesOf('forward_in.json');

async function securityOf(source: string): Promise<SecuritySettings> {
  const file = join(temp.path, 'test.conf');
  writeFileSync(file, `${source.replace('PORT', '24224')}\n<match **>\n@type null\n</match>\n`);
  const { plan, problems } = await loadPlan(file);
  const security = plan?.inputs[0]?.options['security'];
  expect(problems).toEqual([]);
  return security as SecuritySettings;
}

test('there are cases', () => expect(secured.length).toBe(31));

test.each(secured.map((one) => [one.name, one] as const))(
  '%s: cut in two at every byte, and byte by byte',
  async (name, one) => {
    const security = await securityOf(one.source);
    const bytes = Uint8Array.from(Buffer.from(one.steps.map((step) => step.send_hex ?? '').join(''), 'hex'));
    const whole = await feed(security, bytes, []);
    const ours = differences.get(name)?.ours as Partial<ForwardCase> | undefined;
    expect(whole.replies).toBe(ours?.reply_hex ?? one.reply_hex);
    expect(whole.events.length).toBe(one.events.length);
    for (let at = 1; at < bytes.length; at++) {
      expect(await feed(security, bytes, [at])).toEqual(whole);
    }
    expect(await feed(security, bytes, [...bytes.keys()])).toEqual(whole);
  },
);

test('a JSON stream goes on in JSON behind its PING, with white space between, however it is cut', async () => {
  const json = cases.find(({ name }) => name === 'security: PING in JSON');
  const ping = Buffer.from(json?.steps.map((step) => step.send_hex ?? '').join('') ?? '', 'hex');
  const bytes = Uint8Array.from(Buffer.concat([ping, Buffer.from('\n \n["a",1700000000,{"n":1},{"chunk":"c"}]\n')]));
  const security = await securityOf(json?.source ?? '');
  const whole = await feed(security, bytes, []);
  expect(whole.events).toEqual([{ tag: '61', record: '81c4016e01' }]);
  expect(Buffer.from(whole.replies, 'hex').toString()).toMatch(/\["PONG",true,.*\]\{"ack":"c"\}$/);
  for (let at = 1; at < bytes.length; at++) {
    expect(await feed(security, bytes, [at])).toEqual(whole);
  }
});

test('msgpack goes on in msgpack: JSON behind its PING is a row of numbers, which are no messages', async () => {
  const good = cases.find(({ name }) => name === 'security: good PING, then a message with ack');
  const ping = Buffer.from(good?.steps[1]?.send_hex ?? '', 'hex');
  const bytes = Uint8Array.from(Buffer.concat([ping, Buffer.from('["a",1700000000,{"n":1}]')]));
  expect((await feed(await securityOf(good?.source ?? ''), bytes, [])).events).toEqual([]);
});

/** The capture with the proofs that Fluent Bit would have given for our key, password and salts. */
function fluentBit(name: string, key: string, password: string): Uint8Array {
  const bytes = Uint8Array.from(readFileSync(new URL(`captures/${name}.bin`, vectors)));
  const buffer = Buffer.from(bytes.buffer);
  const sha512 = (...parts: (string | Uint8Array)[]) =>
    parts.reduce<ReturnType<typeof createHash>>((hash, part) => hash.update(part), createHash('sha512')).digest('hex');
  const keyAt = buffer.indexOf(Buffer.of(0xd9, 0x80));
  buffer.write(sha512(buffer.subarray(keyAt - 16, keyAt), 'client.local', nonce, key), keyAt + 2, 'latin1');
  const passwordAt = buffer.indexOf(Buffer.of(0xd9, 0x80), keyAt + 2);
  const user = buffer.subarray(keyAt + 131, passwordAt);
  buffer.write(sha512(auth, user, password), passwordAt + 2, 'latin1');
  return bytes;
}

const users = 'user_auth true\n<user>\nusername alice\npassword wonderland\n</user>\n';

test.each([
  ['fluent-bit-sharedkey.0', '', 0, 'client.local'],
  ['fluent-bit-userpass.0', users, 2, 'alice'],
  ['fluent-bit-userpass.1', users, 1, 'alice'],
])('%s: taken with the right key and password, refused with others', async (name, more, events, origin) => {
  const source = `<source>\n@type forward\n<security>\nself_hostname server\nshared_key k\n${more}</security>\n</source>`;
  const security = await securityOf(source);
  const bytes = fluentBit(name, 'k', 'wonderland');
  const whole = await feed(security, bytes, []);
  expect(Buffer.from(whole.replies, 'hex').toString('latin1')).toContain('PONG\xc3');
  expect(whole.events.length).toBe(events);
  expect(whole.names).toEqual(events > 0 ? [origin] : []);
  for (let at = 1; at < bytes.length; at += 3) {
    expect(await feed(security, bytes, [at])).toEqual(whole);
  }
  // As it was recorded: with another nonce, so this is what a replayed PING meets.
  const recorded = Uint8Array.from(readFileSync(new URL(`captures/${name}.bin`, vectors)));
  const refused = await feed(security, recorded, []);
  expect(refused).toMatchObject({ events: [], closed: ['FORWARD_KEY_MISMATCH'] });
  expect((await feed(security, fluentBit(name, 'other', 'wonderland'), [])).closed).toEqual(['FORWARD_KEY_MISMATCH']);
  if (events > 0) {
    expect((await feed(security, fluentBit(name, 'k', 'other'), [])).closed).toEqual(['FORWARD_USER_REFUSED']);
  }
});

test.each([
  [
    'more than a PING may have',
    Buffer.concat([Buffer.of(0x96, 0xda, 0x20, 0x00), Buffer.alloc(0x2000, 0x41)]),
    'FORWARD_HANDSHAKE_TOO_LARGE',
  ],
  [
    'an array that claims 4 GB',
    Buffer.concat([Buffer.of(0xdd, 0xff, 0xff, 0xff, 0xff), Buffer.alloc(5000)]),
    'FORWARD_HANDSHAKE_TOO_LARGE',
  ],
  ['JSON without an end', Buffer.from(`["PING","${'x'.repeat(5000)}`), 'FORWARD_HANDSHAKE_TOO_LARGE'],
  ['broken JSON', Buffer.from('["PING",]'), 'FORWARD_PING_INVALID'],
  ['nested too deep', Buffer.alloc(600, 0x91), 'FORWARD_PING_INVALID'],
  ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'FORWARD_PING_INVALID'],
  ['a float', Buffer.from('cb3ff0000000000000', 'hex'), 'FORWARD_PING_INVALID'],
  ['text that is no array', Buffer.from('{"a":1}'), 'FORWARD_PING_INVALID'],
] as const)('%s closes the connection, however it is cut', async (_, sent, code) => {
  const security = await securityOf(
    '<source>\n@type forward\n<security>\nself_hostname s\nshared_key k\n</security>\n</source>',
  );
  const bytes = Uint8Array.from(sent);
  const whole = await feed(security, bytes, []);
  expect(whole).toMatchObject({ events: [], closed: [code] });
  for (const at of [1, 2, 3, 5, 100, 4095, 4096, 4097].filter((one) => one < bytes.length)) {
    expect(await feed(security, bytes, [at])).toEqual(whole);
  }
  expect(await feed(security, bytes, [...bytes.keys()])).toEqual(whole);
});
