// The forward input as its peers see it: acks, backpressure, faults of one connection that leave others alone, stopping.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { constants, createZstdCompress, gzipSync, zstdCompressSync } from 'node:zlib';
import { Decoder, encode } from '@msgpack/msgpack';
import { expect, test } from 'vitest';
import { freePort } from '../support/ports.ts';
import { tempFolder } from '../support/temp.ts';
import { startInput, type TestInput } from './harness.ts';

const seconds = 1_700_000_000;

function source(port: number, more = ''): string {
  return `<source>\n@type forward\nbind 127.0.0.1\nport ${port}\n${more}\n</source>`;
}

async function withInput(
  more: string,
  run: (input: TestInput, port: number) => Promise<void>,
  emitted?: Parameters<typeof startInput>[1],
): Promise<void> {
  const port = await freePort();
  const input = await startInput(source(port, more), emitted);
  try {
    await run(input, port);
  } finally {
    await input.stop();
  }
}

/** Connects, and reads whole replies one by one. */
async function connect(port: number) {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const ended = new Promise<void>((resolve) => socket.once('end', () => resolve()));
  const replies = new Decoder().decodeStream(socket.iterator({ destroyOnReturn: false }));
  return {
    socket,
    ended,
    send: (...messages: unknown[]) =>
      socket.write(Buffer.concat(messages.map((message) => Buffer.from(encode(message))))),
    reply: async () => (await replies.next()).value as unknown,
  };
}

test('a client that sends and half-closes still gets its ack, then the end', async () => {
  let settle: () => void = () => undefined;
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  await withInput(
    '',
    async (input, port) => {
      const peer = await connect(port);
      peer.send(['a', seconds, { n: 1 }, { chunk: 'c1' }]);
      peer.socket.end();
      await until(() => input.batches.length === 1);
      settle();
      expect(await peer.reply()).toEqual({ ack: 'c1' });
    },
    () => settled,
  );
});

test('acks come in the order of the messages, whatever settles first', async () => {
  const settles: (() => void)[] = [];
  await withInput(
    '',
    async (input, port) => {
      const peer = await connect(port);
      peer.send(['a', seconds, { n: 1 }, { chunk: 'first' }], ['b', seconds, { n: 2 }, { chunk: 'second' }]);
      await until(() => input.batches.length === 2);
      settles[1]?.();
      settles[0]?.();
      expect(await peer.reply()).toEqual({ ack: 'first' });
      expect(await peer.reply()).toEqual({ ack: 'second' });
    },
    () => new Promise<void>((resolve) => settles.push(resolve)),
  );
});

test('an emit that rejects closes the connection without an ack', async () => {
  await withInput(
    '',
    async (_, port) => {
      const peer = await connect(port);
      peer.send(['a', seconds, { n: 1 }, { chunk: 'c1' }]);
      await peer.ended;
      expect(peer.socket.bytesRead).toBe(0);
    },
    () => Promise.reject(new Error('full')),
  );
});

test('messages of one tag in one read become one batch', async () => {
  await withInput('', async (input, port) => {
    const peer = await connect(port);
    peer.send(['a', seconds, { n: 1 }], ['a', seconds, { n: 2 }], ['b', seconds, { n: 3 }, { chunk: 'done' }]);
    await peer.reply();
    expect(input.batches).toEqual([
      { tag: 'a', count: 2, acks: 0 },
      { tag: 'b', count: 1, acks: 1 },
    ]);
  });
});

