// Inflates small gzip data into memory that is there already, with one engine for all of it: half of what Node's gunzipSync costs, which
// makes an engine and a buffer each time. Node offers that only inside its streams, so a stream's handle is used as Node itself uses it.
// This file alone knows of it; where the handle is not as expected, `supported` is false. Checked by test/forward/gunzip.test.ts, which
// fails the day Node changes.
import { constants, createGunzip } from 'node:zlib';

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

export class Gunzip {
  readonly #handle: Handle | undefined;
  readonly #state: Uint32Array = new Uint32Array(2);
  #failed = false;

  constructor() {
    const stream = createGunzip() as unknown as Insides;
    const handle = stream._handle;
    const state = stream._writeState;
    if (
      handle != null &&
      typeof handle.writeSync === 'function' &&
      typeof handle.reset === 'function' &&
      state instanceof Uint32Array &&
      state.length === 2
    ) {
      this.#handle = handle;
      this.#state = state;
      handle.onerror = () => {
        this.#failed = true;
      };
    }
  }

  get supported(): boolean {
    return this.#handle !== undefined;
  }

  /** Inflates all of `input` to the beginning of `output`, and returns how many bytes it became; or says why not. */
  run(input: Uint8Array, output: Uint8Array): number | 'broken' | 'large' {
    const handle = this.#handle;
    if (handle === undefined) {
      return 'broken';
    }
    this.#failed = false;
    handle.writeSync(constants.Z_FINISH, input, 0, input.length, output, 0, output.length);
    const [room = 0] = this.#state;
    const outcome = this.#failed ? 'broken' : room === 0 ? 'large' : output.length - room;
    handle.reset();
    return outcome;
  }
}
