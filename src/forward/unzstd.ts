// Inflates small zstd data into memory that is there already, with one engine for all of it.
import { constants, createZstdDecompress } from 'node:zlib';
import { ZlibHandle } from './zlib-handle.ts';

export class Unzstd {
  #handle = newHandle();

  /** Whether this Node has what it needs. */
  get supported(): boolean {
    return this.#handle !== undefined;
  }

  /**
   * Inflates all of `input`, frame by frame, to the beginning of `output`, and returns how many bytes it became; or says why not. A frame that
   * is cut is taken for whole, as Fluentd takes it.
   */
  run(input: Uint8Array, output: Uint8Array): number | 'broken' | 'large' {
    let from = 0;
    let to = 0;
    while (from < input.length) {
      const handle = this.#handle;
      if (handle?.write(constants.ZSTD_e_flush, input, from, output, to) !== true) {
        // What has failed once fails for ever.
        handle?.close();
        this.#handle = newHandle();
        return 'broken';
      }
      const { roomLeft, inputLeft } = handle;
      handle.reset();
      if (roomLeft === 0) {
        return 'large';
      }
      to = output.length - roomLeft;
      if (inputLeft === input.length - from) {
        return 'broken';
      }
      from = input.length - inputLeft;
    }
    return to;
  }
}

function newHandle(): ZlibHandle | undefined {
  return ZlibHandle.of(createZstdDecompress());
}
