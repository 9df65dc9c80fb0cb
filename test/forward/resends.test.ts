// Chunks that come again, because their ack was lost: over real sockets, from the first connection's end to the second one's ack.
import { once } from 'node:events';
import net from 'node:net';
import { gzipSync } from 'node:zlib';
import { Decoder, encode } from '@msgpack/msgpack';
import { expect, test } from 'vitest';
import { Counters } from '../../src/core/counters.ts';
import { ResendMemory } from '../../src/forward/resends.ts';
import { freePort } from '../support/ports.ts';
import { startInput, type TestInput } from './harness.ts';

const seconds = 1_700_000_000;

async function withInput(
  more: string,
  run: (input: TestInput, port: number) => Promise<void>,
  emitted?: Parameters<typeof startInput>[1],
): Promise<void> {
  const port = await freePort();
  const input = await startInput(`<source>\n@type forward\nbind 127.0.0.1\nport ${port}\n${more}\n</source>`, emitted);
  try {
    await run(input, port);
  } finally {
    await input.stop();
  }
}

interface Peer {
  readonly ended: Promise<void>;
  send(...messages: readonly Uint8Array[]): void;
  /** The id of the next ack; undefined where the connection ends instead. */
  ack(): Promise<unknown>;
  cut(): Promise<void>;
}

async function connect(port: number): Promise<Peer> {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  socket.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.once('end', () => socket.destroy());
  await once(socket, 'connect');
  const replies = new Decoder().decodeStream(socket.iterator({ destroyOnReturn: false }));
  return {
    ended,
    send: (...messages) => void socket.write(Buffer.concat(messages)),
    ack: async () => ((await replies.next()).value as { ack?: unknown } | undefined)?.ack,
    async cut() {
      socket.resetAndDestroy();
      await ended;
    },
  };
}

const resent = (input: TestInput) => input.counters.get('forebay_forward_resent_chunks_total', { id: 'in' }).value;

