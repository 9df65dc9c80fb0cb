// Writes JSON lines by the WebAssembly module: brings events and text into its memory where they are not there, gives it the head, and goes
// on where only the time was another one. What it leaves out is written by lines.ts, one event at a time.
import { ruby } from '../msgpack/json-dialects.ts';
import type { JsonTranscoder } from '../msgpack/transcode.ts';
import { ReadView, slack, type WriteView } from '../msgpack/view.ts';
import { EventView } from '../msgpack/view-event.ts';
import type { Wasm } from '../msgpack/wasm.ts';
import { copyWords, type HeadText } from './line-head.ts';

/** Why the module stopped. */
const areaFull = 1;
const otherTime = 2;

/** What its flags are made of. */
const withNewline = 1;
const rubyDialect = 2;
const withTime = 4;

/** Room for the head, less what is copied too much; and for places in it that change. */
const longestHead = 16_384 - 16;
const mostPatches = 32;

export class WasmLines {
  readonly #wasm: Wasm;
  readonly #head: HeadText | undefined;
  readonly #flags: number;
  readonly #patches: Uint32Array;
  readonly #event = new EventView();
  /** The module's memory, up to the end of the events. */
  readonly #view = new ReadView();
  /** What of the head the module has. */
  #shownTime = -1;
  #shownTail = -1;
  #patchCount = 0;
  #firstSecond = 0;
  #lastSecond = 0;
  #useless = false;
  /** The area has no room for the event that comes next, as far as the module can tell. */
  full = false;
  /** What of the source stands in the scratch memory. */
  #pieceStart = 0;
  #pieceEnd = 0;

  constructor(wasm: Wasm, json: JsonTranscoder, head: HeadText | undefined, newline: boolean) {
    const { buffer } = wasm.memory;
    this.#wasm = wasm;
    this.#head = head;
    this.#flags =
      (newline ? withNewline : 0) +
      (json.dialect === ruby ? rubyDialect : 0) +
      (head?.time === undefined ? 0 : withTime);
    this.#patches = new Uint32Array(buffer, wasm.patchRoom, mostPatches * 2);
    this.#view.set(new Uint8Array(buffer));
  }

  /** The events that are written next stand in other memory, or are others. */
  reset(): void {
    this.#pieceEnd = 0;
  }

  /** Writes the events of `from` from `at` on, as far as it goes. Returns where the next one begins: it is for the slow way. */
  write(from: ReadView, start: number, to: WriteView): number {
    this.full = false;
    if (this.#useless) {
      return start;
    }
    if (from.buffer === this.#wasm.memory.buffer) {
      return this.#writeTo(start, from.end, to);
    }
    const { input } = this.#wasm;
    let at = start;
    while (at < from.end) {
      if (at < this.#pieceStart || at >= this.#pieceEnd || this.#wasm.holds !== this) {
        this.#wasm.holds = this;
        this.#pieceStart = at;
        this.#pieceEnd = Math.min(from.end, at + input.length);
        input.set(from.bytes.subarray(at, this.#pieceEnd));
      }
      const shift = input.byteOffset - this.#pieceStart;
      const next = this.#writeTo(at + shift, this.#pieceEnd + shift, to) - shift;
      if (next === this.#pieceEnd) {
        at = next;
      } else if (next > this.#pieceStart + input.length / 2 && this.#pieceEnd < from.end && to.at < to.limit / 2) {
        // It may be that the piece ends within the event: the next one begins with it.
        at = next;
        this.#pieceEnd = 0;
      } else {
        return next;
      }
    }
    return at;
  }

  /** Events in the module's memory. */
  #writeTo(start: number, end: number, to: WriteView): number {
    const { memory, output } = this.#wasm;
    if (to.buffer === memory.buffer) {
      const base = to.base;
      const next = this.#run(start, end, base + to.at, base + to.limit);
      to.at = this.#written - base;
      this.full = this.#wasm.results[0] === areaFull;
      return next;
    }
    for (let at = start; ; ) {
      const begin = output.byteOffset;
      const room = Math.min(output.length - slack, to.limit - to.at);
      const next = this.#run(at, end, begin, begin + room);
      to.bytes.set(output.subarray(0, this.#written - begin), to.at);
      to.at += this.#written - begin;
      if (next === at || next === end) {
        return next;
      }
      at = next;
    }
  }

  /** Where the text of the last run ends. */
  get #written(): number {
    return this.#wasm.results[1] as number;
  }

  #run(start: number, end: number, begin: number, limit: number): number {
    const { exports, results, headRoom, patchRoom } = this.#wasm;
    const head = this.#head;
    let at = start;
    let o = begin;
    if (o > limit || (head !== undefined && !this.#show(head))) {
      results[0] = o > limit ? areaFull : 0;
      results[1] = o;
      return at;
    }
    for (;;) {
      at = exports.lines(
        at,
        end,
        o,
        limit,
        headRoom,
        head?.length ?? 0,
        patchRoom,
        this.#patchCount,
        this.#firstSecond,
        this.#lastSecond,
        this.#flags,
      );
      if (results[0] !== otherTime || head === undefined || !this.#turn(head, at, end)) {
        return at;
      }
      o = this.#written;
    }
  }

  /** Turns the head to the time of the event at `at`. False where it cannot be shown to the module. */
  #turn(head: HeadText, at: number, end: number): boolean {
    const event = this.#event;
    this.#view.end = end;
    if (event.open(this.#view, at) < 0) {
      return false;
    }
    head.render(event);
    const time = head.time;
    if (time === undefined || time.firstSecond === time.lastSecond) {
      this.#useless = true;
      return false;
    }
    return this.#show(head) && event.sec >= this.#firstSecond && event.sec < this.#lastSecond && event.nsec < 1e9;
  }

  /** Puts the head where the module finds it. */
  #show(head: HeadText): boolean {
    const wasm = this.#wasm;
    const own = wasm.shows === this;
    if (own && this.#shownTime === head.timeVersion && this.#shownTail === head.tailVersion) {
      return true;
    }
    if (head.length > longestHead) {
      return false;
    }
    if (!own || this.#shownTime !== head.timeVersion) {
      if (!this.#showTime(head)) {
        return false;
      }
    }
    const { tail } = head;
    copyWords(tail.data, 0, wasm.data, wasm.headRoom + head.timeLength, tail.length);
    this.#shownTail = head.tailVersion;
    wasm.shows = this;
    return true;
  }

  #showTime(head: HeadText): boolean {
    const { data, headRoom, memory } = this.#wasm;
    const { time } = head;
    const patches = time?.patches ?? [];
    if (patches.length > 2 * mostPatches) {
      return false;
    }
    copyWords(head.data, 0, data, headRoom, head.timeLength);
    for (let i = 0; i < patches.length; i += 2) {
      const place = patches[i] as number;
      const digits = patches[i + 1] as number;
      this.#patches[i] = place;
      this.#patches[i + 1] = Math.min(9, digits);
      memory.own.fill(0x30, headRoom + place, headRoom + place + digits);
    }
    const known = time !== undefined && time.firstSecond >= 0 && time.lastSecond <= 0xffff_ffff;
    this.#patchCount = patches.length / 2;
    this.#firstSecond = known ? time.firstSecond : 0;
    this.#lastSecond = known ? time.lastSecond : 0;
    this.#shownTime = head.timeVersion;
    return true;
  }
}
