// Takes plain connections, and carries their bytes to a port that speaks TLS, and back: a process of its own, whose work is not counted.
// Usage: tls-relay.ts PORT. Prints `port N`, where it listens.
import { type AddressInfo, createServer } from 'node:net';
import { pipeline } from 'node:stream';
import { connect } from 'node:tls';

const port = Number(process.argv[2]);
const server = createServer((plain) => {
  // The certificate is one that the program made for itself.
  const encrypted = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  const done = () => undefined;
  pipeline(plain, encrypted, done);
  pipeline(encrypted, plain, done);
});
server.listen(0, '127.0.0.1', () => console.log(`port ${(server.address() as AddressInfo).port}`));
