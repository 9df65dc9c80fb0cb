// Sets fields that are the same in all events of a tag, with the WebAssembly module, in memory that is given back when nobody uses it any more.
// Events that the module leaves are edited by record-editor.ts, which is the specification.
import type { Batch, Tag } from '../core/batch.ts';
import { areaSlack } from '../msgpack/event-areas.ts';
import { FieldAdder } from '../msgpack/field-adder.ts';
import { Skip } from '../msgpack/skip.ts';
import type { Wasm } from '../msgpack/wasm.ts';
import type { RecordEditor } from './record-editor.ts';

/** With fewer events in a batch, to show the module the fields costs more than it saves. */
const worthWhile = 8;
/** So many events in a row that the module leaves, and the whole batch is edited without it. */
const mostAlone = 64;

export class ConstantFields {
  readonly #wasm: Wasm | undefined;
  readonly #editor: RecordEditor;
  readonly #skip = new Skip();
  #tag: Tag | undefined;
  #adder: FieldAdder | undefined;
  /** At most what the fields add to an event. */
  #added = 0;
  /** Memory that somebody uses, the last one last; undefined where a batch stands elsewhere. */
  readonly #used: (Uint8Array | undefined)[] = [];

  constructor(wasm: Wasm | undefined, editor: RecordEditor) {
    this.#wasm = editor.constant ? wasm : undefined;
    this.#editor = editor;
  }

  /** The edited events, until `release`; undefined where the module is of no use. They are as many as before. */
  edit(batch: Batch): Uint8Array | undefined {
    const wasm = this.#wasm;
    if (wasm === undefined || batch.count < worthWhile || batch.entries.buffer !== wasm.memory.buffer) {
      return undefined;
    }
    if (batch.tag !== this.#tag) {
      this.#setTag(wasm, batch.tag);
    }
    const adder = this.#adder;
    const area = adder === undefined ? undefined : wasm.areas.take(batch.entries.length + batch.count * this.#added);
    if (adder === undefined || area === undefined) {
      return undefined;
    }
    let length: number | undefined;
    try {
      length = this.#run(adder, batch, area);
    } finally {
      if (length === undefined) {
        wasm.areas.give(area);
      }
    }
    if (length !== undefined) {
      this.#used.push(area);
    }
    return length === undefined ? undefined : area.subarray(0, length);
  }

  /** A batch that was not edited here is used, and will be released. */
  passBy(): void {
    this.#used.push(undefined);
  }

  /** What was used last is used no more. */
  release(): void {
    const area = this.#used.pop();
    if (area !== undefined) {
      this.#wasm?.areas.give(area);
    }
  }

  /** Returns how many bytes it wrote; undefined where the batch is not for the module. */
  #run(adder: FieldAdder, batch: Batch, area: Uint8Array): number | undefined {
    const { entries } = batch;
    const [base, begin] = [entries.byteOffset, area.byteOffset];
    const room = area.length - areaSlack;
    let at = 0;
    let used = 0;
    for (let alone = 0; ; ) {
      const next = adder.run(base + at, base + entries.length, begin + used, begin + room) - base;
      used = adder.end - begin;
      if (next === entries.length) {
        return used;
      }
      alone = next === at ? alone + 1 : 0;
      at = this.#skip.run(entries, next, entries.length);
      if (at < 0) {
        this.#skip.reset();
        return undefined;
      }
      this.#editor.open({ ...batch, entries: entries.subarray(next, at), count: 1 });
      this.#editor.edit(0);
      const edited = this.#editor.close();
      if (this.#editor.fault !== undefined || alone === mostAlone || edited.length > room - used) {
        return undefined;
      }
      area.set(edited, used);
      used += edited.length;
      if (at === entries.length) {
        return used;
      }
    }
  }

  #setTag(wasm: Wasm, tag: Tag): void {
    const fields = this.#editor.constants(tag);
    this.#tag = tag;
    this.#adder = fields === undefined ? undefined : FieldAdder.of(wasm, fields);
    this.#added = (fields ?? []).reduce((sum, { name, value }) => sum + 5 + name.length + value.length, 5);
  }
}
