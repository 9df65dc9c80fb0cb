// Loads the hot loop that assembly/ compiles to, on the memory of the process. What it does is said there and by its TypeScript twins, which
// serve where there is no SIMD, and where FOREBAY_WASM is 0.
import type { IoMemory } from '../core/io-memory.ts';
import { EventAreas } from './event-areas.ts';
import { moduleText } from './wasm-module.ts';

/** TypeScript knows it only together with all of a browser. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

/** What the module exports: positions in, positions out. */
export interface WasmExports {
  readonly frame: { readonly value: number };
  readonly headRoom: { readonly value: number };
  readonly patchRoom: { readonly value: number };
  readonly skipStack: { readonly value: number };
  lines(
    start: number,
    end: number,
    begin: number,
    limit: number,
    head: number,
    headLength: number,
    patches: number,
    patchCount: number,
    firstSecond: number,
    lastSecond: number,
    flags: number,
  ): number;
  messages(start: number, end: number, limit: number, anyTag: number): number;
  entries(start: number, end: number): number;
  within(start: number, end: number, first: number, last: number): number;
  grep(
    start: number,
    end: number,
    run: number,
    out: number,
    key: number,
    keyLength: number,
    words: number,
    wordCount: number,
    flags: number,
  ): number;
  addFields(
    start: number,
    end: number,
    out: number,
    limit: number,
    names: number,
    count: number,
    pairs: number,
    pairsLength: number,
  ): number;
  skip(start: number, end: number, depth: number, left: number): number;
  sum(start: number, end: number, seed: number): number;
}

const scratchSize = 128 * 1024;

export class Wasm {
  readonly memory: IoMemory;
  readonly exports: WasmExports;
  /** Where the text in front of a record is put, and the places in it that change. */
  readonly headRoom: number;
  readonly patchRoom: number;
  /** All of the memory. */
  readonly data: DataView;
  /** For events and text that stand elsewhere: whoever calls uses them until the call returns. */
  readonly input: Uint8Array;
  readonly output: Uint8Array;
  /** For events that are made of others. */
  readonly areas: EventAreas;
  /** Whose events stand in `input`. */
  holds: object | undefined;
  /** Whose head of a line the module has. */
  shows: object | undefined;
  /** What a call found, beside what it returns. */
  readonly results: Uint32Array;
  /** Where `skip` has what is left of each array and map around it. */
  readonly skipStack: Uint32Array;

  constructor(memory: IoMemory, module: Uint8Array) {
    this.memory = memory;
    const instance = new WebAssembly.Instance(new WebAssembly.Module(module), { env: { memory: memory.memory } });
    this.exports = instance.exports as WasmExports;
    this.headRoom = this.exports.headRoom.value;
    this.patchRoom = this.exports.patchRoom.value;
    this.data = new DataView(memory.buffer);
    this.results = new Uint32Array(memory.buffer, this.exports.frame.value, 8);
    this.skipStack = new Uint32Array(memory.buffer, this.exports.skipStack.value, 512);
    this.input = memory.take(scratchSize);
    this.output = memory.take(scratchSize);
    this.areas = new EventAreas(memory);
  }
}

/** The module on that memory; undefined where the twins are to serve. `chosen` is what FOREBAY_WASM says. */
export function loadWasm(memory: IoMemory, chosen = process.env['FOREBAY_WASM']): Wasm | undefined {
  const module = Buffer.from(moduleText, 'base64');
  return chosen === '0' || !WebAssembly.validate(module) ? undefined : new Wasm(memory, module);
}
