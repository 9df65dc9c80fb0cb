// What lies between the sender and the program under test: nothing, a handshake that is over before the load begins, or TLS.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { ClientHandshake } from '../../src/forward/client-handshake.ts';
import { Lines } from '../support/lines.ts';
import { projectEnv, projectNode } from '../support/project.ts';
import { login, provenHost, type Variant } from './configs.ts';
import { runningOf } from './running.ts';

export interface Wire {
  /** The port that the sender connects to; undefined where it is given connections. */
  readonly port: number | undefined;
  /** Open, with nothing left to read; the sender's from now on. */
  readonly sockets: readonly Socket[];
  stop(): Promise<void>;
}

export function plainWire(port: number): Wire {
  return { port, sockets: [], stop: async () => undefined };
}

/** To the program that listens on `port` with the variant's configuration. */
export async function wireTo(port: number, variant: Variant): Promise<Wire> {
  return variant === 'tls' ? await tlsWire(port) : plainWire(port);
}

/** Connections that have shaken hands with the listener of the variant `auth`. */
export async function provenWire(port: number, connections: number): Promise<Wire> {
  const sockets: Socket[] = [];
  const stop = async () => {
    for (const socket of sockets) socket.destroy();
  };
  try {
    for (let i = 0; i < connections; i++) sockets.push(await shakeHands(port));
  } catch (error) {
    await stop();
    throw error;
  }
  return { port: undefined, sockets, stop };
}

async function tlsWire(port: number): Promise<Wire> {
  const relay = new URL('tls-relay.ts', import.meta.url).pathname;
  const child = spawn(projectNode(), [relay, String(port)], {
    env: projectEnv(),
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const { stop } = runningOf(child);
  try {
    const line = await new Lines(child.stdout).waitForLine((each) => each.startsWith('port '), 15_000);
    return { port: Number(line.split(' ')[1]), sockets: [], stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function shakeHands(port: number): Promise<Socket> {
  const socket = connect({ host: provenHost, port, noDelay: true });
  const handshake = new ClientHandshake({ ...login, selfHostname: 'bench', random: randomBytes });
  try {
    for await (const bytes of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      const step = handshake.read(bytes, 0, bytes.length);
      if (step.state === 'established') return socket.pause();
      if (step.state === 'failed') throw new Error(`the handshake failed: ${step.fault} ${step.reason}`);
      if (step.send !== undefined) socket.write(step.send);
    }
    throw new Error('the connection was closed in the handshake');
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
