// What events have in common beside their line: a record's bytes before and behind it, with the container, source and level that they name.
// Kept once each, in slots of the memory where the kernel compares them. Where records differ too much, an event has a kind only: container
// and source, and its whole bytes are kept with it.
import type { EventSubject } from '../../live/query/event-subject.ts';
import { type Level, levelNumber } from '../../live/query/levels.ts';
import { type Span, stringSpan } from '../../msgpack/text.ts';
import { levelOfLine, mostShapes, slotHead, slotSize, slotsAt } from './layout.ts';
import type { Memory } from './memory.ts';

export interface Shape {
  readonly id: number;
  readonly container: string;
  readonly source: string;
  readonly level: Level | undefined;
  /** What words are looked for in beside the line. */
  readonly text: string;
  /** An event of it with an empty line; undefined for a kind. */
  readonly sample: Uint8Array | undefined;
  readonly key: string;
}

/** The shape of all events for which there is no room any more. */
export const others = 0;
/** From so many shapes on, one is taken only when it is seen a second time. */
const careful = mostShapes / 2;
const mostSeen = 4000;
/** Events without a shape before the unused ones are looked for again. */
const patience = 20_000;

export class Shapes {
  readonly list: (Shape | undefined)[] = [
    { id: others, container: '(others)', source: '', level: undefined, text: '', sample: undefined, key: '' },
  ];
  /** Moves on when another shape is in the list. */
  version = 0;
  readonly #memory: Memory;
  readonly #byKey = new Map<string, Shape>();
  readonly #free: number[] = [];
  readonly #seen = new Set<string>();
  readonly #span: Span = { start: 0, end: 0 };
  readonly #unused: () => readonly number[];
  #waiting = 0;
  #watching = false;

  /** `unused` finds the shapes, of those in `list`, that no kept event has. */
  constructor(memory: Memory, unused: () => readonly number[]) {
    this.#memory = memory;
    this.#unused = unused;
  }

  get(id: number): Shape {
    return this.list[id] ?? (this.list[others] as Shape);
  }

  /** The shape of the event that the subject has open, whose line is a string; undefined where it is to have none. */
  of(subject: EventSubject, end: number): Shape | undefined {
    const { view, record, recordAt } = subject;
    const { bytes } = view;
    const place = subject.fields.messagePlace;
    if (place === 0 || !stringSpan(bytes, place, this.#span) || !isString(bytes[place] as number)) {
      return undefined;
    }
    const before = place - recordAt;
    const after = end - this.#span.end;
    if (before + after + slotHead > slotSize || record.more) {
      return undefined;
    }
    const isTagged = subject.fields.containerName() === '';
    const key = `${latin1(bytes, recordAt, place)}\n${latin1(bytes, this.#span.end, end)}\n${isTagged ? subject.container() : ''}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      return known;
    }
    if (this.#byKey.size > careful && !this.#seen.has(key)) {
      if (this.#seen.size > mostSeen) {
        this.#seen.clear();
      }
      this.#seen.add(key);
      return undefined;
    }
    const id = this.#room();
    if (id === others) {
      return undefined;
    }
    const head = bytes.slice(recordAt, place);
    const tail = bytes.slice(this.#span.end, end);
    const shape = {
      ...{ id, key, level: subject.fields.level() },
      ...{ container: subject.container(), source: sourceOf(subject), text: `${subject.head()}\n` },
      sample: Uint8Array.of(0x92, 0, ...head, 0xa0, ...tail),
    };
    this.#put(shape, head, tail);
    return shape;
  }

  /** A record's bytes before the line, and behind it. */
  head(id: number): Uint8Array {
    const slot = slotsAt + id * slotSize;
    return this.#memory.u8.subarray(slot + slotHead, slot + slotHead + (this.#memory.u32[slot >> 2] as number));
  }

  tail(id: number): Uint8Array {
    const slot = slotsAt + id * slotSize;
    const from = slot + slotHead + (this.#memory.u32[slot >> 2] as number);
    return this.#memory.u8.subarray(from, from + (this.#memory.u32[(slot >> 2) + 1] as number));
  }

  /** For an event whose bytes are kept whole. */
  kind(subject: EventSubject): number {
    const container = subject.container();
    const source = sourceOf(subject);
    const key = `\u0000${container}\n${source}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      return known.id;
    }
    const id = this.#room();
    if (id !== others) {
      this.#put({ id, container, source, level: undefined, text: '', sample: undefined, key }, nothing, nothing);
    }
    return id;
  }

  /** While lines in pieces wait for their end, which no field may mark, the kernel leaves every event to who called. */
  watch(on: boolean): void {
    if (on !== this.#watching) {
      this.#watching = on;
      for (const shape of this.#byKey.values()) {
        this.#memory.u8[slotsAt + shape.id * slotSize + 9] = on ? 1 : 0;
      }
    }
  }

  #put(shape: Shape, head: Uint8Array, tail: Uint8Array): void {
    const slot = slotsAt + shape.id * slotSize;
    const { u8, u32 } = this.#memory;
    u32[slot >> 2] = head.length;
    u32[(slot >> 2) + 1] = tail.length;
    u8[slot + 8] = shape.level === undefined ? levelOfLine : levelNumber(shape.level);
    u8[slot + 9] = this.#watching ? 1 : 0;
    u8.set(head, slot + slotHead);
    u8.set(tail, slot + slotHead + head.length);
    this.list[shape.id] = shape;
    this.version++;
    this.#byKey.set(shape.key, shape);
  }

  #room(): number {
    if (this.list.length < mostShapes) {
      return this.list.length;
    }
    if (this.#free.length === 0 && this.#waiting-- <= 0) {
      this.#waiting = patience;
      for (const id of this.#unused()) {
        const shape = this.list[id];
        if (shape !== undefined && id !== others) {
          this.#byKey.delete(shape.key);
          this.list[id] = undefined;
          this.#free.push(id);
        }
      }
    }
    return this.#free.pop() ?? others;
  }
}

const nothing = new Uint8Array(0);

function sourceOf(subject: EventSubject): string {
  return subject.field('source') ?? '';
}

function isString(head: number): boolean {
  return (head >= 0xa0 && head < 0xc0) || (head >= 0xd9 && head <= 0xdb);
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let at = from; at < to; at++) {
    text += String.fromCharCode(bytes[at] as number);
  }
  return text;
}
