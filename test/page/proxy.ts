// A proxy of TCP connections between a browser and a collector that does what bad ones do: it gathers bytes before it passes them on, and cuts
// connections, when it is told to or in the midst of what they carry.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface ProxyOptions {
  /** Ms that bytes wait for others, to go on together. Default 0: they go on at once. */
  readonly hold?: number;
  /** A connection on which this is asked for is cut in the midst of the answer. */
  readonly cutOn?: RegExp;
  /** Bytes of the answer that pass before. Default 0. */
  readonly cutAfter?: number;
  /** How often it cuts by itself. Default: without end. */
  readonly mostCuts?: number;
}

export interface Proxy {
  readonly port: number;
  /** How often it has cut by itself. */
  readonly cuts: number;
  /** Cuts all connections. */
  cut(): void;
}

/** In front of a port of this machine; gone at the end of the test. */
export async function openProxy(port: number, options: ProxyOptions = {}): Promise<Proxy> {
  const { hold = 0, cutOn, cutAfter = 0, mostCuts = Number.POSITIVE_INFINITY } = options;
  const open = new Set<Socket>();
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    // Bytes of the answer that may still pass.
    let left = Number.POSITIVE_INFINITY;
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
    client.on('data', (data) => {
      left = cutOn?.test(data.toString('latin1')) === true ? cutAfter : left;
    });
    upstream.on('data', (data) => {
      left -= data.length;
      if (left < 0 && cuts < mostCuts && !client.destroyed) {
        cuts++;
        client.destroy();
      }
    });
    gather(client, upstream, hold);
    gather(upstream, client, hold);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of open) {
      socket.destroy();
    }
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    get cuts() {
      return cuts;
    },
    cut,
  };
}

/** Passes bytes on, all that came within `hold` ms in one write. */
function gather(from: Socket, to: Socket, hold: number): void {
  let waiting: Buffer[] = [];
  from.on('data', (data) => {
    if (waiting.push(data) === 1) {
      const go = () => {
        const bytes = Buffer.concat(waiting);
        waiting = [];
        if (to.writable && !to.write(bytes)) {
          from.pause();
          to.once('drain', () => from.resume());
        }
      };
      hold === 0 ? go() : setTimeout(go, hold);
    }
  });
}
