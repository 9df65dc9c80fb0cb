// What the real Fluentd's in_forward did with the same bytes: events, replies, closing.

import dgram from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { decode } from '@msgpack/msgpack';
import { describe, expect, test } from 'vitest';
import { differencesOf } from '../support/differences.ts';
import { freePort } from '../support/ports.ts';
import { twins } from '../support/twins.ts';
import { hex, type KeptEvent, startInput, type TestInput } from './harness.ts';

interface Step {
  readonly send_hex?: string;
  readonly udp_send_hex?: string;
  readonly one_byte_per_write?: boolean;
  readonly pause_ms?: number;
  readonly write_failed?: boolean;
  readonly wait_for_helo?: boolean;
}

interface VectorTime {
  readonly kind?: string;
  readonly sec?: number;
  readonly nsec?: number | null;
}

interface VectorEvent {
  readonly tag?: string;
  readonly tag_hex?: string;
  readonly time: VectorTime;
  readonly record_msgpack_hex: string;
}

interface VectorCase {
  readonly name: string;
  readonly source: string;
  readonly steps: readonly Step[];
  readonly events: readonly VectorEvent[];
  readonly reply_hex: string;
  readonly closed_by_server?: boolean;
}

const vectors = JSON.parse(readFileSync(new URL('../vectors/forward_in.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly VectorCase[];
  /** What the server's random bytes were. */
  readonly nonce_hex: string;
  readonly auth_salt_hex: string;
};
const { cases } = vectors;
const differences = differencesOf('forward_in.json');

describe.concurrent.for(twins)('in_forward of Fluentd 1.19.3, by %s', ([, wasm]) => {
  test.each(cases.map((one) => [one.name, one] as const))('%s', async (name, vector) => {
    const port = await freePort();
    const expected = { ...vector, ...(differences.get(name)?.ours as Partial<VectorCase> | undefined) };
    const source = vector.source.replace('PORT', String(port));
    const started = await startInput(source, undefined, { random: fixedSalts(), wasm: wasm ?? null });
    try {
      const seen = vector.steps.some((step) => step.udp_send_hex !== undefined)
        ? await overUdp(port, vector.steps)
        : await overTcp(port, vector.steps, expected.closed_by_server === true, started);
      const { events, reply_hex, closed_by_server } = expected;
      expect(seen.reply).toBe(reply_hex);
      expect(seen.closed).toBe(closed_by_server === true);
      expect(started.events.map(shown)).toEqual(events.map((event, i) => wanted(event, started.events[i])));
    } finally {
      await started.stop();
    }
  });
});

test('every case is run, and at most one in twenty differs beyond the rules of the data path', () => {
  expect(cases.length).toBe(193);
  const beyond = [...differences.values()].filter(({ rule }) => !rule.startsWith('architecture.md, rule'));
  expect(beyond.length).toBeLessThanOrEqual(cases.length * 0.05);
  for (const name of differences.keys()) {
    expect(cases.map((one) => one.name)).toContain(name);
  }
});

/** The nonce first, then the salt for passwords. */
function fixedSalts(): (size: number) => Uint8Array {
  const salts = [vectors.nonce_hex, vectors.auth_salt_hex].map((text) => Buffer.from(text, 'hex'));
  return () => salts.shift() ?? new Uint8Array(0);
}

async function overTcp(port: number, steps: readonly Step[], untilClosed: boolean, started: TestInput) {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  const received: Buffer[] = [];
  socket.on('data', (data) => received.push(data));
  socket.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => {
    socket.once('end', resolve);
    socket.once('close', () => resolve());
  });
  await once(socket, 'connect');
  for (const step of steps) {
    if (step.pause_ms !== undefined) {
      await delay(step.pause_ms);
    }
    if (step.wait_for_helo === true && received.length === 0) {
      await once(socket, 'data');
    }
    if (step.send_hex !== undefined && step.write_failed !== true) {
      await send(socket, Buffer.from(step.send_hex, 'hex'), step.one_byte_per_write === true);
    }
  }
  if (!untilClosed) {
    socket.end();
  }
  await ended;
  socket.destroy();
  // Without a fault the server closes only after the client did.
  const faults = started.counters
    .list()
    .filter(({ name, value }) => value > 0 && closing.some((code) => name === `forebay_${code}_total`));
  return { reply: hex(Buffer.concat(received)), closed: untilClosed || faults.length > 0 };
}

const closing = [
  'forward_anonymous_refused',
  'forward_emit_failed',
  'forward_frame_too_large',
  'forward_inflate_broken',
  'forward_inflate_too_large',
  'forward_json_invalid',
  'forward_key_mismatch',
  'forward_malformed',
  'forward_not_forward',
  'forward_option_invalid',
  'forward_ping_invalid',
  'forward_user_refused',
];

async function send(socket: net.Socket, bytes: Buffer, singly: boolean): Promise<void> {
  if (!singly) {
    socket.write(bytes);
    return;
  }
  for (const byte of bytes) {
    socket.write(Buffer.of(byte));
    await delay(2);
  }
}

async function overUdp(port: number, steps: readonly Step[]) {
  const socket = dgram.createSocket('udp4');
  const received: Buffer[] = [];
  const reply = new Promise<void>((resolve) => {
    socket.on('message', (data) => {
      received.push(data);
      resolve();
    });
  });
  for (const { udp_send_hex } of steps) {
    socket.send(Buffer.from(udp_send_hex ?? '', 'hex'), port, '127.0.0.1');
  }
  // An empty datagram gets no answer: one that does tells when it has been passed over.
  if (steps.every(({ udp_send_hex }) => udp_send_hex === '')) {
    socket.send('probe', port, '127.0.0.1');
  }
  await reply;
  socket.close();
  return {
    reply: steps.every(({ udp_send_hex }) => udp_send_hex === '') ? '' : hex(Buffer.concat(received)),
    closed: false,
  };
}

function shown({ tag, time, record }: KeptEvent) {
  return { tag, time: timeOf(time), record };
}

function wanted(event: VectorEvent, ours: KeptEvent | undefined) {
  const tag = event.tag_hex ?? hex(Buffer.from(event.tag ?? ''));
  const now = event.time.kind === 'now';
  if (now && ours !== undefined) {
    expect(Math.abs(Number.parseInt(ours.time.slice(4, 12), 16) - Date.now() / 1000)).toBeLessThan(10);
  }
  const same = ours !== undefined && sameRecord(ours.record, event.record_msgpack_hex);
  return {
    tag,
    time: now ? timeOf(ours?.time ?? '') : { ...event.time },
    record: same ? ours.record : event.record_msgpack_hex,
  };
}

/** Records are the same where their bytes are, or what the bytes mean: Fluentd packs them anew, Forebay passes them on. */
function sameRecord(ours: string, theirs: string): boolean {
  const mapKeyConverter = (key: unknown) => (key instanceof Uint8Array ? `bin ${hex(key)}` : String(key));
  const [a, b] = [ours, theirs].map((text) => JSON.stringify(decode(Buffer.from(text, 'hex'), { mapKeyConverter })));
  return ours === theirs || a === b;
}

function timeOf(time: string): VectorTime {
  const bytes = Buffer.from(time, 'hex');
  if (bytes[0] === 0xd7 || bytes[0] === 0xc7) {
    const at = bytes.length - 8;
    return { sec: bytes.readUInt32BE(at), nsec: bytes.readUInt32BE(at + 4) };
  }
  if (bytes[0] === 0xd6) {
    return { sec: bytes.readUInt32BE(2), nsec: null };
  }
  return { kind: 'int', sec: Number(decode(bytes, { useBigInt64: true })) };
}
