// Sends messages on a connection of their own and waits for one ack, however long that takes.
import { once } from 'node:events';
import { connect } from 'node:net';

/** Rejects where the connection ends before the ack of `chunk` has come. */
export async function sendUntilAcked(port: number, bytes: Uint8Array, chunk: string): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  socket.write(bytes);
  let got = '';
  for await (const data of socket) {
    got += (data as Buffer).toString('latin1');
    if (got.includes(chunk)) return;
  }
  throw new Error(`no ack of ${chunk}, but ${Buffer.from(got, 'latin1').toString('hex')}`);
}
