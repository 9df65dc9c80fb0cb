// An HTTP server that keeps to its bounds: connections, time, bytes. What Node refuses of it is answered and told here; what a login costs is
// access.ts's.
import { createServer, type Server, type ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { HttpLimits } from './limits.ts';

export type LimitCode = 'CONNECTIONS_LIMIT' | 'REQUEST_TIMEOUT' | 'HEADERS_TOO_LARGE';

/** By the code of Node's error: what is answered, and how it is counted. */
const faults: Readonly<Record<string, { readonly answer: string; readonly code: LimitCode }>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { answer: '408 Request Timeout', code: 'REQUEST_TIMEOUT' },
  HPE_HEADER_OVERFLOW: { answer: '431 Request Header Fields Too Large', code: 'HEADERS_TOO_LARGE' },
};
/** Connections are looked at this often at least, ms. */
const lookEvery = 1000;

/** A server that keeps to `limits`; `refused` hears of what is over one, with the peer's address. */
export function limitedServer(
  limits: HttpLimits,
  options: ServerOptions,
  refused: (code: LimitCode, peer: string) => void,
): Server {
  const { connections, headerSize } = limits;
  const requestTime = Math.ceil(limits.requestTime);
  const server = createServer({
    ...options,
    headersTimeout: requestTime,
    requestTimeout: requestTime,
    connectionsCheckingInterval: Math.ceil(Math.min(lookEvery, requestTime / 3)),
    maxHeaderSize: headerSize,
  });
  server.maxConnections = connections;
  server.on('drop', (data) => refused('CONNECTIONS_LIMIT', data?.remoteAddress ?? ''));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const fault = faults[error.code ?? ''];
    if (fault !== undefined) {
      refused(fault.code, (socket as Socket).remoteAddress ?? '');
    }
    if (socket.writable) {
      socket.write(`HTTP/1.1 ${fault?.answer ?? '400 Bad Request'}\r\nConnection: close\r\n\r\n`);
    }
    socket.destroy();
  });
  return server;
}
