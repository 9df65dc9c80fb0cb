// However a stream of bytes is cut into writes, the real process makes the same events and answers of it. A cut is a pause between two
// writes on a real socket; that no read joins them cannot be forced here, so the decoders' own tests cut in memory as well.
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { encode } from '@msgpack/msgpack';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseFluentdLine } from '../support/fluentd-line.ts';
import { type Forebay, startForebay } from '../support/forebay.ts';
import { connectTo, type Place } from '../support/ports.ts';
import { capturedStreams, forwardCaseStreams, plainSource, type RecordedStream } from '../support/streams.ts';

const captures = capturedStreams();
const cases = forwardCaseStreams();
const sources = [...new Set([plainSource, ...cases.map((each) => each.source)])];
// The same chunks are sent again and again, and each time they are to be taken.
const noMemory = (source: string) => source.replace('</source>', 'resend_memory_limit 0\n</source>');
const unixSource = '<source>\n@type unix\npath DIR/unix.sock\n</source>';
const config = [
  ...sources.map((source, index) => noMemory(source.replace(/\bPORT\b/, `PORT${String(index).padStart(2, '0')}`))),
  noMemory(unixSource),
  '<match **>\n@type stdout\n</match>\n',
].join('\n');

/** Streams up to this many bytes are cut at every point and byte by byte. */
const short = 1_400;
/** One process each, that takes one connection after the other: so its lines are in the order of its connections. */
const laneCount = 6;
const seed = Number(process.env['SPLIT_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
console.info(`split seed: SPLIT_SEED=${seed}`);

interface Outcome {
  readonly lines: readonly string[];
  /** Undefined where the connection was reset: then an answer may be lost on the way. */
  readonly reply: string | undefined;
}

let lanes: Forebay[] = [];
/** How many lines of each lane have been looked at. */
const read = new Map<Forebay, number>();
let markers = 0;
const started = new Date().toISOString().slice(0, 19).replace('T', ' ');
beforeAll(async () => {
  lanes = await Promise.all(
    Array.from({ length: laneCount }, () => startForebay({ config, open: ['DIR/unix.sock'], args: ['-q'] })),
  );
});
afterAll(async () => {
  for (const lane of lanes) expect(await lane.stop()).toBe(0);
});

describe('captures', () => {
  test.each(captures)(
    '$name: what its messages say, at any split',
    async (stream) => {
      const { lines } = await compareSplits(stream, 100);
      const messages = stream.messages ?? [];
      expect(lines.map((line) => parseFluentdLine(line).tag)).toEqual(
        messages.flatMap((each) => each.entries.map(() => each.tag)),
      );
      if (!stream.name.startsWith('docker-')) return;
      // Docker's strings are compared byte by byte: latin1 on both sides.
      const records = lines.map((line) => parseFluentdLine(line).record);
      expect(records).toEqual(messages.flatMap((each) => each.entries.map(([, record]) => record)));
    },
    30_000,
  );

  test.each(captures.filter((stream) => stream.name.startsWith('docker-')))(
    '$name over a unix socket, at random splits',
    async (stream) => {
      await compareSplits({ ...stream, source: unixSource }, 50, 0);
    },
    30_000,
  );
});

describe('forward_in.json', () => {
  test.each(cases)(
    '$name',
    async (stream) => {
      await compareSplits(stream, 5);
    },
    30_000,
  );
});

/** Sends the stream whole, then cut in many ways, and compares. Returns what it makes sent whole. */
async function compareSplits(stream: RecordedStream, random: number, every = short): Promise<Outcome> {
  const { bytes, name } = stream;
  const ways: number[][] = [];
  const all = Array.from({ length: Math.max(0, bytes.length - 1) }, (_, index) => index + 1);
  if (bytes.length <= every) ways.push(...all.map((point) => [point]), all);
  const next = randomNumbers(seed ^ bytes.length);
  for (let count = 0; count < random && bytes.length > 2; count++) {
    const points = new Set(Array.from({ length: 1 + (next() % 6) }, () => 1 + (next() % (bytes.length - 1))));
    ways.push([...points].sort((a, b) => a - b));
  }
  const perLane = lanes.map((_, lane) => ways.filter((_way, index) => index % lanes.length === lane));
  const outcomes = await Promise.all(lanes.map((lane, index) => runLane(lane, stream, perLane[index] ?? [])));
  const whole = outcomes[0]?.[0];
  if (whole === undefined) throw new Error('no lane');
  for (const [lane, list] of outcomes.entries()) {
    for (const [index, outcome] of list.entries()) {
      const where = `${name} cut at ${perLane[lane]?.[index - 1]?.join(', ') || 'no point'} (SPLIT_SEED=${seed})`;
      const cut = endsWithRead(stream) && outcome.lines.length > 0;
      expect(outcome.lines, where).toEqual(cut ? whole.lines.slice(0, outcome.lines.length) : whole.lines);
      if (outcome.reply === undefined || whole.reply === undefined) continue;
      expect(outcome.reply, where).toBe(cut ? whole.reply.slice(0, outcome.reply.length) : whole.reply);
    }
  }
  return whole;
}

/** One connection for each way to cut, one after the other; then the lines are given to them in order. The first sends all in one piece. */
async function runLane(lane: Forebay, stream: RecordedStream, ways: readonly number[][]): Promise<Outcome[]> {
  const port = lane.ports[sources.indexOf(stream.source)];
  const place = stream.source === unixSource ? join(lane.folder, 'unix.sock') : port;
  if (place === undefined) throw new Error(`no listener for ${stream.source}`);
  const reply = await sendCut(place, stream.bytes, []);
  const whole = { lines: await linesSinceMarker(lane), reply };
  const outcomes: Outcome[] = [];
  if (endsWithRead(stream)) {
    for (const points of ways) {
      const answer = await sendCut(place, stream.bytes, points);
      outcomes.push({ lines: await linesSinceMarker(lane), reply: answer });
    }
    return [whole, ...outcomes];
  }
  const replies: (string | undefined)[] = [];
  for (const points of ways) replies.push(await sendCut(place, stream.bytes, points));
  const lines = await linesSinceMarker(lane);
  const share = whole.lines.length;
  for (const [index, answer] of replies.entries()) {
    const end = index === ways.length - 1 ? lines.length : (index + 1) * share; // one too many is found with the last
    outcomes.push({ lines: lines.slice(index * share, end), reply: answer });
  }
  return [whole, ...outcomes];
}

/**
 * With deny_keepalive the connection ends with the first read that leaves no message unfinished, and what the peer sends later is not
 * read: a cut between two messages may cost the second one its events, as in Fluentd.
 */
function endsWithRead(stream: RecordedStream): boolean {
  return stream.source.includes('deny_keepalive true');
}

/** Sends a marker and returns the lines between the last one and this. A time of now, which events of time 0 get, is masked. */
async function linesSinceMarker(lane: Forebay): Promise<string[]> {
  const from = read.get(lane) ?? 0;
  const number = ++markers;
  const socket = await connectTo(lane.ports[0] ?? 0);
  socket.end(encode(['marker', 1, { number }]));
  await lane.stdout.waitForLine((line) => line.endsWith(` marker: {"number":${number}}`), 10_000, from);
  socket.destroy();
  const texts = lane.stdout.raw.slice(from).map((line) => line.toString('latin1'));
  read.set(lane, from + texts.length);
  return texts.slice(0, -1).map((line) => (line >= started && line < '2100' ? `now${line.slice(29)}` : line));
}

/** Writes the pieces with pauses, half-closes, and resolves with the answer in hex when the other side has closed too. */
async function sendCut(place: Place, bytes: Buffer, points: readonly number[]): Promise<string | undefined> {
  const socket = await connectTo(place);
  const answer: Buffer[] = [];
  let broken = false;
  socket.on('data', (chunk: Buffer) => answer.push(chunk));
  socket.on('error', () => {
    broken = true;
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  let from = 0;
  for (const point of points) {
    if (!socket.writable) break;
    socket.write(bytes.subarray(from, point));
    from = point;
    await delay(1);
  }
  if (socket.writable) socket.end(bytes.subarray(from));
  await withDeadline(closed, socket, points);
  return broken ? undefined : Buffer.concat(answer).toString('hex');
}

async function withDeadline(closed: Promise<unknown>, socket: Socket, points: readonly number[]): Promise<void> {
  const timer = setTimeout(() => socket.destroy(new Error('not closed')), 30_000);
  await closed;
  clearTimeout(timer);
  if (socket.errored?.message === 'not closed')
    throw new Error(`not closed 5 s after the end, cut at ${points.join(', ')}`);
}

/** A small generator of 31-bit numbers, so that a seed repeats a run. */
function randomNumbers(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 1;
  };
}
