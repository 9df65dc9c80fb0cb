// The table of workloads, and the streams of bytes that it comes to: built once, sent many times.
import {
  accessEvent,
  type EventMaker,
  expectedLine,
  type LoadEvent,
  loadEvent,
  pieceEvent,
  wideEvent,
} from './events.ts';
import {
  ackBytes,
  asksForAck,
  type Carrier,
  fluentBit,
  forward,
  message,
  packed,
  packedGzip,
  packedZstd,
} from './messages.ts';

interface Shape {
  readonly event: EventMaker;
  readonly carrier: Carrier;
  /** Events in one message. */
  readonly size: number;
  readonly tags: number;
  readonly connections: number;
  /** So many acks may be missing before the sender waits; 0: only the last message of a connection asks for one. */
  readonly window: number;
  /** Of the events asked for: large ones are fewer. */
  readonly share: number;
  readonly says: string;
}

const usual: Shape = {
  event: loadEvent,
  carrier: message,
  size: 1,
  tags: 1,
  connections: 1,
  window: 0,
  share: 1,
  says: '',
};
const chunks: Shape = { ...usual, carrier: packed, size: 1_000 };

const shapes: Readonly<Record<string, Shape>> = {
  message: { ...usual, says: "events of Docker's driver, 270 bytes, a message each" },
  forward: { ...chunks, carrier: forward, says: 'the same in Forward mode, 1,000 a message' },
  packed: { ...chunks, says: 'the same in PackedForward mode, 1,000 a chunk' },
  'packed-gzip': { ...chunks, carrier: packedGzip, says: 'gzip' },
  'packed-zstd': { ...chunks, carrier: packedZstd, says: 'zstd' },
  'fluent-bit': { ...chunks, carrier: fluentBit, says: "Fluent Bit's entries, `[[time, metadata], record]`" },
  access: { ...chunks, event: accessEvent, says: 'an access log in JSON: 12 fields, numbers among them' },
  wide: { ...chunks, event: wideEvent, size: 200, share: 1 / 5, says: '60 fields, 200 a chunk' },
  pieces: { ...usual, event: pieceEvent, share: 1 / 50, says: "Docker's 16 KB pieces of long lines" },
  'message-8-tags': { ...usual, tags: 8, says: 'eight containers that take turns' },
  'many-tags': { ...usual, tags: 10_000, says: '10,000 tags that take turns' },
  'many-connections': { ...usual, connections: 1_000, says: '1,000 connections at once' },
  'ack-1': { ...chunks, window: 1, says: 'the sender waits for the ack of each chunk' },
  'ack-8': { ...chunks, window: 8, says: 'eight chunks on the way before the sender waits' },
};

export const workloadNames = Object.keys(shapes);

export function sayOf(name: string): string {
  return shapeOf(name).says;
}

/** Each of `connections` connections sends `block` `repeat` times, then `last`, which asks for an ack. */
export interface Workload {
  readonly name: string;
  readonly connections: number;
  readonly window: number;
  /** Events in one message. */
  readonly size: number;
  /** Messages per second that are a moderate load: latency is measured at it. */
  readonly pace: number;
  readonly block: Uint8Array;
  readonly repeat: number;
  readonly last: Uint8Array;
  readonly messages: readonly Message[];
  /** The bytes that acknowledge a message, but for the id's number at the end. */
  readonly ack: Uint8Array;
  /** Of all connections; acks that come back, and bytes on the wire. */
  readonly events: number;
  readonly acks: number;
  readonly inputBytes: number;
  /** What the stdout output prints, and what is written to a file as JSON. */
  readonly lines: Output;
  readonly json: Output;
}

/** One of the block: its bytes, and those of its lines as JSON. */
interface Message {
  readonly bytes: number;
  readonly json: number;
}

/** The text of one block and of `last`, and the bytes of all that all connections sent. */
export interface Output {
  readonly block: string;
  readonly last: string;
  readonly bytes: number;
}

/** What comes out of a workload; nothing does where it is dropped, but the floor writes as much as it would to stdout. */
export function outputOf(workload: Workload, target: string): Output {
  return target === 'file' ? workload.json : workload.lines;
}

const blockEvents = 10_000;
/** Chunks come 50 times a second, however many events they hold, so that there are enough of them to tell p99. */
const eventsPerSecond = 10_000;
const chunksPerSecond = 50;

/** Builds the stream of about `count` small events, or fewer larger ones; `events` says how many exactly. Throws on an unknown name. */
export function buildWorkload(name: string, count: number): Workload {
  const { event, carrier, size, tags, connections, window, share } = shapeOf(name);
  const each = Math.floor((count * share) / connections);
  // The last message counts too: with 1,000 connections it is one event in a thousand.
  const perBlock = Math.max(size, Math.min(blockEvents * share, each - (each % size)) - (connections > 1 ? size : 0));
  const repeat = Math.max(1, Math.floor(each / perBlock));
  const fraction = carrier !== message;
  const made = (length: number, from: number) =>
    Array.from({ length }, (_, index) => event(from + index, index % tags, fraction));
  const blockList = made(perBlock, 0);
  const lastList = made(size, perBlock);
  const parts: LoadEvent[][] = [];
  for (let at = 0; at < perBlock; at += size) parts.push(blockList.slice(at, at + size));
  const messages = parts.map((events) => carrier(events, window > 0 ? asksForAck : {}));
  const last = carrier(lastList, asksForAck);
  if (window > 0 && messages.some((each) => each.length !== last.length)) {
    throw new Error(`${name}: messages that wait for acks must have one length`);
  }
  const output = (line: (event: LoadEvent) => string): Output => {
    const [block, end] = [blockList.map(line).join(''), lastList.map(line).join('')];
    return { block, last: end, bytes: (Buffer.byteLength(block) * repeat + Buffer.byteLength(end)) * connections };
  };
  const block = Buffer.concat(messages);
  const jsonBytes = (events: readonly LoadEvent[]) => Buffer.byteLength(events.map(jsonLine).join(''));
  return {
    name,
    connections,
    window,
    size,
    pace: size > 1 ? chunksPerSecond : eventsPerSecond * share,
    block,
    repeat,
    last,
    messages: messages.map(({ length }, index) => ({ bytes: length, json: jsonBytes(parts[index] ?? []) })),
    ack: ackBytes,
    events: (perBlock * repeat + size) * connections,
    acks: connections + (window > 0 ? messages.length * repeat : 0),
    inputBytes: (block.length * repeat + last.length) * connections,
    lines: output(expectedLine),
    json: output(jsonLine),
  };
}

function shapeOf(name: string): Shape {
  const shape = shapes[name];
  if (shape === undefined) throw new Error(`no workload ${name}; there are ${workloadNames.join(', ')}`);
  return shape;
}

function jsonLine(event: LoadEvent): string {
  return `${JSON.stringify(event.record)}\n`;
}