test('reading stops while outputs have more to settle than pending_limit, and nothing is lost', async () => {
  const settles: (() => void)[] = [];
  let open = false;
  await withInput(
    'pending_limit 64k',
    async (input, port) => {
      const peer = await connect(port);
      const log = 'x'.repeat(1000);
      const count = 30_000;
      for (let i = 0; i < count; i++) {
        peer.send(['a', seconds, { i, log }]);
      }
      peer.send(['end', seconds, {}, { chunk: 'end' }]);
      await until(() => settles.length > 0);
      await turn();
      // 30 MB were sent; what the kernel holds and one window are all that can be in.
      expect(input.events.length).toBeLessThan(5000);
      open = true;
      for (const settle of settles.splice(0)) {
        settle();
      }
      expect(await peer.reply()).toEqual({ ack: 'end' });
      expect(input.events.length).toBe(count + 1);
    },
    () => (open ? undefined : new Promise<void>((resolve) => settles.push(resolve))),
  );
});

test('a large compressed message is inflated while its connection waits, and what is behind it follows', async () => {
  await withInput('', async (input, port) => {
    const entry = Buffer.from(encode([seconds, { log: 'y'.repeat(5000) }]));
    const entries = Buffer.concat(new Array(400).fill(entry));
    const peer = await connect(port);
    peer.send(
      ['a', gzipSync(entries), { compressed: 'gzip', chunk: 'gz' }],
      ['b', zstdCompressSync(entries), { compressed: 'zstd', chunk: 'zst' }],
      ['c', seconds, { n: 1 }, { chunk: 'last' }],
    );
    expect(await peer.reply()).toEqual({ ack: 'gz' });
    expect(await peer.reply()).toEqual({ ack: 'zst' });
    expect(await peer.reply()).toEqual({ ack: 'last' });
    expect(input.events.map(({ tag }) => Buffer.from(tag, 'hex').toString()).join('')).toBe(
      `${'a'.repeat(400)}${'b'.repeat(400)}c`,
    );
  });
});

test('what a compressed message of several MB stands in is lent out until it is inflated, and counts until then', async () => {
  await withInput('', async (input, port) => {
    const noise = (length: number) => randomBytes(length).toString('base64');
    const entries = Buffer.concat(Array.from({ length: 300 }, () => encode([seconds, { log: noise(10_000) }])));
    const peer = await connect(port);
    peer.send(
      ['a', gzipSync(entries, { level: 1 }), { compressed: 'gzip', chunk: 'gz' }],
      ['b', zstdCompressSync(entries), { compressed: 'zstd', chunk: 'zst' }],
      ['c', seconds, { log: noise(2_000_000) }],
      ['d', entries, { chunk: 'last' }],
    );
    expect(await peer.reply()).toEqual({ ack: 'gz' });
    expect(await peer.reply()).toEqual({ ack: 'zst' });
    expect(await peer.reply()).toEqual({ ack: 'last' });
    const events = (from: number, to: number) => input.events.slice(from, to).map(({ record }) => record);
    expect(input.events.length).toBe(901);
    expect(events(0, 300)).toEqual(events(601, 901));
    expect(events(300, 600)).toEqual(events(601, 901));
    // A connection keeps a small buffer.
    expect(input.unfinished.used).toBeLessThan(10_000);
  });
});

test('a frame of zstd that refers back further than 8 MiB closes the connection: so much would be held', async () => {
  const entries = encode([seconds, { log: randomBytes(400_000).toString('base64') }]);
  const frame = async (windowLog: number) => {
    const stream = createZstdCompress({ params: { [constants.ZSTD_c_windowLog]: windowLog } });
    // Of what is given at once the stream knows that it needs less.
    stream.write(entries.subarray(0, 1_000));
    await new Promise<void>((resolve) => stream.flush(resolve));
    stream.end(entries.subarray(1_000));
    return buffer(stream);
  };
  const [near, far] = [await frame(23), await frame(24)];
  await withInput('', async (input, port) => {
    const option = { compressed: 'zstd', chunk: 'z' };
    const honest = await connect(port);
    honest.send(['a', Buffer.concat([near, near]), option]);
    expect(await honest.reply()).toEqual({ ack: 'z' });
    const hostile = await connect(port);
    hostile.send(['a', Buffer.concat([near, far]), option]);
    await hostile.ended;
    expect(hostile.socket.bytesRead).toBe(0);
    expect(input.events.length).toBe(2);
    expect(counter(input, 'forebay_forward_inflate_broken_total')).toBe(1);
  });
});

