// Free ports for real listeners, and waiting until one is open.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Where a listener is: a TCP port on the loopback address, or the path of a unix socket. */
export type Place = number | string;

/**
 * A port that is free for TCP and UDP on all addresses. Below the range that the kernel takes outgoing ports from, so that no connection
 * of another test occupies it between this call and the listener's start.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const port = randomInt(15_000, 32_000);
    if (await isPortFree(port)) return port;
  }
  throw new Error('no free port between 15000 and 32000 in 200 tries');
}

export async function isPortFree(port: number): Promise<boolean> {
  return (await canListen(port)) && (await canBind(port));
}

/** Resolves when a port is free: something else may hold it for a while. */
async function waitUntilFree(port: number, timeout = 30_000): Promise<void> {
  for (const end = performance.now() + timeout; !(await isPortFree(port)); await delay(200)) {
    if (performance.now() > end) throw new Error(`port ${port} is in use, and was for ${timeout} ms`);
  }
}

/**
 * Resolves when this test may use a port that it cannot choose, such as 24224: no other test has it, and it is free. The result gives it
 * back; so does the end of the process.
 */
export async function reservePort(port: number, timeout = 120_000): Promise<() => Promise<void>> {
  for (const end = performance.now() + timeout; ; await delay(100)) {
    // An abstract socket: only one process of the machine can listen at the name, and it leaves nothing behind.
    const lock = createServer().unref();
    const taken = await new Promise<boolean>((resolve) => {
      lock.once('error', () => resolve(true));
      lock.listen(`\0forebay-test-${port}`, () => resolve(false));
    });
    if (!taken) {
      await waitUntilFree(port, timeout);
      return () => new Promise((resolve) => lock.close(() => resolve()));
    }
    if (performance.now() > end) throw new Error(`another test had port ${port} for ${timeout} ms`);
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)));
  });
}

function canBind(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind(port, '0.0.0.0', () => socket.close(() => resolve(true)));
  });
}

/** Connects once. Rejects as `net.connect` fails. */
export function connectTo(place: Place): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket =
      typeof place === 'number'
        ? connect({ port: place, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
        : connect({ path: place, allowHalfOpen: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

/** Resolves when somebody listens at `place`; asks every `every` ms. `gone` says why nobody will, or undefined. */
export async function waitUntilOpen(
  place: Place,
  gone: () => string | undefined,
  timeout = 40_000,
  every = 5,
): Promise<void> {
  const end = performance.now() + timeout;
  for (;;) {
    try {
      const socket = await connectTo(place);
      socket.destroy();
      return;
    } catch (error) {
      const why = gone() ?? (performance.now() > end ? `nobody listens at ${place} after ${timeout} ms` : undefined);
      if (why !== undefined) throw new Error(why, { cause: error });
    }
    await delay(every);
  }
}
