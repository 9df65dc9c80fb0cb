// A network bridge of its own for an engine: with Docker's default one, engines that run side by side would hand out the same addresses.
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { requireProgram } from './system.ts';

export interface Bridge {
  /** For dockerd: its default network is this bridge, and the networks it makes itself have addresses that nobody else hands out. */
  readonly flags: readonly string[];
  remove(): void;
}

export function addBridge(): Bridge {
  const used = new Set(Object.values(networkInterfaces()).flatMap((list) => list?.map(({ address }) => part(address))));
  let net: number;
  do net = randomInt(0, 256);
  while (used.has(`10.${net}`) || net === 0);
  const name = `forebay${net}`;
  ip('link', 'add', name, 'type', 'bridge');
  try {
    ip('addr', 'add', `10.${net}.0.1/24`, 'dev', name);
    ip('link', 'set', name, 'up');
  } catch (error) {
    ip('link', 'del', name);
    throw error;
  }
  // 10.N.0.0/24 is the bridge; the upper half is for networks that compose files ask for.
  const flags = [`--bridge=${name}`, '--default-address-pool', `base=10.${net}.128.0/17,size=24`];
  return { flags, remove: () => ip('link', 'del', name) };
}

/** `10.1` of 10.1.2.3 */
function part(address: string): string {
  return address.split('.').slice(0, 2).join('.');
}

function ip(...args: readonly string[]): void {
  execFileSync(requireProgram('busybox'), ['ip', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
}