test('a single event that is many times what was sent, and more than 16 MB, closes the connection', async () => {
  await withInput('', async (input, port) => {
    const peer = await connect(port);
    const bomb = gzipSync(encode([seconds, { log: 'x'.repeat(20_000_000) }]), { level: 1 });
    peer.send(['a', bomb, { compressed: 'gzip', chunk: 'boom' }]);
    await peer.ended;
    expect(peer.socket.bytesRead).toBe(0);
    expect(input.events.length).toBe(0);
    expect(counter(input, 'forebay_forward_inflate_too_large_total')).toBe(1);
  });
});

test.each(['gzip', 'zstd'] as const)(
  'a %s bomb closes its connection; the one beside it notices nothing',
  async (kind) => {
    await withInput('decompression_size_limit 4m', async (input, port) => {
      const zeros = Buffer.alloc(64 * 1024 * 1024);
      const bomb = kind === 'gzip' ? gzipSync(zeros) : zstdCompressSync(zeros);
      const hostile = await connect(port);
      const honest = await connect(port);
      hostile.send(['a', bomb, { compressed: kind, chunk: 'boom' }]);
      honest.send(['h', seconds, { n: 1 }, { chunk: 'ok' }]);
      expect(await honest.reply()).toEqual({ ack: 'ok' });
      await hostile.ended;
      expect(hostile.socket.bytesRead).toBe(0);
      expect(input.events.length).toBe(1);
      expect(counter(input, 'forebay_forward_inflate_too_large_total')).toBe(1);
    });
  },
);

test('a message over chunk_size_limit passes by unheld, is acked, and the next one arrives', async () => {
  await withInput('chunk_size_limit 1m', async (input, port) => {
    const peer = await connect(port);
    peer.send(
      ['a', seconds, { log: 'z'.repeat(40_000_000) }, { chunk: 'big' }],
      ['b', seconds, {}, { chunk: 'small' }],
    );
    expect(await peer.reply()).toEqual({ ack: 'big' });
    expect(await peer.reply()).toEqual({ ack: 'small' });
    expect(input.batches).toEqual([{ tag: 'b', count: 1, acks: 1 }]);
    expect(input.unfinished.used).toBeLessThan(1_000_000);
    expect(counter(input, 'forebay_forward_chunk_dropped_total')).toBe(1);
  });
});

test.each(['GET / HTTP/1.1\r\nHost: x\r\n\r\n', '\x16\x03\x01\x02\x00\x01\x00'])('%j is closed', async (text) => {
  await withInput('', async (input, port) => {
    const peer = await connect(port);
    peer.socket.write(Buffer.from(text, 'latin1'));
    await peer.ended;
    expect(counter(input, 'forebay_forward_not_forward_total')).toBe(1);
  });
});

test('a thousand values in a row that are no messages close the connection', async () => {
  await withInput('', async (input, port) => {
    const peer = await connect(port);
    peer.socket.write(Buffer.alloc(999, 5));
    peer.send(['a', seconds, {}, { chunk: 'between' }]);
    expect(await peer.reply()).toEqual({ ack: 'between' });
    peer.socket.write(Buffer.alloc(1000, 5));
    await peer.ended;
    expect(input.events.length).toBe(1);
  });
});

test('nesting deeper than 512 closes the connection', async () => {
  await withInput('', async (input, port) => {
    const peer = await connect(port);
    peer.socket.write(Buffer.concat([Buffer.from('93a161ce6553f10081a161', 'hex'), Buffer.alloc(100_000, 0x91)]));
    await peer.ended;
    expect(counter(input, 'forebay_forward_too_deep_total')).toBe(1);
  });
});