/** Looks at each turn of the event loop until it is so; the test's own deadline ends it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const entries = (n: number, count = 1) => Buffer.concat(Array(count).fill(Buffer.from(encode([seconds, { n }]))));

const modes: readonly (readonly [name: string, message: (id: string, n: number) => Uint8Array])[] = [
  ['Message', (chunk, n) => encode(['a', seconds, { n }, { chunk }])],
  ['Message with time 0', (chunk, n) => encode(['a', 0, { n }, { chunk }])],
  ['Forward', (chunk, n) => encode(['a', [[seconds, { n }]], { chunk }])],
  ['PackedForward', (chunk, n) => encode(['a', entries(n), { chunk }])],
  ['PackedForward of many events', (chunk, n) => encode(['a', entries(n, 40_000), { chunk }])],
  ['CompressedPackedForward', (chunk, n) => encode(['a', gzipSync(entries(n)), { chunk, compressed: 'gzip' }])],
  [
    'CompressedPackedForward that takes time to inflate',
    (chunk, n) => encode(['a', gzipSync(entries(n, 40_000)), { chunk, compressed: 'gzip' }]),
  ],
];

test.for(modes)('%s: after a lost ack the chunk is acked and not taken again', async ([, message]) => {
  await withInput('', async (input, port) => {
    const first = await connect(port);
    first.send(message('c1', 1));
    await first.ack(); // the bytes are there; the sender never saw this
    await first.cut();
    const taken = input.events.length;
    expect(taken).toBeGreaterThan(0);
    const second = await connect(port);
    second.send(message('c1', 1));
    expect(await second.ack()).toBe('c1');
    expect([input.events.length, resent(input)]).toEqual([taken, 1]);
    // The same id with other events, and the same events with another id, are new.
    second.send(message('c1', 2));
    expect(await second.ack()).toBe('c1');
    second.send(message('c2', 1));
    expect(await second.ack()).toBe('c2');
    expect([input.events.length, resent(input)]).toEqual([3 * taken, 1]);
    await second.cut();
  });
});

test('JSON: after a lost ack the chunk is acked and not taken again', async () => {
  await withInput('', async (input, port) => {
    for (const times of [1, 2]) {
      const socket = net.connect({ port, host: '127.0.0.1' });
      socket.write('["a",1700000000,{"n":1},{"chunk":"c1"}]');
      const [reply] = await once(socket, 'data');
      expect(String(reply)).toBe('{"ack":"c1"}');
      expect([input.events.length, resent(input)]).toEqual([1, times - 1]);
      socket.destroy();
    }
  });
});

test('a chunk whose first connection was cut behind the bytes waits for their end, and is not taken twice', async () => {
  const settled = Promise.withResolvers<void>();
  await withInput(
    '',
    async (input, port) => {
      const message = encode(['a', seconds, { n: 1 }, { chunk: 'c1' }]);
      const first = await connect(port);
      first.send(message);
      await until(() => input.events.length === 1);
      await first.cut();
      const second = await connect(port);
      second.send(message, encode(['a', seconds, { n: 2 }, { chunk: 'c2' }]));
      await until(() => input.events.length === 2);
      let acked = false;
      const ack = second.ack().then((id) => {
        acked = true;
        return id;
      });
      // What comes behind it was taken and is settled, and yet neither is acked: acks keep their order.
      await until(() => resent(input) === 1);
      expect(acked).toBe(false);
      settled.resolve();
      expect(await ack).toBe('c1');
      expect(await second.ack()).toBe('c2');
      expect(input.events).toHaveLength(2);
      await second.cut();
    },
    (batch) => (batch.acks?.[0]?.at(-1) === 0x31 ? settled.promise : undefined),
  );
});

test('a chunk that an output could not take is taken when it comes again, and who waited for it is closed without an ack', async () => {
  const settled = Promise.withResolvers<void>();
  settled.promise.catch(() => undefined);
  let emits = 0;
  await withInput(
    '',
    async (input, port) => {
      const message = encode(['a', seconds, { n: 1 }, { chunk: 'c1' }]);
      const [first, second] = [await connect(port), await connect(port)];
      first.send(message);
      await until(() => emits === 1);
      second.send(message);
      await until(() => resent(input) === 1);
      settled.reject(new Error('full'));
      expect([await first.ack(), await second.ack()]).toEqual([undefined, undefined]);
      const third = await connect(port);
      third.send(message);
      expect(await third.ack()).toBe('c1');
      expect(emits).toBe(2);
      await third.cut();
    },
    () => (emits++ === 0 ? settled.promise : undefined),
  );
});

test('an emit that throws leaves nothing behind that would be acked', async () => {
  let emits = 0;
  await withInput(
    '',
    async (_, port) => {
      const message = encode(['a', seconds, { n: 1 }, { chunk: 'c1' }]);
      const first = await connect(port);
      first.send(message);
      expect(await first.ack()).toBeUndefined();
      const second = await connect(port);
      second.send(message);
      expect(await second.ack()).toBe('c1');
      expect(emits).toBe(2);
      await second.cut();
    },
    () => {
      if (emits++ === 0) {
        throw new Error('broken');
      }
      return undefined;
    },
  );
});

test('twice in one read, a chunk is taken once and acked twice', async () => {
  await withInput('', async (input, port) => {
    const peer = await connect(port);
    const message = encode(['a', seconds, { n: 1 }, { chunk: 'c1' }]);
    peer.send(encode(['a', seconds, { n: 0 }]), message, message, encode(['a', seconds, { n: 2 }, { chunk: 'c2' }]));
    expect([await peer.ack(), await peer.ack(), await peer.ack()]).toEqual(['c1', 'c1', 'c2']);
    expect(input.events).toHaveLength(3);
    await peer.cut();
  });
});

test('another address, or another proven name, is another sender', async () => {
  const memory = ResendMemory.of(1 << 20, new Counters().get('resent'));
  const message = encode(['a', seconds, { n: 1 }, { chunk: 1 }]);
  const of = (address: string, name: string | undefined, port = 1) =>
    memory?.peer({ listener: 'in', address, port, name });
  of('10.0.0.1', undefined)?.find(message, 0, message.length);
  const peer = of('10.0.0.1', undefined);
  peer?.find(message, 0, message.length);
  const taken = peer?.add();
  expect(of('10.0.0.1', undefined, 2)?.find(message, 0, message.length)).toBe(taken);
  expect(of('10.0.0.2', undefined)?.find(message, 0, message.length)).toBeUndefined();
  expect(of('10.0.0.1', 'web')?.find(message, 0, message.length)).toBeUndefined();
});

test.for([1, 3, 4, 7, 300, 1023, 1024, 1025, 5000])(
  'of a message of %i bytes every byte counts, and where it stands does not',
  (length) => {
    const memory = ResendMemory.of(1 << 20, new Counters().get('resent'));
    const peer = memory?.peer({ listener: 'in', address: '', port: 0, name: undefined });
    const bytes = new Uint8Array(length + 11).fill(7);
    peer?.find(bytes, 3, 3 + length);
    const taken = peer?.add();
    for (let at = 3; at < 3 + length; at += length > 400 ? 41 : 1) {
      bytes[at] = 8;
      expect(peer?.find(bytes, 3, 3 + length), String(at)).toBeUndefined();
      bytes[at] = 7;
    }
    expect(peer?.find(bytes, 3, 4 + length)).toBeUndefined();
    expect(peer?.find(bytes.subarray(5), 2, 2 + length)).toBe(taken);
  },
);

test('of a long message every byte counts', () => {
  const memory = ResendMemory.of(1 << 20, new Counters().get('resent'));
  const peer = memory?.peer({ listener: 'in', address: '', port: 0, name: undefined });
  const bytes = new Uint8Array(100_000);
  peer?.find(bytes, 0, bytes.length);
  const taken = peer?.add();
  for (const at of [0, 8191, 8192, 50_000, 91_807, 91_808, 99_999]) {
    bytes[at] = 1;
    expect(peer?.find(bytes, 0, bytes.length), String(at)).toBeUndefined();
    bytes[at] = 0;
  }
  expect(peer?.find(bytes, 0, bytes.length - 1)).toBeUndefined();
  expect(peer?.find(bytes, 0, bytes.length)).toBe(taken);
});

test('no more is remembered than resend_memory_limit allows, and the last chunks are', async () => {
  const memory = ResendMemory.of(64 * 1024, new Counters().get('resent'));
  const peer = memory?.peer({ listener: 'in', address: '', port: 0, name: undefined });
  const message = (n: number) => encode(['a', seconds, {}, { chunk: n }]);
  for (let n = 0; n < 10_000; n++) {
    const bytes = message(n);
    peer?.find(bytes, 0, bytes.length);
    peer?.add();
    expect(memory?.size).toBeLessThanOrEqual(512);
  }
  const known = (n: number) => peer?.find(message(n), 0, message(n).length) !== undefined;
  expect([known(9_999), known(9_900), known(9_000), known(0)]).toEqual([true, true, false, false]);
});

test('with resend_memory_limit 0 each chunk is taken as it comes', async () => {
  await withInput('resend_memory_limit 0', async (input, port) => {
    const peer = await connect(port);
    const message = encode(['a', seconds, { n: 1 }, { chunk: 'c1' }]);
    peer.send(message, message);
    expect([await peer.ack(), await peer.ack()]).toEqual(['c1', 'c1']);
    expect([input.events.length, resent(input)]).toEqual([2, 0]);
    await peer.cut();
  });
});
