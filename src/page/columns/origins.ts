// Where events come from: tag and place of a batch, each pair kept once and numbered, so that an event costs two bytes.
import { type Place, readPlace } from '../../live/protocol.ts';
import { candidatesAt, candidatesSize, mostOrigins } from './layout.ts';
import type { Memory } from './memory.ts';

export interface Origin {
  readonly id: number;
  readonly tag: string;
  readonly place: Place;
  /** Place and tag as they came. */
  readonly bytes: Uint8Array;
  readonly hash: number;
}

/** The origin of all batches for which there is no room any more. */
export const others = 0;
const nowhere: Place = { label: undefined, matched: true, listener: '', address: '', port: 0, name: undefined };
const patience = 1000;

export class Origins {
  readonly list: (Origin | undefined)[] = [
    { id: others, tag: '(others)', place: nowhere, bytes: new Uint8Array(0), hash: 0 },
  ];
  /** Moves on when another origin is in the list. */
  version = 0;
  readonly #memory: Memory;
  readonly #unused: () => readonly number[];
  readonly #byHash = new Map<number, Origin[]>();
  readonly #free: number[] = [];
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #waiting = 0;
  #last: Origin | undefined;

  constructor(memory: Memory, unused: () => readonly number[]) {
    this.#memory = memory;
    this.#unused = unused;
  }

  get(id: number): Origin {
    return this.list[id] ?? (this.list[others] as Origin);
  }

  /** That of a batch whose place and tag stand in `bytes`; undefined where the place is none. */
  of(bytes: Uint8Array, placeAt: number, tagAt: number, end: number): Origin | undefined {
    if (this.#last !== undefined && isSame(this.#last.bytes, bytes, placeAt, end)) {
      return this.#last;
    }
    const hash = hashOf(bytes, placeAt, end);
    const known = this.#byHash.get(hash)?.find((origin) => isSame(origin.bytes, bytes, placeAt, end));
    const origin = known ?? this.#add(bytes, placeAt, tagAt, end, hash);
    this.#last = origin;
    return origin;
  }

  /** The kernel looks at the shapes that an origin's events had last: this one first. */
  remember(id: number, shape: number): void {
    const { u16 } = this.#memory;
    const at = (candidatesAt + id * candidatesSize) >> 1;
    if (id !== others && u16[at] !== shape) {
      u16.copyWithin(at + 1, at, at + 3);
      u16[at] = shape;
    }
  }

  /** No event has the shapes any more that are missing now. */
  forgetShapes(): void {
    this.#memory.u8.fill(0, candidatesAt, candidatesAt + mostOrigins * candidatesSize);
  }

  #add(bytes: Uint8Array, placeAt: number, tagAt: number, end: number, hash: number): Origin | undefined {
    const place = readPlace(bytes.subarray(placeAt, tagAt));
    if (place === undefined) {
      return undefined;
    }
    const id = this.#room();
    const tag = this.#decoder.decode(bytes.subarray(tagAt, end));
    const origin = { id, tag, place, bytes: bytes.slice(placeAt, end), hash };
    if (id !== others) {
      const at = candidatesAt + id * candidatesSize;
      this.#memory.u8.fill(0, at, at + candidatesSize);
      this.list[id] = origin;
      this.version++;
      const same = this.#byHash.get(hash);
      if (same === undefined) {
        this.#byHash.set(hash, [origin]);
      } else {
        same.push(origin);
      }
    }
    return origin;
  }

  #room(): number {
    if (this.list.length < mostOrigins) {
      return this.list.length;
    }
    if (this.#free.length === 0 && this.#waiting-- <= 0) {
      this.#waiting = patience;
      for (const id of this.#unused()) {
        this.#remove(id);
      }
    }
    return this.#free.pop() ?? others;
  }

  #remove(id: number): void {
    const origin = this.list[id];
    if (origin !== undefined && id !== others) {
      const rest = this.#byHash.get(origin.hash)?.filter((one) => one !== origin) ?? [];
      if (rest.length === 0) {
        this.#byHash.delete(origin.hash);
      } else {
        this.#byHash.set(origin.hash, rest);
      }
      this.list[id] = undefined;
      this.#free.push(id);
      this.#last = this.#last === origin ? undefined : this.#last;
    }
  }
}

function isSame(own: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (own.length !== to - from) {
    return false;
  }
  for (let n = 0; n < own.length; n++) {
    if (own[n] !== bytes[from + n]) {
      return false;
    }
  }
  return true;
}

/** FNV-1a. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at++) {
    hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  }
  return hash >>> 0;
}
