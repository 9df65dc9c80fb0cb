// Sets the same fields in all events: with the WebAssembly module where they stand in its memory, event by event where it leaves one, else as
// edit.ts does.
import { type FieldEdit, setFields } from './edit.ts';
import { areaSlack } from './event-areas.ts';
import { FieldAdder } from './field-adder.ts';
import { Skip } from './skip.ts';
import type { Wasm } from './wasm.ts';

/** So many events in a row that the module leaves, and all of the rest is done at once without it. */
const mostAlone = 64;

export class FieldSetter {
  readonly #wasm: Wasm | undefined;
  readonly #adder: FieldAdder | undefined;
  readonly #fields: readonly FieldEdit[];
  readonly #skip = new Skip();
  /** At most what the fields add to an event. */
  readonly #added: number;
  #area: Uint8Array | undefined;

  constructor(wasm: Wasm | undefined, fields: readonly FieldEdit[]) {
    this.#wasm = wasm;
    this.#fields = fields;
    this.#added = fields.reduce((sum, { name, value }) => sum + 5 + name.length + value.length, 5);
    this.#adder = wasm === undefined ? undefined : FieldAdder.of(wasm, fields);
  }

  /** The `count` events of `entries` (clean ones, whole) with the fields; valid until `release`, to be called before the next time. */
  set(entries: Uint8Array, count: number): Uint8Array {
    this.release(); // where what used the last ones threw
    const adder = this.#adder;
    if (adder !== undefined && entries.buffer === this.#wasm?.memory.buffer) {
      this.#area = this.#wasm.areas.take(entries.length + count * this.#added);
    }
    return adder === undefined || this.#area === undefined
      ? setFields(entries, this.#fields)
      : this.#area.subarray(0, this.#run(adder, entries, this.#area));
  }

  /** Nobody uses the events any more. */
  release(): void {
    if (this.#area !== undefined) {
      this.#wasm?.areas.give(this.#area);
      this.#area = undefined;
    }
  }

  /** Returns how many bytes it wrote. */
  #run(adder: FieldAdder, entries: Uint8Array, area: Uint8Array): number {
    const base = entries.byteOffset;
    const begin = area.byteOffset;
    const end = base + entries.length;
    const limit = begin + area.length - areaSlack;
    let at = base;
    let used = 0;
    for (let alone = 0; ; ) {
      const next = adder.run(at, end, begin + used, limit);
      used = adder.end - begin;
      if (next === end) {
        return used;
      }
      alone = next === at ? alone + 1 : 0;
      const from = next - base;
      const to = alone < mostAlone ? this.#skip.run(entries, from, entries.length) : entries.length;
      const edited = setFields(entries.subarray(from, to), this.#fields);
      area.set(edited, used);
      used += edited.length;
      at = base + to;
    }
  }
}
