// `forebay send TAG`: lines of JSON from standard input become events, and the exit code says whether a collector took charge of all.
import { ForwardClient } from '../forward/forward-client.ts';
import { isMap } from '../msgpack/entries.ts';
import { isSpace, jsonToMsgpack } from '../msgpack/from-json.ts';

export interface SendRequest {
  readonly tag: string | undefined;
  readonly host: string | undefined;
  readonly port: string | undefined;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stderr: { write(text: string): unknown };
  /** Default 60,000. */
  readonly ackTimeout?: number;
}

/** Messages that may wait for their ack; then no more is read. */
const maxWaiting = 16;
const longestLine = 16 * 1024 * 1024;
/** Lines that are named one by one because they are no JSON; more are only counted. */
const maxNamed = 10;

/** Resolves with the exit code: 0 when all lines are acked, 1 when not, 2 for a wrong request. */
export async function send(request: SendRequest): Promise<0 | 1 | 2> {
  const { tag, host = '127.0.0.1', stdin, stderr, ackTimeout = 60_000 } = request;
  const port = Number(request.port ?? 24_224);
  if (tag === undefined || tag === '') {
    stderr.write('Say which tag the events have: forebay send TAG\n');
    return 2;
  }
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    stderr.write(`"${request.port}" is no port.\n`);
    return 2;
  }
  const client = new ForwardClient({ host, port, ackTimeout });
  const lines = new LineEvents();
  const waiting = new Set<Promise<void>>();
  let failure: Error | undefined;
  const flush = () => {
    const { entries, count } = lines.take();
    if (count > 0) {
      const sent: Promise<void> = client.send(tag, entries, count).then(
        () => void waiting.delete(sent),
        (error: Error) => {
          failure ??= error;
          waiting.delete(sent);
        },
      );
      waiting.add(sent);
    }
  };
  try {
    await client.connect();
    for await (const chunk of stdin) {
      lines.add(chunk);
      flush();
      while (waiting.size >= maxWaiting && failure === undefined) {
        await Promise.race(waiting);
      }
      if (failure !== undefined) {
        break;
      }
    }
    lines.end();
    flush();
    await Promise.all(waiting);
  } catch (error) {
    failure ??= error as Error;
  }
  await client.stop();
  for (const text of lines.problems) {
    stderr.write(`${text}\n`);
  }
  if (failure !== undefined) {
    stderr.write(`${failure.message}: not all events have arrived.\n`);
  }
  return failure === undefined && lines.bad === 0 ? 0 : 1;
}

/** Cuts text into lines and makes an entry of each. */
class LineEvents {
  /** Lines that are no JSON objects. */
  bad = 0;
  readonly problems: string[] = [];
  #pieces: Uint8Array[] = [];
  #size = 0;
  #line = 0;
  /** Of each event its head and its record. */
  #entries: Uint8Array[] = [];

  add(chunk: Uint8Array): void {
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, from)) {
      this.#keep(chunk.subarray(from, end));
      this.#finish();
      from = end + 1;
    }
    this.#keep(chunk.subarray(from));
  }

  /** The last line need not end with a newline. */
  end(): void {
    if (this.#size > 0) {
      this.#finish();
    }
  }

  take(): { readonly entries: Uint8Array; readonly count: number } {
    const entries = this.#entries;
    this.#entries = [];
    return { entries: Buffer.concat(entries), count: entries.length / 2 };
  }

  #keep(piece: Uint8Array): void {
    this.#size += piece.length;
    if (piece.length > 0 && this.#size <= longestLine) {
      this.#pieces.push(Buffer.from(piece));
    }
  }

  #finish(): void {
    const line = Buffer.concat(this.#pieces);
    const size = this.#size;
    this.#pieces = [];
    this.#size = 0;
    this.#line++;
    if (size > longestLine) {
      this.#refuse(`is longer than ${longestLine} bytes`);
      return;
    }
    if (line.every(isSpace)) {
      return;
    }
    const record = jsonToMsgpack(line, 0, line.length, 'str');
    if (record === undefined || !isMap(record[0] ?? 0)) {
      this.#refuse('is no JSON object');
      return;
    }
    this.#entries.push(eventTimeNow(), record);
  }

  #refuse(why: string): void {
    this.bad++;
    if (this.bad <= maxNamed) {
      this.problems.push(`Line ${this.#line} ${why}: not sent.`);
    } else {
      this.problems[maxNamed] = `${this.bad - maxNamed} more lines were not sent.`;
    }
  }
}

/** The head of an entry: an array of two, and the time as EventTime. */
function eventTimeNow(): Uint8Array {
  const now = Date.now();
  const head = Buffer.alloc(11);
  head.set([0x92, 0xd7, 0x00]);
  head.writeUInt32BE(Math.floor(now / 1000), 3);
  head.writeUInt32BE((now % 1000) * 1_000_000, 7);
  return head;
}
