// Acks chunks in the order they came in, each once all that was handed on before it is settled.
import { ruby } from '../msgpack/json-dialects.ts';
import { JsonTranscoder } from '../msgpack/transcode.ts';
import { ReadView, slack, WriteView } from '../msgpack/view.ts';

/** `81 a3 ack`, which the chunk id follows. */
const ackHead = Uint8Array.of(0x81, 0xa3, 0x61, 0x63, 0x6b);

interface Waiting {
  readonly acks: readonly Uint8Array[] | undefined;
  settled: boolean;
}

export class Acks {
  readonly #send: (chunks: readonly Uint8Array[]) => void;
  readonly #failed: (error: unknown) => void;
  readonly #drained: () => void;
  /** What waits, oldest first. */
  #queue: Waiting[] = [];
  #ready: Uint8Array[] = [];

  /** `send` gets chunk ids that may be acked; `failed` is told when an emit rejected; `drained` when nothing waits any more. */
  constructor(send: (chunks: readonly Uint8Array[]) => void, failed: (error: unknown) => void, drained: () => void) {
    this.#send = send;
    this.#failed = failed;
    this.#drained = drained;
  }

  get empty(): boolean {
    return this.#queue.length === 0 && this.#ready.length === 0;
  }

  /** `acks` wait for `settled` and for all that was added before. */
  add(acks: readonly Uint8Array[] | undefined, settled: Promise<void> | undefined): void {
    if (settled === undefined && this.#queue.length === 0) {
      if (acks !== undefined) {
        this.#ready.push(...acks);
      }
      return;
    }
    const waiting: Waiting = { acks, settled: settled === undefined };
    this.#queue.push(waiting);
    settled?.then(
      () => {
        waiting.settled = true;
        this.#advance();
      },
      (error: unknown) => this.#failed(error),
    );
  }

  /** Sends what is ready: called at the end of a read, so that its acks go out together. */
  flush(): void {
    if (this.#ready.length > 0) {
      const ready = this.#ready;
      this.#ready = [];
      this.#send(ready);
    }
  }

  #advance(): void {
    let done = 0;
    while (this.#queue[done]?.settled === true) {
      const acks = this.#queue[done]?.acks;
      if (acks !== undefined) {
        this.#ready.push(...acks);
      }
      done++;
    }
    if (done > 0) {
      this.#queue.splice(0, done);
      this.flush();
      if (this.#queue.length === 0) {
        this.#drained();
      }
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
