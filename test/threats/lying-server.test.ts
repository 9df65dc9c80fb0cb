// Threat A11 from the other side: the real `forebay send` before a server that lies. It ends with a sentence and a code, in its time and with
// little memory, whatever comes in place of a HELO, a PONG or an ack.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { encode } from '@msgpack/msgpack';
import { afterEach, expect, test } from 'vitest';
import { runForebay } from '../support/forebay.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function sendTo(answer: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    answer(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  const port = typeof address === 'object' ? String(address?.port) : '';
  return await runForebay(['send', 'app', '--port', port], { input: '{"a":1}\n', timeout: 60_000 });
}

/** Writes without end, as long as the other side takes it. */
function flood(socket: Socket, head: Uint8Array): void {
  socket.write(head);
  const more = () => {
    while (!socket.destroyed && socket.write(Buffer.alloc(65_536, 0x61)));
  };
  socket.on('drain', more);
  more();
}

test.each<[string, (socket: Socket) => void]>([
  ['a HELO with gigabytes in it', (socket) => flood(socket, Buffer.from('92a448454c4fc6ffffffff', 'hex'))],
  ['a PONG with gigabytes in it', (socket) => flood(socket, Buffer.from('95a4504f4e47c3dbffffffff', 'hex'))],
  ['an ack of gigabytes', (socket) => flood(socket, Buffer.from('81a361636bdbffffffff', 'hex'))],
  ['arrays in arrays', (socket) => socket.write(Buffer.alloc(100_000, 0x91))],
  ['bytes that are no msgpack', (socket) => socket.write(Buffer.from('c1c1c1', 'hex'))],
  ['a HELO', (socket) => socket.write(encode(['HELO', { nonce: 'n', auth: '', keepalive: true }]))],
])('%s in place of an ack: a sentence, and exit code 1', async (_what, answer) => {
  const { code, stdout, stderr } = await sendTo(answer);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/: not all events have arrived\.$/);
  expect(stderr).not.toMatch(/at .*\.js:\d+/);
});

test('a PONG and other words that nobody asked for are passed over, and so are acks of other chunks', async () => {
  const { code, stderr } = await sendTo((socket) => {
    socket.write(
      Buffer.concat([encode('PONG'), encode(null), encode(['PONG', true, '', 'x', 'y']), encode({ ack: 7 })]),
    );
    let read = Buffer.alloc(0);
    socket.on('data', (data) => {
      read = Buffer.concat([read, data]);
      const chunk = /chunk.([\w+/=-]{20,})/.exec(read.toString('latin1'))?.[1];
      if (chunk !== undefined)
        socket.end(Buffer.concat([encode({ ack: 'other' }), encode({ ack: chunk.slice(0, 24) })]));
    });
  });
  expect([code, stderr]).toEqual([0, '']);
});
