// What `forebay send` does where the collector does not answer as it should.
import { createServer, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { send } from '../../src/cli/send.ts';
import { freePort } from '../support/ports.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function sendTo(answer: (socket: Socket) => void, lines: string) {
  const port = await freePort();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    answer(socket);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  let said = '';
  const code = await send({
    tag: 'app',
    host: undefined,
    port: String(port),
    stdin: Readable.from([Buffer.from(lines)]),
    stderr: { write: (text) => (said += text) },
    ackTimeout: 100,
  });
  return { code, said };
}

test('an ack that does not come is waited for, and not for ever', async () => {
  const { code, said } = await sendTo((socket) => socket.resume(), '{"a":1}\n');
  expect({ code, said }).toEqual({ code: 1, said: 'No ack came within 0.1 s: not all events have arrived.\n' });
});

test('an ack of another chunk is none', async () => {
  const ack = Buffer.from([0x81, 0xa3, 0x61, 0x63, 0x6b, 0xa1, 0x78]);
  expect(await sendTo((socket) => socket.on('data', () => socket.write(ack)), '{"a":1}\n')).toMatchObject({ code: 1 });
});

test('an answer without end is given up', async () => {
  const answer = (socket: Socket) => {
    socket.write(Buffer.from([0xdb, 0xff, 0xff, 0xff, 0xff]));
    const more = () => socket.write(Buffer.alloc(50_000)) && setImmediate(more);
    more();
    socket.on('drain', more).on('error', () => {});
  };
  expect(await sendTo(answer, '{"a":1}\n')).toMatchObject({
    code: 1,
    said: expect.stringContaining('forward protocol'),
  });
});

test('of lines that cannot be sent the first ten are named, the rest counted', async () => {
  const { code, said } = await sendTo(() => {}, 'x\n'.repeat(25));
  expect(code).toBe(1);
  expect(said.match(/^Line \d+/gm)).toHaveLength(10);
  expect(said).toContain('15 more');
});

test('nothing on standard input is nothing to send', async () => {
  expect(await sendTo(() => {}, '\n \n')).toEqual({ code: 0, said: '' });
});