test('a claim of four gigabytes that brings five bytes takes no memory and hurts nobody', async () => {
  await withInput('', async (input, port) => {
    const claims = await Promise.all(
      ['ddffffffff', 'dfffffffff', 'dbffffffff', 'c6ffffffff', '93a161dfffffffff', '92a161ddffffffff'].map(
        async (text) => {
          const peer = await connect(port);
          peer.socket.write(Buffer.from(text, 'hex'));
          return peer;
        },
      ),
    );
    const honest = await connect(port);
    honest.send(['h', seconds, {}, { chunk: 'ok' }]);
    expect(await honest.reply()).toEqual({ ack: 'ok' });
    expect(input.unfinished.used).toBeLessThan(4096);
    for (const { socket } of claims) {
      socket.destroy();
    }
  });
});

test('deny_keepalive closes after the ack', async () => {
  await withInput('deny_keepalive true', async (_, port) => {
    const peer = await connect(port);
    peer.send(['a', seconds, {}, { chunk: 'c' }]);
    expect(await peer.reply()).toEqual({ ack: 'c' });
    await peer.ended;
  });
});

test('linger_timeout 0 resets a connection that is closed for a fault', async () => {
  await withInput('linger_timeout 0', async (_, port) => {
    const peer = await connect(port);
    const failed = once(peer.socket, 'error');
    peer.socket.write(Buffer.of(0xc1));
    expect(((await failed)[0] as NodeJS.ErrnoException).code).toBe('ECONNRESET');
  });
});

test('a port in use says by whom', async () => {
  const port = await freePort();
  const first = await startInput(source(port));
  const name = readFileSync('/proc/self/comm', 'utf8').trim();
  await expect(startInput(source(port))).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    message: `127.0.0.1:${port} is in use by ${name} (process ${process.pid}). Stop it, or give this listener another port.`,
  });
  await first.stop();
});

test('a unix socket that a killed process left is taken over; one in use is not', async () => {
  const folder = tempFolder('unix');
  const path = join(folder.path, 'deep', 'forebay.sock');
  const text = `<source>\n@type unix\npath ${path}\n</source>`;
  const first = await startInput(text);
  await expect(startInput(text)).rejects.toMatchObject({ code: 'PORT_IN_USE' });
  const socket = net.connect({ path });
  socket.write(Buffer.from(encode(['a', seconds, { n: 1 }, { chunk: 'c' }])));
  await once(socket, 'data');
  expect(first.batches).toEqual([{ tag: 'a', count: 1, acks: 1 }]);
  socket.destroy();
  await first.stop();
  folder.remove();
});

test('20,000 connections leave nothing behind', async () => {
  const before = sockets();
  await withInput('', async (input, port) => {
    const lanes = 50;
    await Promise.all(
      Array.from({ length: lanes }, async (_, lane) => {
        for (let i = lane; i < 20_000; i += lanes) {
          const socket = net.connect({ port, host: '127.0.0.1' });
          await once(socket, 'connect');
          if (i % 3 === 0) {
            socket.end(encode(['a', seconds, { i }]));
          } else if (i % 3 === 1) {
            socket.write(Buffer.from('93a161ce', 'hex'));
            socket.resetAndDestroy();
          } else {
            socket.destroy();
          }
          await once(socket.resume(), 'close');
        }
      }),
    );
    await until(() => input.events.length === Math.ceil(20_000 / 3));
    await until(() => counter(input, 'forebay_forward_connections_total') === 20_000);
    await until(() => input.unfinished.used === 0);
    await input.stop();
    expect(sockets()).toBe(before);
  });
}, 60_000);

/** Open sockets of this process, listening ones too. */
function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap' || name === 'TCPSocketWrap').length;
}

function counter(input: TestInput, name: string): number {
  return input.counters.list().find((one) => one.name === name)?.value ?? 0;
}

/** Looks once a turn of the loop. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await turn();
  }
}
