// Threats A5 to A11, A13, A15 to A17: what comes over the forward port. Each against the real process, with an honest sender beside it.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { decode, encode } from '@msgpack/msgpack';
import { describe, expect, test } from 'vitest';
import { greetWith, ping } from './greeting.ts';
import { attackWith, besiege, closeOf, openWith } from './siege.ts';

const seconds = 1_700_000_000;

const packed = (data: Uint8Array, option: object) => Buffer.from(encode(['attack', data, option]));

describe('A5 compressed data', () => {
  const entry = encode([seconds, { log: 'a'.repeat(1000) }]);
  const mebibytes = (count: number) =>
    Buffer.concat(new Array<Uint8Array>(Math.ceil((count * 1024 * 1024) / entry.length)).fill(entry));

  test('bombs of gzip and of zstd close their connection, and little of them is held', async () => {
    await besiege({ input: '  decompression_size_limit 64m' }, async ({ port, codes, counted }) => {
      const bomb = mebibytes(80);
      for (const [kind, data] of [
        ['gzip', gzipSync(bomb)],
        ['zstd', zstdCompressSync(bomb)],
      ] as const) {
        const { reply, closed } = await attackWith(port, packed(data, { compressed: kind, chunk: 'b' }), 30_000);
        expect([reply.length, closed]).toEqual([0, true]);
      }
      expect(await counted('FORWARD_INFLATE_TOO_LARGE')).toBe(2);
      expect(codes()).toContain('FORWARD_INFLATE_TOO_LARGE');
    });
  });

  test('thousands of members, truncated streams, rubbish behind the end, and a kind that nobody knows', async () => {
    await besiege({}, async ({ port, codes, counted, lines }) => {
      const one = gzipSync(encode([seconds, { log: 'member' }]));
      const many = Buffer.concat(new Array<Buffer>(5000).fill(one));
      expect((await attackWith(port, packed(many, { compressed: 'gzip', chunk: 'm' }))).reply.includes('m')).toBe(true);
      expect(lines()).toHaveLength(5000);
      for (const broken of [
        one.subarray(0, -5),
        Buffer.concat([one, Buffer.from('rubbish')]),
        Buffer.from('no gzip'),
      ]) {
        expect((await attackWith(port, packed(broken, { compressed: 'gzip', chunk: 'x' }), 10_000)).reply.length).toBe(
          0,
        );
      }
      expect((await attackWith(port, packed(one, { compressed: 'lzma', chunk: 'x' }), 10_000)).closed).toBe(true);
      expect(await counted('FORWARD_INFLATE_BROKEN')).toBeGreaterThanOrEqual(2);
      expect(codes()).toEqual(expect.arrayContaining(['FORWARD_INFLATE_BROKEN', 'FORWARD_OPTION_INVALID']));
    });
  });
});

test('A6 msgpack that claims gigabytes, is nested without end, or has extensions of a wrong length', async () => {
  await besiege({}, async ({ port, codes, honest }) => {
    const hex = (text: string) => Buffer.from(text, 'hex');
    const claims = await Promise.all(
      [
        'ddffffffff',
        'dfffffffff',
        'c6ffffffff00',
        'dbffffffff00',
        '93a161ce65000000dfffffffff',
        '93a161dbffffffff92',
      ].map((text) => openWith(port, hex(text))),
    );
    await honest(10);
    for (const deep of [
      Buffer.alloc(100_000, 0x91),
      Buffer.concat([hex('93a161ce65000000'), Buffer.alloc(100_000, 0x81)]),
    ]) {
      expect((await attackWith(port, deep, 10_000)).closed).toBe(true);
    }
    for (const wrong of ['c1', '93a161d4ff0080', '93a161c70301aabbcc80', '93a161d7010000000000000000c1']) {
      await attackWith(port, hex(wrong), 500);
    }
    expect(codes()).toEqual(expect.arrayContaining(['FORWARD_MALFORMED', 'FORWARD_TOO_DEEP']));
    for (const socket of claims) socket.destroy();
  });
});

test('A6 integers past 2^53, NaN, keys that are no strings, broken UTF-8: printed, one line each', async () => {
  await besiege({}, async ({ port, lines }) => {
    const record = (hex: string) => Buffer.from(`93a161ce65000000${hex}`, 'hex');
    const records = [
      '81a16ecfffffffffffffffff',
      '81a16ed38000000000000000',
      '81a16ecb7ff8000000000000',
      '8101a178',
      '81c0a178',
      '81a16ca3ff80c3',
    ];
    await attackWith(port, Buffer.concat(records.map(record)), 500);
    await expect.poll(() => lines().length, { timeout: 20_000 }).toBe(records.length);
    expect(lines().join('\n')).toContain('18446744073709551615');
  });
});

