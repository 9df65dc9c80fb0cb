// Inflates small gzip data into memory that is there already, with one engine for all of it.
import { constants, createGunzip } from 'node:zlib';
import { ZlibHandle } from './zlib-handle.ts';

export class Gunzip {
  readonly #handle = ZlibHandle.of(createGunzip());

  /** Whether this Node has what it needs. */
  get supported(): boolean {
    return this.#handle !== undefined;
  }

  /** Inflates all of `input` to the beginning of `output`, and returns how many bytes it became; or says why not. */
  run(input: Uint8Array, output: Uint8Array): number | 'broken' | 'large' {
    const handle = this.#handle;
    if (handle === undefined) {
      return 'broken';
    }
    const whole = handle.write(constants.Z_FINISH, input, 0, output, 0);
    const room = handle.roomLeft;
    handle.reset();
    return whole ? (room === 0 ? 'large' : output.length - room) : 'broken';
  }
}
