// Acks chunks in the order they came in, each once all that was handed on before it is settled.
import { ruby } from '../msgpack/json-dialects.ts';
import { JsonTranscoder } from '../msgpack/transcode.ts';
import { ReadView, slack, WriteView } from '../msgpack/view.ts';

/** `81 a3 ack`, which the chunk id follows. */
const ackHead = Uint8Array.of(0x81, 0xa3, 0x61, 0x63, 0x6b);

/** What was handed on together: outputs may settle many batches with one promise. */
interface Waiting {
  readonly promise: Promise<void>;
  acks: Uint8Array[] | undefined;
  settled: boolean;
}

/** Settled places at the queue's beginning that are kept until there are this many. */
const keptPlaces = 1024;

export class Acks {
  readonly #send: (chunks: readonly Uint8Array[]) => void;
  readonly #failed: (error: unknown) => void;
  readonly #drained: () => void;
  /** What waits, oldest first, from `#first` on. */
  readonly #queue: Waiting[] = [];
  #first = 0;
  #ready: Uint8Array[] = [];

  /** `send` gets chunk ids that may be acked; `failed` is told when an emit rejected; `drained` when nothing waits any more. */
  constructor(send: (chunks: readonly Uint8Array[]) => void, failed: (error: unknown) => void, drained: () => void) {
    this.#send = send;
    this.#failed = failed;
    this.#drained = drained;
  }

  get empty(): boolean {
    return this.#first === this.#queue.length && this.#ready.length === 0;
  }

  /** `acks` wait for `settled` and for all that was added before. */
  add(acks: readonly Uint8Array[] | undefined, settled: Promise<void> | undefined): void {
    let last = this.#first < this.#queue.length ? this.#queue.at(-1) : undefined;
    if (settled !== undefined && settled !== last?.promise) {
      last = this.#wait(settled);
    }
    if (acks !== undefined) {
      if (last === undefined) {
        this.#ready.push(...acks);
      } else if (last.acks === undefined) {
        last.acks = [...acks];
      } else {
        last.acks.push(...acks);
      }
    }
  }

  /** Sends what is ready: called at the end of a read, so that its acks go out together. */
  flush(): void {
    if (this.#ready.length > 0) {
      const ready = this.#ready;
      this.#ready = [];
      this.#send(ready);
    }
  }

  #wait(promise: Promise<void>): Waiting {
    const waiting: Waiting = { promise, acks: undefined, settled: false };
    this.#queue.push(waiting);
    promise.then(
      () => {
        waiting.settled = true;
        this.#advance();
      },
      (error: unknown) => this.#failed(error),
    );
    return waiting;
  }

  #advance(): void {
    const before = this.#first;
    for (let next = this.#queue[before]; next?.settled === true; next = this.#queue[++this.#first]) {
      if (next.acks !== undefined) {
        this.#ready.push(...next.acks);
      }
    }
    const drained = this.#first === this.#queue.length;
    if (drained || this.#first > keptPlaces) {
      this.#queue.splice(0, this.#first);
      this.#first = 0;
    }
    if (before !== this.#first || drained) {
      this.flush();
    }
    if (drained) {
      this.#drained();
    }
  }
}

/** The replies for these chunk ids, each of which is one msgpack value: `{"ack": id}`. */
export function ackReplies(chunks: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(chunks.reduce((sum, chunk) => sum + ackHead.length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    out.set(ackHead, at);
    out.set(chunk, at + ackHead.length);
    at += ackHead.length + chunk.length;
  }
  return out;
}

/** The same for a peer that speaks JSON. */
export function jsonAckReplies(chunks: readonly Uint8Array[]): Uint8Array {
  const json = new JsonTranscoder(ruby);
  const from = new ReadView();
  const to = new WriteView();
  const replies = chunks.map((chunk) => {
    const reply = ackReplies([chunk]);
    from.set(reply);
    // No byte becomes more than six, and the writer wants some room behind its text.
    to.set(new Uint8Array(reply.length * 6 + 2 * slack), 0);
    json.write(from, from.start, to);
    return to.bytes.subarray(0, to.at);
  });
  return Uint8Array.from(Buffer.concat(replies));
}