test('A7 __proto__, constructor and toString as tags and keys, through filters that decode', async () => {
  const rules =
    '<filter **>\n@type record_transformer\nenable_ruby false\n<record>\nadded ${tag}\n</record>\n</filter>\n<match honest>\n@type stdout\n</match>\n<match **>\n@type stdout\n</match>\n';
  const honestRules = `<match honest>\n@type stdout\n</match>\n${rules}`;
  await besiege({ rules: honestRules }, async ({ port, lines }) => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    for (const name of names) {
      const bytes = Buffer.concat([
        ...[Buffer.of(0x93), encode(name), encode(seconds), Buffer.of(0x81), encode(name)],
        ...[Buffer.of(0x81), encode('polluted'), encode(true)],
      ]);
      await attackWith(port, bytes, 200);
    }
    await expect.poll(() => lines().length, { timeout: 20_000 }).toBe(names.length);
    expect(lines().filter((line) => !/"added":"/.test(line))).toEqual([]);
    expect(lines().filter((line) => /"polluted":true.*"polluted"/.test(line))).toEqual([]);
  });
});

test('A8 a byte now and then, thousands of silent connections, TLS that never begins', async () => {
  await besiege({ input: '  message_timeout 2s' }, async ({ port, codes, counted, honest }) => {
    const slow = await openWith(port, Buffer.from('93a161', 'hex'));
    const gone = closeOf(slow);
    slow.resume();
    const silent = await Promise.all(Array.from({ length: 1000 }, () => openWith(port, new Uint8Array(0))));
    await honest(20);
    await gone;
    expect(await counted('FORWARD_MESSAGE_TIMEOUT')).toBe(1);
    expect(codes()).toContain('FORWARD_MESSAGE_TIMEOUT');
    for (const socket of silent) socket.destroy();
  });
});

test('A9 a peer that never reads its acks is held, and then closed', async () => {
  await besiege({ input: '  unread_acks_timeout 2s' }, async ({ port, codes, counted, honest }) => {
    const deaf = await openWith(port, new Uint8Array(0));
    const gone = closeOf(deaf);
    deaf.pause();
    const messages = Buffer.concat(
      Array.from({ length: 64 }, () => encode(['attack', seconds, {}, { chunk: 'x'.repeat(16_000) }])),
    );
    for (let n = 0; n < 20; n++) deaf.write(messages);
    await honest(5);
    await gone;
    expect(await counted('FORWARD_ACKS_UNREAD')).toBe(1);
    expect(codes()).toContain('FORWARD_ACKS_UNREAD');
  });
});

test('A9 a peer that never reads its HELO, nor answers it, is closed in its time', async () => {
  const input = '  handshake_timeout 2s\n  <security>\n    self_hostname server\n    shared_key sesame\n  </security>';
  const greet = (socket: Socket) => greetWith(socket, 'sesame');
  await besiege({ input, greet }, async ({ port, codes, honest }) => {
    const deaf = await Promise.all(Array.from({ length: 200 }, () => openWith(port, new Uint8Array(0))));
    const gone = deaf.map((socket) => closeOf(socket));
    for (const socket of deaf) socket.pause();
    await honest(5);
    // What has come is read in the end, so that the close can be seen behind it.
    await expect.poll(() => codes().includes('FORWARD_HANDSHAKE_TIMEOUT'), { timeout: 20_000 }).toBe(true);
    for (const socket of deaf) socket.resume();
    await Promise.all(gone);
    await honest(5);
  });
});

test('A10 JSON that is deep, huge or none', async () => {
  await besiege({ input: '  json_size_limit 1m' }, async ({ port, codes, honest }) => {
    for (const text of [
      `["a",1,${'['.repeat(100_000)}${']'.repeat(100_001)}`,
      `["a",1,{"a":"${'x'.repeat(2_000_000)}`,
      `["a",1,${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}]`,
      '["a",1,{"a":nul}]',
    ]) {
      expect((await attackWith(port, Buffer.from(text), 20_000)).closed).toBe(true);
      await honest(1);
    }
    expect(codes()).toContain('FORWARD_JSON_INVALID');
  });
});

describe('A11 the handshake', () => {
  const security = '  <security>\n    self_hostname server\n    shared_key sesame\n  </security>';
  const greet = (socket: Socket) => greetWith(socket, 'sesame');

  test('events before PING, PINGs of other shapes, a key that is wrong, a PING of another connection', async () => {
    await besiege({ input: security, greet }, async ({ port, codes, counted, lines }) => {
      const event = encode(['attack', seconds, { log: 'let me in' }, { chunk: 'c' }]);
      const shapes = [
        ...[event, encode(['PING']), encode(['PING', 1, 2, 3, 4, 5]), encode(['PING', null, null, null, null, null])],
        ...[encode({ PING: 1 }), Buffer.from('c1', 'hex'), encode('PING'), Buffer.alloc(10_000, 0x91)],
      ];
      for (const bytes of shapes) {
        const { reply, closed } = await attackWith(port, Buffer.concat([bytes, event]), 15_000);
        expect([closed, reply.includes('ack')]).toEqual([true, false]);
      }
      const first = await openWith(port, new Uint8Array(0));
      const [helo] = (await once(first, 'data')) as [Buffer];
      const replayed = await attackWith(port, Buffer.concat([ping(helo, 'sesame'), event]), 15_000);
      expect(replayed.reply.includes('ack')).toBe(false);
      const gone = closeOf(first);
      first.resume();
      first.write(Buffer.concat([ping(helo, 'wrong'), event]));
      await gone;
      expect(lines()).toEqual([]);
      expect(await counted('FORWARD_KEY_MISMATCH')).toBe(2);
      expect(codes()).toEqual(expect.arrayContaining(['FORWARD_PING_INVALID', 'FORWARD_KEY_MISMATCH']));
    });
  });
});

test('A13 datagrams: what is no event is answered by one NUL, an empty one by nothing, a large one changes nothing', async () => {
  await besiege({ input: '  udp_events true' }, async ({ port, lines }) => {
    const socket = createSocket('udp4');
    const replies: Buffer[] = [];
    socket.on('message', (data) => replies.push(data));
    const send = (bytes: Uint8Array) =>
      new Promise<void>((resolve) => socket.send(bytes, port, '127.0.0.1', () => resolve()));
    await send(new Uint8Array(0));
    for (const bytes of [Buffer.of(0), Buffer.from('rubbish'), Buffer.alloc(60_000, 0x91)]) await send(bytes);
    await send(encode(['attack', seconds, { log: 'taken' }]));
    await expect.poll(() => lines().length, { timeout: 20_000 }).toBe(1);
    await expect.poll(() => replies.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(2);
    expect(replies.every((reply) => reply.length === 1 && reply[0] === 0)).toBe(true);
    socket.close();
  });
});

test('A15 one chunk id from two peers, and one of a megabyte: each is acked for itself', async () => {
  await besiege({}, async ({ port, lines }) => {
    const message = (log: string, chunk: string) => encode(['attack', seconds, { log }, { chunk }]);
    for (const log of ['first', 'second']) {
      const { reply } = await attackWith(port, message(log, 'same'), 500);
      expect(decode(reply)).toEqual({ ack: 'same' });
    }
    const large = 'i'.repeat(1024 * 1024);
    expect(decode((await attackWith(port, message('third', large), 3_000)).reply)).toEqual({ ack: large });
    expect(lines()).toHaveLength(3);
  });
});

test('A16 times of 0, before 1970, far ahead, and nanoseconds that are none', async () => {
  await besiege({}, async ({ port, lines }) => {
    const times = [
      '00',
      'ff',
      'd2ffffffff',
      'ceffffffff',
      'cf00000fffffffffff',
      'd70065000000ffffffff',
      'd700ffffffff3b9aca00',
      'd7007fffffff00000000',
    ];
    await attackWith(port, Buffer.concat(times.map((time) => Buffer.from(`93a161${time}81a16101`, 'hex'))), 500);
    await expect.poll(() => lines().length, { timeout: 20_000 }).toBe(times.length);
  });
});

test('A17 pieces that never end: few are held, what is let go of is passed on', async () => {
  await besiege(
    { input: '  join_pieces true\n  join_pieces_lines_limit 100\n  join_pieces_timeout 1s' },
    async ({ port, lines, codes, honest }) => {
      const piece = (id: number, ordinal: string) =>
        encode([
          'attack',
          seconds,
          { log: 'x', partial_message: 'true', partial_id: `${id}`, partial_ordinal: ordinal, partial_last: 'false' },
        ]);
      const ordinals = ['1', '0', '-1', '99999999999999999999', 'x', ''];
      const many = Buffer.concat(
        Array.from({ length: 5000 }, (_, id) => piece(id, ordinals[id % ordinals.length] ?? '1')),
      );
      await attackWith(port, many, 1_000);
      await honest(5);
      await expect.poll(() => lines().length, { timeout: 30_000 }).toBe(5000);
      expect(codes()).toContain('FORWARD_PIECES_UNFINISHED');
    },
  );
});
