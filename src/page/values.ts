// The values of one field that the kept lines have, numbered so that an event costs two bytes, with the number of lines of each. Where there
// are more values than the bound, the later ones share a place until another has no line any more.

/** The place of all values beyond the bound. */
export const others = 0;

export interface ValueEntry {
  readonly name: string;
  readonly color: number;
  /** Lines kept. */
  count: number;
}

const colorCount = 18;
/** Values without a place before it is looked again whether one has become free. */
const patience = 1000;

export class Values {
  /** Moves on with every change of a count. */
  version = 0;
  readonly entries: ValueEntry[];
  readonly #most: number;
  readonly #ids = new Map<string, number>();
  #free: number[] = [];
  #refused = 0;
  #last = '';
  #lastId = others;

  constructor(othersName: string, most: number) {
    this.entries = [{ name: othersName, color: 0, count: 0 }];
    this.#most = most;
  }

  /** The number of a value; a new one where there is room. What is numbered is counted at once, or never. */
  idOf(name: string): number {
    if (name === this.#last && this.#lastId !== others) {
      return this.#lastId;
    }
    let id = this.#ids.get(name);
    if (id === undefined) {
      id = this.#room();
      if (id === others) {
        return others;
      }
      this.entries[id] = { name, color: colorOf(name), count: 0 };
      this.#ids.set(name, id);
    }
    this.#last = name;
    this.#lastId = id;
    return id;
  }

  #room(): number {
    if (this.entries.length <= this.#most) {
      return this.entries.length;
    }
    if (this.#free.length === 0 && this.#refused++ % patience === 0) {
      for (const [name, id] of this.#ids) {
        if (this.entry(id).count === 0) {
          this.#ids.delete(name);
          this.#free.push(id);
        }
      }
      this.#last = '';
      this.#lastId = others;
    }
    return this.#free.pop() ?? others;
  }

  entry(id: number): ValueEntry {
    return this.entries[id] ?? (this.entries[others] as ValueEntry);
  }

  add(id: number, count: number): void {
    this.entry(id).count += count;
    this.version++;
  }

  /** The numbers of those with lines, by name. */
  kept(): number[] {
    const ids = [...this.entries.keys()].filter((id) => this.entry(id).count > 0);
    return ids.sort((a, b) => order.compare(this.entry(a).name, this.entry(b).name));
  }
}

const order = new Intl.Collator('en', { numeric: true });

/** The same name has the same colour in every page and after every start (FNV-1a, mixed once more). */
export function colorOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let n = 0; n < name.length; n++) {
    hash = Math.imul(hash ^ name.charCodeAt(n), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash ^= hash >>> 13;
  return (hash >>> 0) % colorCount;
}
