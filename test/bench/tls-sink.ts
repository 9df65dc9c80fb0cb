// The floor of TLS: what a plain sink in Node costs that counts the bytes it is sent, and answers as sink.c does.
// Usage: tls-sink.ts PORT ACK_EVERY ACK_FILE.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:tls';
import { makeCertificate } from '../../src/core/certificate.ts';

const [port, ackEvery] = process.argv.slice(2, 4).map(Number) as [number, number];
const ack = readFileSync(process.argv[4] ?? '');
const subject = { country: 'US', state: 'CA', locality: 'Mountain View', commonName: 'sink' };
const request = { ...subject, expiration: 86_400, digest: 'sha256', keyLength: 2048 } as const;
const { certificate, key } = await makeCertificate(request, Date.now());
const server = createServer({ cert: certificate, key }, (socket) => {
  let got = 0;
  socket.on('data', ({ length }) => {
    const before = Math.floor(got / ackEvery);
    got += length;
    for (let acks = Math.floor(got / ackEvery) - before; acks > 0; acks--) socket.write(ack);
  });
  socket.on('error', () => undefined);
});
server.on('tlsClientError', () => undefined);
server.listen(port, '127.0.0.1');
