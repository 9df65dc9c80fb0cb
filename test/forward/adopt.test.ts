// Guards what src/forward/adopt.ts relies on of Node's insides: fails the day they change.
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterAll, expect, test } from 'vitest';
import { makeCertificate } from '../../src/core/certificate.ts';
import { ReadWindow } from '../../src/core/read-window.ts';
import { adopt, adoptTls, canAdopt, tlsInsides } from '../../src/forward/adopt.ts';
import { tempFolder } from '../support/temp.ts';

const total = 32 * 1024 * 1024;
const folder = tempFolder('adopt');
afterAll(() => folder.remove());

interface Handle {
  readonly useUserBuffer?: unknown;
  readonly readStart?: unknown;
  readonly readStop?: unknown;
}

const places: readonly (readonly [string, net.ListenOptions])[] = [
  ['TCP', { host: '127.0.0.1', port: 0 }],
  ['a unix socket', { path: join(folder.path, 'guard.sock') }],
];

test.each(places)('an accepted socket over %s reads into the window, without memory of its own', async (_, place) => {
  const window = new ReadWindow();
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true });
  server.listen(place);
  await once(server, 'listening');
  const address = server.address();
  const client = net.connect(
    typeof address === 'string' ? { path: address } : { port: (address as net.AddressInfo).port },
  );
  const [accepted] = (await once(server, 'connection')) as [net.Socket];
  const handle = (accepted as unknown as { readonly _handle: Handle })._handle;
  for (const name of ['useUserBuffer', 'readStart', 'readStop'] as const) {
    expect(typeof handle[name]).toBe('function');
  }
  expect(canAdopt(accepted)).toBe(true);

  let read = 0;
  let wrong = 0;
  let largest = 0;
  let dataEvents = 0;
  const before = process.memoryUsage().arrayBuffers;
  const socket = adopt(accepted, server, window, (count) => {
    for (let i = 0; i < count; i++) {
      wrong += window.view[i] === ((read + i) & 0xff) ? 0 : 1;
    }
    read += count;
    largest = Math.max(largest, process.memoryUsage().arrayBuffers - before);
    return true;
  });
  socket.on('data', () => dataEvents++);
  const ended = once(socket, 'end');
  socket.resume();
  expect(await connections(server)).toBe(1);
  const piece = Buffer.from(Array.from({ length: 65536 }, (_, i) => i & 0xff));
  for (let sent = 0; sent < total; sent += piece.length) {
    if (!client.write(piece)) {
      await once(client, 'drain');
    }
  }
  client.end();
  await ended;

  expect(read).toBe(total);
  expect(wrong).toBe(0);
  expect(dataEvents).toBe(0);
  expect(largest).toBeLessThan(8 * 1024 * 1024);
  expect(socket.bytesRead).toBe(total);
  expect(socket.remotePort).toBe(client.localPort);
  const closed = once(server, 'close');
  server.close();
  socket.end();
  await closed;
  expect(await connections(server)).toBe(0);
});

test('reading stops when the callback returns false and goes on at resume()', async () => {
  const window = new ReadWindow();
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = net.connect((server.address() as net.AddressInfo).port);
  const [accepted] = (await once(server, 'connection')) as [net.Socket];
  let resolveRead: (text: string) => void = () => undefined;
  let nextRead = new Promise<string>((resolve) => {
    resolveRead = resolve;
  });
  const socket = adopt(accepted, server, window, (count) => {
    resolveRead(Buffer.from(window.view.subarray(0, count)).toString());
    return false;
  });
  socket.resume();
  client.write('one');
  expect(await nextRead).toBe('one');
  nextRead = new Promise<string>((resolve) => {
    resolveRead = resolve;
  });
  await new Promise<void>((resolve) => client.write('two', () => resolve()));
  socket.resume();
  expect(await nextRead).toBe('two');
  client.destroy();
  socket.destroy();
  server.close();
  await once(server, 'close');
});

test('an accepted TLS socket reads into the window, without memory of its own, stops and goes on', async () => {
  const window = new ReadWindow();
  const { certificate, key } = await makeCertificate(
    { country: 'US', state: '', locality: '', commonName: 'h', expiration: 3600, digest: 'sha256', keyLength: 2048 },
    Date.now(),
  );
  const server = tls.createServer({ cert: certificate, key, allowHalfOpen: true } as tls.TlsOptions);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const client = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  const [accepted] = (await once(server, 'secureConnection')) as [tls.TLSSocket];
  expect(tlsInsides(accepted)).toBeDefined();

  let read = 0;
  let wrong = 0;
  let stops = 0;
  let dataEvents = 0;
  const socket = adoptTls(accepted, window, (count) => {
    for (let i = 0; i < count; i++) {
      wrong += window.view[i] === ((read + i) & 0xff) ? 0 : 1;
    }
    const stop = Math.floor((read + count) / (1 << 20)) > Math.floor(read / (1 << 20));
    read += count;
    if (stop) {
      stops++;
      setImmediate(() => socket.resume());
    }
    return !stop;
  });
  expect(socket).toBe(accepted);
  socket.on('data', () => dataEvents++);
  const ended = once(socket, 'end');
  socket.resume();
  const piece = Buffer.from(Array.from({ length: 65536 }, (_, i) => i & 0xff));
  for (let sent = 0; sent < total; sent += piece.length) {
    if (!client.write(piece)) {
      await once(client, 'drain');
    }
  }
  client.end();
  await ended;

  expect(read).toBe(total);
  expect(wrong).toBe(0);
  expect(dataEvents).toBe(0);
  expect(stops).toBe(total / (1 << 20));
  const closed = once(server, 'close');
  const answered = once(client, 'data');
  socket.end('answer');
  expect(String((await answered)[0])).toBe('answer');
  server.close();
  await closed;
});

test('a TLS socket that has bytes already, or other insides, has its bytes copied into the window', async () => {
  const window = new ReadWindow();
  const socket = new net.Socket();
  socket.push('one');
  let text = '';
  const taken = new Promise<void>((resolve) => {
    adoptTls(socket, window, (count) => {
      text += Buffer.from(window.view.subarray(0, count)).toString();
      resolve();
      return true;
    });
  });
  socket.resume();
  await taken;
  expect(text).toBe('one');
  socket.destroy();
});

function connections(server: net.Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
  );
}
