// The column of names in front of pretty lines: a colour for each name, always the same one, and a width that fits those seen so far.
import { escapeControls } from '../msgpack/transcode-controls.ts';

/** Longer names do not widen the column. */
const widest = 24;
/** So many names are kept ready. */
const maxNames = 1000;
const colors = ['36', '32', '33', '35', '34', '96', '92', '93', '95', '94'];

export class NameColumn {
  width = 8;
  readonly #color: boolean;
  readonly #ready = new Map<string, string>();

  constructor(color: boolean) {
    this.#color = color;
  }

  /** A name, escaped, coloured and filled up to the column's width, with a space behind it; one character a byte. */
  of(name: Uint8Array): string {
    const key = Buffer.from(name.buffer, name.byteOffset, name.byteLength).toString('latin1');
    let text = this.#ready.get(key);
    if (text === undefined) {
      text = this.#make(name);
      this.#ready.set(key, text);
    }
    return text;
  }

  #make(name: Uint8Array): string {
    const safe = Buffer.from(escapeControls(name));
    const shown = safe.toString().length;
    if (this.#ready.size >= maxNames || (shown > this.width && shown <= widest)) {
      this.width = Math.max(this.width, Math.min(shown, widest));
      this.#ready.clear();
    }
    const text = safe.toString('latin1') + ' '.repeat(Math.max(0, this.width - shown) + 1);
    return this.#color ? `\u001b[${colors[hash(safe) % colors.length]}m${text}\u001b[0m` : text;
  }
}

/** FNV-1a, 32 bits. */
function hash(bytes: Uint8Array): number {
  let value = 0x811c9dc5;
  for (const byte of bytes) {
    value = Math.imul(value ^ byte, 0x01000193);
  }
  return value >>> 0;
}
