// What one peer may cost: connections, time, tags, events of a message, and what compressed bytes may become. Over real sockets, with an honest
// sender beside that notices nothing.
import { once } from 'node:events';
import net from 'node:net';
import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import tls from 'node:tls';
import { zstdCompressSync } from 'node:zlib';
import { Decoder, encode } from '@msgpack/msgpack';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { Lines } from '../support/lines.ts';
import { freePort } from '../support/ports.ts';
import { startInput, type TestInput } from './harness.ts';

const seconds = 1_700_000_000;

interface Running extends TestInput {
  readonly port: number;
  codes(): (string | undefined)[];
  /** The count of one code. */
  counted(code: string): number;
}

async function withInput(body: string, run: (input: Running) => Promise<void>): Promise<void> {
  const port = await freePort();
  const stream = new PassThrough();
  const lines = new Lines(stream);
  const log = pino({ level: 'warn' }, stream);
  const source = `<source>\n@type forward\nbind 127.0.0.1\nport ${port}\n${body}\n</source>`;
  const input = await startInput(source, undefined, { log });
  const codes = () => lines.text.map((line) => (JSON.parse(line) as { code?: string }).code);
  const counted = (code: string) => input.counters.get(`forebay_${code.toLowerCase()}_total`, { id: 'in' }).value;
  try {
    await run({ ...input, port, codes, counted });
  } finally {
    await input.stop();
  }
}

class Peer {
  readonly socket: net.Socket;
  readonly closed: Promise<void>;

  private constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  static async open(port: number, localAddress = '127.0.0.1'): Promise<Peer> {
    const peer = new Peer(net.connect({ port, host: '127.0.0.1', localAddress, noDelay: true }));
    await once(peer.socket, 'connect');
    return peer;
  }

  /** Sends one event and resolves with its ack. */
  async acked(chunk = 'c'): Promise<void> {
    const replied = once(this.socket, 'data') as Promise<[Buffer]>;
    this.socket.write(encode(['honest', seconds, { log: 'x' }, { chunk }]));
    const [bytes] = await replied;
    expect([...new Decoder().decodeMulti(bytes)]).toEqual([{ ack: chunk }]);
  }

  /** Reads on, and resolves when the connection is closed. */
  ended(): Promise<void> {
    this.socket.resume();
    return this.closed;
  }
}

test('connections over the limit are closed at once, and there is room again when one goes', async () => {
  await withInput('connections_limit 2', async (input) => {
    const [first, second] = [await Peer.open(input.port), await Peer.open(input.port)];
    await Promise.all([first.acked(), second.acked()]);
    for (let n = 0; n < 3; n++) {
      await (await Peer.open(input.port)).ended();
    }
    expect(input.counted('FORWARD_CONNECTIONS_LIMIT')).toBe(3);
    expect(input.codes()).toEqual(['FORWARD_CONNECTIONS_LIMIT']);
    second.socket.end();
    await second.ended();
    await first.acked();
    const third = await Peer.open(input.port);
    await third.acked();
    for (const peer of [first, third]) peer.socket.destroy();
  });
});

