// Keys of maps in the making: of one that stands twice, the first place and the last value stay, as in a Ruby hash.
import type { GrowingBytes } from './growing-bytes.ts';

/** Maps with more keys than this are looked through with a table. */
const fewKeys = 16;

/** Where the keys of all open maps begin, one map's behind the other's. */
export class KeyRepeats {
  #starts = new Int32Array(64);
  #count = 0;

  /** Begins a map; what it returns ends it. */
  open(): number {
    return this.#count;
  }

  /** The next key, a str, begins at `at`; the one before ends there with its value. */
  add(at: number): void {
    if (this.#count === this.#starts.length) {
      const larger = new Int32Array(this.#count * 2);
      larger.set(this.#starts);
      this.#starts = larger;
    }
    this.#starts[this.#count++] = at;
  }

  /** Ends the map, the last pair of which ends where `out` does. Returns how many pairs were taken out of it. */
  close(mark: number, out: GrowingBytes): number {
    const keys = this.#count - mark;
    const repeats = keys < 2 ? false : keys <= fewKeys ? this.#fewRepeat(mark, out.bytes) : this.#manyRepeat(mark, out);
    const taken = repeats ? this.#takeOut(mark, out) : 0;
    this.#count = mark;
    return taken;
  }

  /** Forgets all maps, also those that were not ended. */
  reset(): void {
    this.#count = 0;
  }

  #fewRepeat(mark: number, bytes: Uint8Array): boolean {
    for (let i = mark + 1; i < this.#count; i++) {
      const a = this.#starts[i] as number;
      for (let j = mark; j < i; j++) {
        const b = this.#starts[j] as number;
        if (bytes[a] === bytes[b] && bytes[a + 1] === bytes[b + 1] && sameString(bytes, a, b)) {
          return true;
        }
      }
    }
    return false;
  }

  #manyRepeat(mark: number, { bytes }: GrowingBytes): boolean {
    const seen = new Set<string>();
    for (let i = mark; i < this.#count; i++) {
      seen.add(keyText(bytes, this.#starts[i] as number));
    }
    return seen.size < this.#count - mark;
  }

  #takeOut(mark: number, out: GrowingBytes): number {
    const { bytes } = out;
    const pairs = new Map<string, { readonly key: Uint8Array; value: Uint8Array }>();
    for (let i = mark; i < this.#count; i++) {
      const start = this.#starts[i] as number;
      const end = i + 1 < this.#count ? (this.#starts[i + 1] as number) : out.length;
      const value = stringEnd(bytes, start);
      const name = keyText(bytes, start);
      const before = pairs.get(name);
      if (before === undefined) {
        pairs.set(name, { key: bytes.slice(start, value), value: bytes.slice(value, end) });
      } else {
        before.value = bytes.slice(value, end);
      }
    }
    out.length = this.#starts[mark] as number;
    for (const { key, value } of pairs.values()) {
      out.append(key);
      out.append(value);
    }
    return this.#count - mark - pairs.size;
  }
}

function stringEnd(bytes: Uint8Array, at: number): number {
  const head = bytes[at] as number;
  if (head < 0xc0) {
    return at + 1 + (head & 0x1f);
  }
  const size = head === 0xd9 ? 1 : head === 0xda ? 2 : 4;
  let length = 0;
  for (let i = 1; i <= size; i++) {
    length = length * 256 + (bytes[at + i] as number);
  }
  return at + 1 + size + length;
}

function keyText(bytes: Uint8Array, at: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, stringEnd(bytes, at) - at).toString('latin1');
}

function sameString(bytes: Uint8Array, a: number, b: number): boolean {
  const end = stringEnd(bytes, a);
  for (let i = 0; a + i < end; i++) {
    if (bytes[a + i] !== bytes[b + i]) {
      return false;
    }
  }
  return true;
}
