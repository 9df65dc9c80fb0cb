// Recognises what is no forward protocol by its first bytes: an HTTP request, a TLS hello. As msgpack they would be a row of small integers.

const methods = ['GET ', 'POST', 'PUT ', 'HEAD', 'DELE', 'OPTI', 'PATC', 'CONN', 'TRAC', 'PRI '];
const needed = 4;

export type Opened = 'http' | 'tls';

/** Looks at the first bytes of a connection, however they are cut. */
export class Opening {
  #text = '';

  /** What the connection is, as far as these bytes and those before them tell; undefined where it is nothing known. */
  read(bytes: Uint8Array, from: number, to: number): Opened | undefined {
    for (let pos = from; pos < to && this.#text.length < needed; pos++) {
      this.#text += String.fromCharCode(bytes[pos] as number);
    }
    if (this.#text.length < needed) {
      return undefined;
    }
    if (methods.includes(this.#text)) {
      return 'http';
    }
    return this.#text.startsWith('\x16\x03') ? 'tls' : undefined;
  }

  /** What the connection speaks is known already: nothing is looked at. */
  pass(): void {
    this.#text = ' '.repeat(needed);
  }

  /** Whether no byte has come yet. */
  get untouched(): boolean {
    return this.#text.length === 0;
  }

  /** Whether the first bytes are all seen. */
  get done(): boolean {
    return this.#text.length === needed;
  }
}
