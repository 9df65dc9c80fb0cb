// Addresses of the HTTP server as people write them, and which of them only this machine can reach.
import { BlockList, isIP } from 'node:net';

export interface HttpAddress {
  /** An IP address (without brackets) or a name. */
  readonly host: string;
  readonly port: number;
}

export const defaultAddress: HttpAddress = { host: '127.0.0.1', port: 8080 };

/** Reads `HOST:PORT`, `PORT`, `HOST` or `[IPv6]:PORT`; what is left out is the default's. Undefined where it is none of these. */
export function parseAddress(text: string): HttpAddress | undefined {
  if (isIP(text) === 6) {
    return { ...defaultAddress, host: text };
  }
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))?(?::(\d{1,5}))?$/i.exec(/^\d+$/.test(text) ? `:${text}` : text);
  const host = match?.[1] ?? match?.[2] ?? defaultAddress.host;
  const port = Number(match?.[3] ?? defaultAddress.port);
  const isAddress = match !== null && text !== '' && port <= 65_535 && (match[1] === undefined || isIP(match[1]) === 6);
  return isAddress ? { host, port } : undefined;
}

/** `HOST:PORT`, with brackets where they are needed. */
export function addressText({ host, port }: HttpAddress): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** Whether only this machine can connect to a listener there. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  return family === 0 ? isLocalName(host) : loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

/** Whether it stands for all addresses of the machine. */
export function isWildcard(host: string): boolean {
  return host === '' || /^(?:0+(?:\.0+){0,3}|[0:]+|::ffff:0\.0\.0\.0)$/i.test(host);
}

/** `localhost` and names below it, which resolvers do not ask the network for. */
export function isLocalName(name: string): boolean {
  return /^(?:.+\.)?localhost$/i.test(name);
}

/** The URL of the page for people; where it listens everywhere, the one that works on this machine. */
export function pageUrl({ host, port }: HttpAddress): string {
  return `http://${addressText({ host: isWildcard(host) ? 'localhost' : host, port })}/`;
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');
