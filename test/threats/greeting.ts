// How a sender shows a key, for tests of listeners that ask for one.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { decode, encode } from '@msgpack/msgpack';
import { expect } from 'vitest';

const sha = (...parts: readonly (string | Uint8Array)[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha512')).digest('hex');

export function ping(helo: Uint8Array, key: string): Uint8Array {
  const [, { nonce }] = decode(helo) as [string, { readonly nonce: Uint8Array }];
  return encode(['PING', 'client', 'salt', sha('salt', 'client', nonce, key), '', '']);
}

/** Shows a key, as senders do. */
export async function greetWith(socket: Socket, key: string): Promise<void> {
  const [helo] = (await once(socket, 'data')) as [Buffer];
  const ponged = once(socket, 'data') as Promise<[Buffer]>;
  socket.write(ping(helo, key));
  expect((await ponged)[0].includes('PONG')).toBe(true);
  socket.pause();
}
