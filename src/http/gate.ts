// Which requests the HTTP server looks at, by their Host and Origin. A page of another site must reach nothing here, neither by its own name
// made to point at us (DNS rebinding) nor by a websocket, which browsers open to everywhere.
import { isIP } from 'node:net';
import { type HttpAddress, isLocalName, isLoopback, isWildcard } from './address.ts';

export interface GateSettings {
  readonly address: HttpAddress;
  /** Names, or names with a port, that people use beside the address itself: behind a proxy, in a network with names. */
  readonly hosts: readonly string[];
  /** The machine's own name. */
  readonly hostname: string;
}

export class Gate {
  readonly #host: string;
  readonly #names: ReadonlySet<string>;

  constructor({ address, hosts, hostname }: GateSettings) {
    this.#host = address.host.toLowerCase();
    this.#names = new Set(
      [...hosts, ...(isLoopback(address.host) ? [] : [hostname])].map((name) => name.toLowerCase()),
    );
  }

  /**
   * Whether the Host header names us: a loopback name, the bound address, a configured name. A listener on all addresses is also called by
   * any IP address: an address cannot be rebound, only a name can.
   */
  allowsHost(header: string | undefined): boolean {
    const parts = splitHost(header);
    if (parts === undefined) {
      return false;
    }
    const { name, whole } = parts;
    return (
      isLocalName(name) ||
      isLoopback(name) ||
      name === this.#host ||
      (isWildcard(this.#host) && isIP(name) !== 0) ||
      this.#names.has(name) ||
      this.#names.has(whole)
    );
  }

  /** Whether a request with this Origin comes from our own page. Programs that are no browsers send none; every browser does for a websocket. */
  allowsOrigin(origin: string | undefined, host: string | undefined): boolean {
    if (origin === undefined) {
      return true;
    }
    const match = /^https?:\/\/([^/?#@]+)$/i.exec(origin);
    return match?.[1] !== undefined && host !== undefined && match[1].toLowerCase() === host.toLowerCase();
  }
}

/** The name in lower case without port and brackets, and with its port. */
function splitHost(header: string | undefined): { readonly name: string; readonly whole: string } | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header ?? '');
  const name = match?.[1] ?? match?.[2];
  return name === undefined || header === undefined
    ? undefined
    : { name: name.toLowerCase().replace(/\.$/, ''), whole: header.toLowerCase() };
}
