// The streams of bytes that the bench sends: each carrier mode of the forward protocol, built once and sent many times.
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { ExtData, encode } from '@msgpack/msgpack';
import { expectedLine, type LoadEvent, loadEvent } from './events.ts';

/** `block` is sent `repeat` times, then `last`, which asks for an ack. */
export interface Workload {
  readonly name: string;
  readonly block: Uint8Array;
  readonly repeat: number;
  readonly last: Uint8Array;
  /** The bytes that acknowledge `last`. */
  readonly ack: Uint8Array;
  readonly events: number;
  readonly inputBytes: number;
  /** What the stdout output prints, and what is written to a file as JSON. */
  readonly lines: Output;
  readonly json: Output;
}

/** The text of one block and of `last`, and the bytes of all of it. */
export interface Output {
  readonly block: string;
  readonly last: string;
  readonly bytes: number;
}

/** What comes out of a workload; nothing does where it is dropped, but the floor writes as much as it would to stdout. */
export function outputOf(workload: Workload, target: string): Output {
  return target === 'file' ? workload.json : workload.lines;
}

interface Mode {
  readonly name: string;
  /** Events in one message. */
  readonly size: number;
  readonly fraction: boolean;
  /** The container of event number `index`. */
  readonly container: (index: number) => number;
  readonly message: (events: readonly LoadEvent[], option: Readonly<Record<string, unknown>>) => Uint8Array;
}

const chunk = 'bGFzdCBjaHVuayBvZiB0aGUgYmVuY2g=';
const blockEvents = 10_000;
const one = () => 0;

const modes: readonly Mode[] = [
  { name: 'message', size: 1, fraction: false, container: one, message },
  { name: 'message-8-tags', size: 1, fraction: false, container: (index) => index % 8, message },
  { name: 'forward', size: 1_000, fraction: true, container: one, message: forward },
  { name: 'packed', size: 1_000, fraction: true, container: one, message: packed((bytes) => bytes, {}) },
  {
    name: 'packed-gzip',
    size: 1_000,
    fraction: true,
    container: one,
    message: packed(gzipSync, { compressed: 'gzip' }),
  },
  {
    name: 'packed-zstd',
    size: 1_000,
    fraction: true,
    container: one,
    message: packed(zstdCompressSync, { compressed: 'zstd' }),
  },
  { name: 'fluent-bit', size: 1_000, fraction: true, container: one, message: fluentBit },
];

export const workloadNames = modes.map((mode) => mode.name);

/** Builds the stream of about `count` events; `events` says how many exactly. Throws on an unknown name. */
export function buildWorkload(name: string, count: number): Workload {
  const mode = modes.find((candidate) => candidate.name === name);
  if (mode === undefined) throw new Error(`no workload ${name}; there are ${workloadNames.join(', ')}`);
  const perBlock = Math.max(mode.size, Math.min(blockEvents, count - (count % mode.size)));
  const repeat = Math.max(1, Math.floor(count / perBlock));
  const blockList = range(perBlock).map((index) => loadEvent(index, mode.container(index), mode.fraction));
  const lastList = range(mode.size).map((index) => loadEvent(perBlock + index, mode.container(0), mode.fraction));
  const messages: Uint8Array[] = [];
  for (let at = 0; at < perBlock; at += mode.size) messages.push(mode.message(blockList.slice(at, at + mode.size), {}));
  const block = Buffer.concat(messages);
  const last = mode.message(lastList, { chunk });
  const output = (line: (event: LoadEvent) => string): Output => {
    const [blockText, lastText] = [blockList.map(line).join(''), lastList.map(line).join('')];
    return {
      block: blockText,
      last: lastText,
      bytes: Buffer.byteLength(blockText) * repeat + Buffer.byteLength(lastText),
    };
  };
  return {
    name,
    block,
    repeat,
    last,
    ack: encode({ ack: chunk }),
    events: perBlock * repeat + mode.size,
    inputBytes: block.length * repeat + last.length,
    lines: output(expectedLine),
    json: output((event) => `${JSON.stringify(event.record)}\n`),
  };
}

/** As Docker's driver: whole seconds, an empty option. */
function message(events: readonly LoadEvent[], option: Readonly<Record<string, unknown>>): Uint8Array {
  return Buffer.concat(events.map((event) => encode([event.tag, event.sec, event.record, option])));
}

function forward(events: readonly LoadEvent[], option: Readonly<Record<string, unknown>>): Uint8Array {
  return encode([tagOf(events), events.map((event) => [eventTime(event), event.record]), option]);
}

function packed(compress: (bytes: Uint8Array) => Uint8Array, extra: Readonly<Record<string, unknown>>) {
  return (events: readonly LoadEvent[], option: Readonly<Record<string, unknown>>): Uint8Array => {
    const entries = Buffer.concat(events.map((event) => encode([eventTime(event), event.record])));
    return encode([tagOf(events), compress(entries), { size: events.length, ...extra, ...option }]);
  };
}

/** As Fluent Bit: `[[time, metadata], record]` in PackedForward. */
function fluentBit(events: readonly LoadEvent[], option: Readonly<Record<string, unknown>>): Uint8Array {
  const entries = Buffer.concat(events.map((event) => encode([[eventTime(event), {}], event.record])));
  return encode([tagOf(events), entries, { size: events.length, fluent_signal: 0, ...option }]);
}

function tagOf(events: readonly LoadEvent[]): string {
  return events[0]?.tag ?? '';
}

function eventTime(event: LoadEvent): ExtData {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, event.sec);
  view.setUint32(4, event.nsec);
  return new ExtData(0, bytes);
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
