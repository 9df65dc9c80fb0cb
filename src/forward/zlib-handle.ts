// The engine inside one of node:zlib's streams, used as Node itself uses it: from memory that is there already into memory that is there
// already, as often as one likes, for a third to a half of what zlib's sync functions cost, which make an engine and buffers each time. Node
// offers that only inside its streams. This file alone knows of it; where a stream is not as expected there is no handle. Checked by
// test/forward/gunzip.test.ts and unzstd.test.ts, which fail the day Node changes.
import type { Transform } from 'node:stream';

/** What of a stream's insides is used. */
interface Insides {
  readonly _handle?: Handle | null;
  /** Bytes of room left in the output, and of input not read. */
  readonly _writeState?: unknown;
}

interface Handle {
  onerror: (message: string, code: number, name: string) => void;
  writeSync(
    flush: number,
    input: Uint8Array,
    inputFrom: number,
    inputLength: number,
    output: Uint8Array,
    outputFrom: number,
    outputLength: number,
  ): void;
  reset(): void;
}

export class ZlibHandle {
  readonly #stream: Transform;
  readonly #handle: Handle;
  readonly #state: Uint32Array;
  #failed = false;

  private constructor(stream: Transform, handle: Handle, state: Uint32Array) {
    this.#stream = stream;
    this.#handle = handle;
    this.#state = state;
    handle.onerror = () => {
      this.#failed = true;
    };
  }

  /** The handle of a stream that nobody else uses. */
  static of(stream: Transform): ZlibHandle | undefined {
    const { _handle: handle, _writeState: state } = stream as unknown as Insides;
    const known =
      handle != null &&
      typeof handle.writeSync === 'function' &&
      typeof handle.reset === 'function' &&
      state instanceof Uint32Array &&
      state.length === 2;
    return known ? new ZlibHandle(stream, handle, state) : undefined;
  }

  /** Bytes that the last `write` left: of its output, and of its input. */
  get roomLeft(): number {
    return this.#state[0] as number;
  }

  get inputLeft(): number {
    return this.#state[1] as number;
  }

  /** Works `input` from `from` on into `output` from `to` on, as far as it goes. False where the input is broken. */
  write(flush: number, input: Uint8Array, from: number, output: Uint8Array, to: number): boolean {
    this.#failed = false;
    this.#handle.writeSync(flush, input, from, input.length - from, output, to, output.length - to);
    return !this.#failed;
  }

  /** What is written next begins anew. */
  reset(): void {
    this.#handle.reset();
  }

  /** It is used no more. */
  close(): void {
    this.#stream.destroy();
  }
}
