// Adds the same fields to events in the memory of the WebAssembly module, as far as it goes. What the module leaves, such as an event that has
// one of them, is for the caller.
import type { FieldEdit } from './edit.ts';
import { packStringHead } from './pack.ts';
import type { Wasm } from './wasm.ts';

/** The module reads so far behind a name, at most. */
const slack = 16;

export class FieldAdder {
  /** How many events the last `run` copied, and where in the memory the copy ends. */
  copied = 0;
  end = 0;
  readonly #wasm: Wasm;
  readonly #fields: readonly FieldEdit[];
  /** Names and values as they are appended. */
  readonly #pairs: Uint8Array;

  /** Undefined where these are no fields for the module: one twice, or too long. */
  static of(wasm: Wasm, fields: readonly FieldEdit[]): FieldAdder | undefined {
    const pairs = Buffer.concat(fields.flatMap(({ name, value }) => [stringHead(name.length), name, value]));
    const size = fields.reduce((sum, { name }) => sum + 8 + name.length + slack, pairs.length + slack);
    const names = new Set(fields.map(({ name }) => Buffer.from(name).toString('latin1')));
    return names.size < fields.length || size > wasm.input.length ? undefined : new FieldAdder(wasm, fields, pairs);
  }

  private constructor(wasm: Wasm, fields: readonly FieldEdit[], pairs: Uint8Array) {
    this.#wasm = wasm;
    this.#fields = fields;
    this.#pairs = pairs;
  }

  /**
   * Copies the events from `start` to `end` with the fields to `out`, which has room up to `limit`; all of them are positions in the memory.
   * Returns where the next one begins.
   */
  run(start: number, end: number, out: number, limit: number): number {
    const wasm = this.#wasm;
    this.#show();
    const count = this.#fields.length;
    const names = wasm.input.byteOffset;
    const next = wasm.exports.addFields(start, end, out, limit, names, count, names + count * 8, this.#pairs.length);
    this.copied = wasm.results[0] as number;
    this.end = wasm.results[1] as number;
    return next;
  }

  /** Puts names and pairs where the module finds them. */
  #show(): void {
    const wasm = this.#wasm;
    if (wasm.holds === this) {
      return;
    }
    wasm.holds = this;
    const { input, data } = wasm;
    let place = input.byteOffset;
    let at = this.#fields.length * 8;
    input.set(this.#pairs, at);
    at += this.#pairs.length + slack;
    for (const { name } of this.#fields) {
      data.setUint32(place, input.byteOffset + at, true);
      data.setUint32(place + 4, name.length, true);
      input.set(name, at);
      place += 8;
      at += name.length + slack;
    }
  }
}

function stringHead(length: number): Uint8Array {
  const head = new Uint8Array(5);
  return head.subarray(0, packStringHead(head, 0, length));
}