test('with TLS too, a connection that is gone leaves its place', async () => {
  await withInput('connections_limit 1\n<transport tls>\ninsecure true\n</transport>', async (input) => {
    for (let n = 0; n < 3; n++) {
      const socket = tls.connect({ port: input.port, host: '127.0.0.1', rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      await (await Peer.open(input.port)).ended();
      socket.end();
      await once(socket, 'close');
      while (input.events.length <= n) {
        const next = tls.connect({ port: input.port, host: '127.0.0.1', rejectUnauthorized: false });
        next.on('error', () => undefined);
        next.end(encode(['a', seconds, {}]));
        await once(next.resume(), 'close');
        await delay(10);
      }
    }
    expect(input.counted('FORWARD_CONNECTIONS_LIMIT')).toBeGreaterThanOrEqual(3);
  });
});

test('one address has its share, others theirs', async () => {
  await withInput('connections_per_address_limit 1', async (input) => {
    const here = await Peer.open(input.port, '127.0.0.1');
    await here.acked();
    await (await Peer.open(input.port, '127.0.0.1')).ended();
    const there = await Peer.open(input.port, '127.0.0.2');
    await there.acked();
    expect(input.counted('FORWARD_ADDRESS_LIMIT')).toBe(1);
    for (const peer of [here, there]) peer.socket.destroy();
  });
});

test('a connection that is silent, or whose message never ends, is closed in its time; the one that speaks stays', async () => {
  await withInput('idle_timeout 3s\nmessage_timeout 2s', async (input) => {
    const [silent, slow, honest] = await Promise.all([1, 2, 3].map(() => Peer.open(input.port)));
    if (silent === undefined || slow === undefined || honest === undefined) throw new Error('three peers');
    slow.socket.write(Buffer.from('93a161', 'hex'));
    const speak = setInterval(() => honest.socket.write(encode(['a', seconds, { log: 'x' }])), 200);
    await Promise.all([silent.ended(), slow.ended()]);
    clearInterval(speak);
    expect(input.counted('FORWARD_IDLE')).toBe(1);
    expect(input.counted('FORWARD_MESSAGE_TIMEOUT')).toBe(1);
    expect(input.unfinished.used).toBe(0);
    await honest.acked();
    honest.socket.destroy();
  });
});

test('many messages in a row, none of them whole at the end of a read, are no message that never ends', async () => {
  await withInput('message_timeout 3s', async (input) => {
    const peer = await Peer.open(input.port);
    const message = encode(['a', seconds, { log: 'x'.repeat(100) }]);
    peer.socket.write(message.subarray(0, 60));
    for (let n = 0; n < 50; n++) {
      await delay(80);
      peer.socket.write(Buffer.concat([message.subarray(60), message.subarray(0, 60)]));
    }
    peer.socket.write(message.subarray(60));
    await peer.acked();
    expect(input.events).toHaveLength(52);
    expect(input.codes()).toEqual([]);
    peer.socket.destroy();
  });
});

test('a peer that never reads its acks is closed in its time', async () => {
  await withInput('unread_acks_timeout 2s', async (input) => {
    const [deaf, honest] = await Promise.all([Peer.open(input.port), Peer.open(input.port)]);
    deaf.socket.pause();
    const chunk = 'x'.repeat(16_000);
    const messages = Buffer.concat(Array.from({ length: 64 }, () => encode(['a', seconds, {}, { chunk }])));
    for (let n = 0; n < 40 && !deaf.socket.destroyed; n++) {
      if (!deaf.socket.write(messages)) await Promise.race([deaf.closed, delay(200)]);
      await honest.acked();
    }
    await deaf.closed;
    expect(input.codes()).toEqual(['FORWARD_ACKS_UNREAD']);
    await honest.acked();
    honest.socket.destroy();
  });
});

test('events whose tag is too long are dropped and acked, those beside them are not', async () => {
  await withInput('tag_size_limit 300', async (input) => {
    const peer = await Peer.open(input.port);
    peer.socket.write(encode(['t'.repeat(301), seconds, { log: 'x' }]));
    peer.socket.write(
      encode([
        't'.repeat(301),
        [
          [seconds, {}],
          [seconds, {}],
        ],
      ]),
    );
    peer.socket.write(encode(['t'.repeat(300), seconds, { log: 'x' }]));
    await peer.acked();
    expect(input.events.map(({ tag }) => tag.length / 2)).toEqual([300, 6]);
    expect(input.counted('FORWARD_TAG_TOO_LARGE')).toBe(3);
    peer.socket.destroy();
  });
});

test('a message of too many events is dropped and acked', async () => {
  await withInput('entries_limit 3', async (input) => {
    const peer = await Peer.open(input.port);
    const entries = (count: number) => Array.from({ length: count }, () => [seconds, { log: 'x' }]);
    peer.socket.write(encode(['a', entries(4)]));
    peer.socket.write(encode(['a', Buffer.concat(entries(4).map((entry) => encode(entry)))]));
    peer.socket.write(encode(['a', entries(3)]));
    await peer.acked();
    expect(input.events).toHaveLength(4);
    expect(input.counted('FORWARD_ENTRIES_DROPPED')).toBe(8);
    peer.socket.destroy();
  });
});

test('what inflates to more than its ratio closes the connection, whatever its size', async () => {
  await withInput('decompression_ratio_limit 100', async (input) => {
    const entries = (text: string, count: number) =>
      Buffer.concat(new Array<Uint8Array>(count).fill(encode([seconds, { log: text }])));
    const send = async (bytes: Buffer) => {
      const peer = await Peer.open(input.port);
      peer.socket.write(encode(['a', zstdCompressSync(bytes), { compressed: 'zstd', chunk: 'z' }]));
      return peer;
    };
    await (await send(entries('a', 400_000))).ended();
    expect(input.counted('FORWARD_INFLATE_RATIO')).toBe(1);
    expect(input.events).toEqual([]);
    // Little may be as dense as it likes.
    const dense = await send(entries('a', 20_000));
    await once(dense.socket, 'data');
    expect(input.events).toHaveLength(20_000);
    dense.socket.destroy();
  });
});

test('a JSON document that is too long closes the connection', async () => {
  await withInput('json_size_limit 1k', async (input) => {
    const [long, honest] = await Promise.all([Peer.open(input.port), Peer.open(input.port)]);
    long.socket.write(`["a",${seconds},{"log":"${'x'.repeat(2000)}`);
    await long.ended();
    expect(input.counted('FORWARD_FRAME_TOO_LARGE')).toBe(1);
    expect(input.codes()).toEqual(['FORWARD_FRAME_TOO_LARGE']);
    await honest.acked();
    honest.socket.destroy();
  });
});

test('tags without end: the oldest are forgotten and counted, no event is lost', async () => {
  await withInput('distinct_tags_limit 16', async (input) => {
    const peer = await Peer.open(input.port);
    for (let n = 0; n < 100; n++) peer.socket.write(encode([`tag.${n}`, seconds, { n }]));
    await peer.acked();
    expect(input.events).toHaveLength(101);
    expect(input.counted('FORWARD_TAGS_FORGOTTEN')).toBe(5 * 16);
    expect(input.codes()).toEqual(['FORWARD_TAGS_FORGOTTEN']);
    peer.socket.destroy();
  });
});
