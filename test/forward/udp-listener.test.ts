// Events and heartbeats in datagrams.
import dgram from 'node:dgram';
import { once } from 'node:events';
import { encode } from '@msgpack/msgpack';
import { expect, test } from 'vitest';
import { freePort } from '../support/ports.ts';
import { startInput, type TestInput } from './harness.ts';

const seconds = 1_700_000_000;

async function withUdp(more: string, run: (input: TestInput, peer: Peer) => Promise<void>): Promise<void> {
  const port = await freePort();
  const input = await startInput(`<source>\n@type forward\nbind 127.0.0.1\nport ${port}\n${more}\n</source>`);
  const socket = dgram.createSocket('udp4');
  try {
    await run(input, {
      send: (bytes) => socket.send(bytes, port, '127.0.0.1'),
      reply: async () => ((await once(socket, 'message')) as [Buffer])[0].toString('hex'),
    });
  } finally {
    socket.close();
    await input.stop();
  }
}

interface Peer {
  send(bytes: Uint8Array): void;
  reply(): Promise<string>;
}

test('with udp_events, each carrier mode comes in by datagram; a heartbeat behind it is still answered', async () => {
  await withUdp('udp_events true', async (input, peer) => {
    const entry = encode([seconds, { n: 1 }]);
    peer.send(encode(['a', seconds, { n: 1 }]));
    peer.send(encode(['b', [[seconds, { n: 1 }]]]));
    peer.send(encode(['c', entry, { chunk: 'asks in vain' }]));
    peer.send(Buffer.from('["d",1700000000,{"n":1}]'));
    peer.send(Buffer.concat([encode(['e', seconds, { n: 1 }]), encode(['e', seconds, { n: 2 }])]));
    const heartbeat = peer.reply();
    peer.send(Buffer.of(0));
    expect(await heartbeat).toBe('00');
    expect(input.batches.map(({ tag, count }) => `${tag}${count}`)).toEqual(['a1', 'b1', 'c1', 'd1', 'e2']);
  });
});

test('without udp_events, a datagram with an event is answered as a heartbeat and nothing is taken', async () => {
  await withUdp('', async (input, peer) => {
    const answer = peer.reply();
    peer.send(encode(['a', seconds, { n: 1 }]));
    expect(await answer).toBe('00');
    expect(input.events).toEqual([]);
  });
});

test.each([
  ['a cut message', encode(['a', seconds, { n: 1 }]).subarray(0, 5)],
  ['a message with rubbish behind it', Buffer.concat([encode(['a', seconds, { n: 1 }]), Buffer.of(0xc1)])],
  ['broken JSON', Buffer.from('["a",')],
])('%s is no event, and is answered', async (_, bytes) => {
  await withUdp('udp_events true', async (input, peer) => {
    const answer = peer.reply();
    peer.send(bytes);
    expect(await answer).toBe('00');
    expect(input.events).toEqual([]);
  });
});

test('the source address goes into each record', async () => {
  await withUdp('udp_events true\nsource_address_key from', async (input, peer) => {
    peer.send(encode(['a', seconds, {}]));
    const answer = peer.reply();
    peer.send(Buffer.of(0));
    await answer;
    expect(Buffer.from(input.events[0]?.record ?? '', 'hex').toString('latin1')).toContain('127.0.0.1');
  });
});

test('a datagram over datagram_size_limit is answered, counted, and not taken', async () => {
  await withUdp('udp_events true\ndatagram_size_limit 1k', async (input, peer) => {
    const answer = peer.reply();
    peer.send(encode(['a', seconds, { log: 'x'.repeat(1100) }]));
    expect(await answer).toBe('00');
    const heartbeat = peer.reply();
    peer.send(encode(['a', seconds, { log: 'x'.repeat(900) }]));
    peer.send(Buffer.of(0));
    await heartbeat;
    expect(input.events).toHaveLength(1);
    expect(input.counters.get('forebay_forward_datagram_too_large_total', { id: 'in' }).value).toBe(1);
  });
});
