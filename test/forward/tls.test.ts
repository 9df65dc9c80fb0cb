// The forward input in TLS, as its peers see it: certificates, versions, renewal, and what goes wrong beside honest senders.
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import { Decoder, encode } from '@msgpack/msgpack';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lines } from '../support/lines.ts';
import { type CertificateFiles, makeCa, makeLeaf, opensslMissing } from '../support/openssl.ts';
import { freePort } from '../support/ports.ts';
import { tempFolder } from '../support/temp.ts';
import { startInput, type TestInput } from './harness.ts';

const seconds = 1_700_000_000;
const temp = tempFolder('tls');
afterAll(() => temp.remove());

describe.skipIf(opensslMissing)('<transport tls>', () => {
  let ca: CertificateFiles;
  let leaf: CertificateFiles;
  let renewed: CertificateFiles;
  let locked: CertificateFiles;
  let client: CertificateFiles;
  let stranger: CertificateFiles;
  beforeAll(() => {
    ca = makeCa(temp.path, 'test-ca');
    leaf = makeLeaf(temp.path, 'server-one', ca);
    renewed = makeLeaf(temp.path, 'server-two', ca);
    locked = makeLeaf(temp.path, 'server-locked', ca, 'open sesame');
    client = makeLeaf(temp.path, 'agent-seven', ca);
    stranger = makeLeaf(temp.path, 'stranger', makeCa(temp.path, 'other-ca'));
  });

  const files = ({ cert, key }: CertificateFiles) => `cert_path ${cert}\nprivate_key_path ${key}`;

  async function withTls(
    transport: string,
    run: (input: TestInput, port: number) => Promise<void>,
    more = '',
    context: Parameters<typeof startInput>[2] = {},
  ): Promise<void> {
    const port = await freePort();
    const source = `<source>\n@type forward\nbind 127.0.0.1\nport ${port}\n${more}\n<transport tls>\n${transport}\n</transport>\n</source>`;
    const input = await startInput(source, undefined, context);
    try {
      await run(input, port);
    } finally {
      await input.stop();
    }
  }

  function options(port: number, more: tls.ConnectionOptions = {}): tls.ConnectionOptions {
    return {
      port,
      host: '127.0.0.1',
      ca: readFileSync(ca.cert),
      allowHalfOpen: true,
      ...more,
    } as tls.ConnectionOptions;
  }

  /** Connects; rejects where the handshake fails, also when the server says so a moment later, as TLS 1.3 has it. */
  async function connect(port: number, more: tls.ConnectionOptions = {}) {
    const socket = tls.connect(options(port, more));
    await once(socket, 'secureConnect');
    const replies = new Decoder().decodeStream(socket.iterator({ destroyOnReturn: false }));
    return {
      socket,
      send: (...messages: unknown[]) =>
        socket.write(Buffer.concat(messages.map((message) => Buffer.from(encode(message))))),
      reply: async () => (await replies.next()).value as unknown,
    };
  }

  async function sendOne(port: number, more: tls.ConnectionOptions = {}): Promise<unknown> {
    const peer = await connect(port, more);
    peer.send(['a', seconds, { n: 1 }, { chunk: 'c' }]);
    const reply = await peer.reply();
    peer.socket.destroy();
    return reply;
  }

  test('events come in and acks go out, in TLS 1.3 where nothing else is said', async () => {
    await withTls(files(leaf), async (input, port) => {
      const peer = await connect(port);
      expect(peer.socket.getProtocol()).toBe('TLSv1.3');
      expect(peer.socket.authorized).toBe(true);
      peer.send(['a', seconds, { n: 1 }, { chunk: 'c1' }]);
      expect(await peer.reply()).toEqual({ ack: 'c1' });
      // A client that half-closes gets its last ack too.
      peer.send(['a', seconds, { n: 2 }, { chunk: 'c2' }]);
      peer.socket.end();
      expect(await peer.reply()).toEqual({ ack: 'c2' });
      await once(peer.socket, 'close');
      expect(input.events.length).toBe(2);
      expect(input.origins[0]).toMatchObject({ address: '127.0.0.1', name: undefined });
    });
  });

  test('20 MB in pieces of any size arrive whole', async () => {
    await withTls(files(leaf), async (input, port) => {
      const peer = await connect(port);
      const log = 'x'.repeat(1000);
      const count = 20_000;
      const bytes = Buffer.concat([
        ...Array.from({ length: count }, (_, i) => Buffer.from(encode(['a', seconds, { i, log }]))),
        encode(['a', seconds, {}, { chunk: 'end' }]),
      ]);
      for (let from = 0, size = 1; from < bytes.length; from += size, size = (size * 7919) % 100_003) {
        peer.socket.write(bytes.subarray(from, from + size));
      }
      expect(await peer.reply()).toEqual({ ack: 'end' });
      expect(input.events.length).toBe(count + 1);
      peer.socket.destroy();
    });
  });

  test('what Fluent Bit sends in TLS is taken', async () => {
    const capture = new URL('../vectors/captures/fluent-bit-tls', import.meta.url);
    const [message] = JSON.parse(readFileSync(`${capture.pathname}.json`, 'utf8')) as [
      { tag: string; entries: unknown[] },
    ];
    await withTls(files(leaf), async (input, port) => {
      const peer = await connect(port);
      peer.socket.write(readFileSync(`${capture.pathname}.bin`));
      peer.send(['end', seconds, {}, { chunk: 'end' }]);
      await peer.reply();
      peer.socket.destroy();
      expect(input.batches[0]).toEqual({ tag: message.tag, count: message.entries.length, acks: 0 });
    });
  });

  test('a key with a passphrase', async () => {
    await withTls(`${files(locked)}\nprivate_key_passphrase open sesame`, async (_, port) => {
      expect(await sendOne(port)).toEqual({ ack: 'c' });
    });
  });

  test('versions older or newer than those that are spoken are refused', async () => {
    await withTls(`${files(leaf)}\nversion TLSv1_2`, async (_, port) => {
      const peer = await connect(port);
      expect(peer.socket.getProtocol()).toBe('TLSv1.2');
      peer.socket.destroy();
      await expect(connect(port, { minVersion: 'TLSv1.3' })).rejects.toThrow();
    });
    await withTls(`${files(leaf)}\nmin_version TLS1_3\nmax_version TLS1_3`, async (input, port) => {
      await expect(connect(port, { maxVersion: 'TLSv1.2' })).rejects.toThrow();
      expect(count(input, 'tls_handshake_failed')).toBe(1);
      expect(await sendOne(port)).toEqual({ ack: 'c' });
    });
    await withTls(files(leaf), async (_, port) => {
      await expect(
        connect(port, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' }),
      ).rejects.toThrow();
    });
    await withTls('insecure true\nversion TLSv1_1', async (_, port) => {
      const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
      expect(await sendOne(port, { ...old, rejectUnauthorized: false })).toEqual({ ack: 'c' });
    });
  });

  test('ciphers are those of the configuration, and TLS 1.3 stays', async () => {
    await withTls(`${files(leaf)}\nciphers ECDHE-ECDSA-AES256-GCM-SHA384`, async (_, port) => {
      const old = await connect(port, { maxVersion: 'TLSv1.2' });
      expect(old.socket.getCipher().name).toBe('ECDHE-ECDSA-AES256-GCM-SHA384');
      old.socket.destroy();
      await expect(
        connect(port, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }),
      ).rejects.toThrow();
      const modern = await connect(port);
      expect(modern.socket.getProtocol()).toBe('TLSv1.3');
      modern.socket.destroy();
    });
  });

  test('a made certificate names this host; signed by a CA it is trusted as that CA is', async () => {
    await withTls(
      `ca_cert_path ${ca.cert}\nca_private_key_path ${ca.key}\ngenerate_cert_common_name logs.example`,
      async (_, port) => {
        expect(await sendOne(port, { servername: 'logs.example' })).toEqual({ ack: 'c' });
        await expect(connect(port, { servername: 'other.example' })).rejects.toThrow(/altnames/);
      },
    );
    await withTls('insecure true\ngenerate_cert_country DE', async (_, port) => {
      await expect(connect(port)).rejects.toThrow(/self-signed/);
      const peer = await connect(port, { rejectUnauthorized: false });
      expect(peer.socket.getPeerCertificate().subject).toMatchObject({ C: 'DE', ST: 'CA', L: 'Mountain View' });
      peer.socket.destroy();
    });
  });

  test("a client's certificate is asked for, and its name stands beside its events", async () => {
    const transport = `${files(leaf)}\nclient_cert_auth true\nca_path ${ca.cert}`;
    await withTls(transport, async (input, port) => {
      const own = { cert: readFileSync(client.cert), key: readFileSync(client.key) };
      const strange = { cert: readFileSync(stranger.cert), key: readFileSync(stranger.key) };
      expect(await sendOne(port, own)).toEqual({ ack: 'c' });
      expect(input.origins[0]?.name).toBe('agent-seven');
      for (const more of [{}, strange]) {
        for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
          expect(await sendOne(port, { ...more, maxVersion }).catch(() => undefined)).toBeUndefined();
        }
      }
      expect(input.events.length).toBe(1);
      expect(count(input, 'tls_handshake_failed')).toBe(4);
    });
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'a session of %s is taken up again with its certificate only',
    async (maxVersion) => {
      const transport = `${files(leaf)}\nclient_cert_auth true\nca_path ${ca.cert}`;
      await withTls(transport, async (input, port) => {
        const own = { cert: readFileSync(client.cert), key: readFileSync(client.key), maxVersion };
        const sessionOf = async (more: tls.ConnectionOptions) => {
          const socket = tls.connect(options(port, more));
          let session: Buffer | undefined;
          socket.on('session', (given) => {
            session = given;
          });
          socket.on('error', () => undefined);
          socket.resume();
          await once(socket, 'secureConnect');
          socket.write(encode(['a', seconds, {}, { chunk: 'c' }]));
          await Promise.race([once(socket, 'data'), once(socket, 'end'), once(socket, 'close')]);
          socket.destroy();
          return session;
        };
        const good = await sessionOf(own);
        expect(good).toBeDefined();
        input.origins.length = 0;
        expect(await sendOne(port, { ...own, ...(good && { session: good }) })).toEqual({ ack: 'c' });
        expect(input.origins[0]?.name).toBe('agent-seven');
        const events = input.events.length;
        // Whatever a refused client gets is of no use to it.
        const bad = await sessionOf({ maxVersion }).catch(() => undefined);
        expect(
          await sendOne(port, { maxVersion, ...(bad && { session: bad }) }).catch(() => undefined),
        ).toBeUndefined();
        expect(input.events.length).toBe(events);
      });
    },
  );

  test('with <security>, HELO and PING go inside TLS', async () => {
    const security = '<security>\nself_hostname s\nshared_key k\n</security>';
    await withTls(
      files(leaf),
      async (input, port) => {
        const peer = await connect(port);
        expect(await peer.reply()).toMatchObject(['HELO', { keepalive: true }]);
        peer.send(['a', seconds, { n: 1 }]);
        expect(await peer.reply()).toEqual(['PONG', false, 'invalid ping message', '', '']);
        expect(await peer.reply()).toBeUndefined();
        expect(input.events).toEqual([]);
        expect(count(input, 'forward_ping_invalid')).toBe(1);
        peer.socket.destroy();
      },
      security,
    );
  });

  test('renewed files are used for the next connection, and halves of them are not', async () => {
    const [cert, key] = [join(temp.path, 'live.pem'), join(temp.path, 'live.key')];
    copyFileSync(leaf.cert, cert);
    copyFileSync(leaf.key, key);
    const stream = new (await import('node:stream')).PassThrough();
    const lines = new Lines(stream);
    const serial = async (port: number) => {
      const { socket } = await connect(port);
      const { subject } = socket.getPeerCertificate();
      return { socket, name: subject.CN };
    };
    await withTls(
      `cert_path ${cert}\nprivate_key_path ${key}`,
      async (input, port) => {
        const first = await serial(port);
        expect(first.name).toBe('server-one');
        copyFileSync(renewed.cert, cert);
        for (let i = 0; i < 2; i++) {
          const half = await serial(port);
          expect(half.name).toBe('server-one');
          half.socket.destroy();
        }
        expect(count(input, 'tls_files_renewed_invalid')).toBe(1);
        copyFileSync(renewed.key, key);
        const last = await serial(port);
        expect(last.name).toBe('server-two');
        last.socket.destroy();
        expect(count(input, 'tls_files_renewed')).toBe(1);
        // Who was connected stays connected.
        first.socket.write(encode(['a', seconds, {}, { chunk: 'still' }]));
        await once(first.socket, 'data');
        first.socket.destroy();
        expect(lines.text.map((line) => (JSON.parse(line) as { code?: string }).code)).toEqual([
          undefined,
          'TLS_FILES_RENEWED_INVALID',
          undefined,
        ]);
      },
      '',
      { log: pino({ level: 'info' }, stream) },
    );
  });

  test('files that go away leave what is in use', async () => {
    const [cert, key] = [join(temp.path, 'gone.pem'), join(temp.path, 'gone.key')];
    copyFileSync(leaf.cert, cert);
    copyFileSync(leaf.key, key);
    await withTls(`cert_path ${cert}\nprivate_key_path ${key}`, async (input, port) => {
      (await import('node:fs')).rmSync(cert);
      expect(await sendOne(port)).toEqual({ ack: 'c' });
      expect(count(input, 'tls_files_renewed_invalid')).toBe(1);
    });
  });

  test('a peer that speaks no TLS, one that goes away, and one that says nothing harm nobody else', async () => {
    await withTls(
      files(leaf),
      async (input, port) => {
        const honest = await connect(port);
        const plain = net.connect(port, '127.0.0.1');
        plain.on('error', () => undefined);
        plain.write(encode(['a', seconds, { n: 1 }]));
        await once(plain, 'close');
        expect(count(input, 'tls_handshake_failed')).toBe(1);
        const short = net.connect(port, '127.0.0.1');
        await once(short, 'connect');
        short.destroy();
        const silent = net.connect(port, '127.0.0.1');
        silent.on('error', () => undefined);
        await once(silent, 'close');
        expect(count(input, 'tls_handshake_failed')).toBe(2);
        honest.send(['a', seconds, {}, { chunk: 'c' }]);
        expect(await honest.reply()).toEqual({ ack: 'c' });
        honest.socket.destroy();
      },
      'handshake_timeout 0.3',
    );
  });

  test('stopping waits for acks of established connections, and for no handshake', async () => {
    let settle: () => void = () => undefined;
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const port = await freePort();
    const source = `<source>\n@type forward\nbind 127.0.0.1\nport ${port}\n<transport tls>\n${files(leaf)}\n</transport>\n</source>`;
    const input = await startInput(source, () => settled);
    const peer = await connect(port);
    const silent = net.connect(port, '127.0.0.1');
    silent.on('error', () => undefined);
    await once(silent, 'connect');
    peer.send(['a', seconds, {}, { chunk: 'c' }]);
    while (input.batches.length === 0) {
      await new Promise(setImmediate);
    }
    const stopped = input.stop();
    await once(silent, 'close');
    settle();
    expect(await peer.reply()).toEqual({ ack: 'c' });
    await stopped;
  });

  test('heartbeats by UDP stay plain', async () => {
    await withTls(files(leaf), async (_, port) => {
      const socket = (await import('node:dgram')).createSocket('udp4');
      socket.send(Buffer.of(0), port, '127.0.0.1');
      const [reply] = (await once(socket, 'message')) as [Buffer];
      expect(reply).toEqual(Buffer.of(0));
      socket.close();
    });
  });

  test('the made certificate is for this host where no name is given', async () => {
    await withTls('insecure true', async (_, port) => {
      const peer = await connect(port, { rejectUnauthorized: false });
      const { hostname } = await import('node:os');
      const raw = peer.socket.getPeerCertificate().raw;
      expect(new X509Certificate(raw).subject).toContain(`CN=${hostname()}`);
      peer.socket.destroy();
    });
  });
});

function count({ counters }: TestInput, code: string): number {
  return counters.list().find(({ name }) => name === `forebay_${code}_total`)?.value ?? 0;
}
