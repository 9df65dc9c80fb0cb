// An output of the tests' own, loaded with `-p`: hands each chunk to a receiver over TCP, and takes it for delivered when the receiver says so.
// A connection brings one chunk: 32 bytes of its id, then batches, each a u32 length and its entries, then a length of 0; the answer is one byte.
import { once } from 'node:events';
import net from 'node:net';
import type { Chunk } from '../../src/plugin/buffer.ts';
import type { OutputDefinition } from '../../src/plugin/output.ts';

const definition = {
  kind: 'output',
  type: 'torture',
  summary: 'Hands chunks to a receiver of the tests.',
  options: { port: { type: 'integer', desc: 'Where the receiver listens.', required: true } },
  buffer: { when: 'always' },
  create(_context: unknown, { port }: { readonly port: number }) {
    return { write: (chunk: Chunk, signal: AbortSignal) => deliver(chunk, port, signal), async stop() {} };
  },
};

export default definition as unknown as OutputDefinition;

async function deliver(chunk: Chunk, port: number, signal: AbortSignal): Promise<void> {
  const socket = net.connect({ port, host: '127.0.0.1', signal });
  const answer = new Promise<void>((resolve, reject) => {
    socket.once('data', () => resolve());
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('The receiver hung up.')));
  });
  answer.catch(() => undefined);
  try {
    await write(socket, Buffer.from(chunk.id), answer);
    const length = Buffer.alloc(4);
    for await (const { entries } of chunk.batches()) {
      length.writeUInt32BE(entries.length);
      await write(socket, Buffer.concat([length, entries]), answer);
    }
    await write(socket, Buffer.alloc(4), answer);
    await answer;
  } finally {
    socket.destroy();
  }
}

async function write(socket: net.Socket, bytes: Uint8Array, failed: Promise<void>): Promise<void> {
  if (!socket.write(bytes)) {
    await Promise.race([once(socket, 'drain'), failed]);
  }
}
