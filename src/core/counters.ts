// Counters by name and label, read by metrics and tests. Exposing them over HTTP is not done here.

/** One counter. Its value only grows. */
export interface Counter {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  value: number;
}

/** All counters of one running process. The set is bounded by the names in the code times the plug-ins of the configuration. */
export class Counters {
  readonly #counters = new Map<string, Counter>();

  /** The counter of that name and labels, made when it is first asked for. Keep it: the hot path adds to `value` itself. */
  get(name: string, labels: Readonly<Record<string, string>> = {}): Counter {
    const key = `${name}${JSON.stringify(labels)}`;
    let counter = this.#counters.get(key);
    if (counter === undefined) {
      counter = { name, labels, value: 0 };
      this.#counters.set(key, counter);
    }
    return counter;
  }

  /** The plug-in of that id is gone: so are its counters. */
  forget(id: string): void {
    for (const [key, { labels }] of this.#counters) {
      if (labels['id'] === id) {
        this.#counters.delete(key);
      }
    }
  }

  list(): Counter[] {
    return [...this.#counters.values()];
  }
}
