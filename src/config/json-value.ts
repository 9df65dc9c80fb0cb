// JSON as a value, `[…]` or `{…}`, over several lines and with comments: taken as Fluentd takes it, and written again the way Ruby
// writes JSON. A comment may only stand where Fluentd finds one: at the outermost level, behind a whole element.
import { maxExpressionLength, type Surroundings, scanExpression } from './expression.ts';
import type { Report } from './problem.ts';
import { printFloat } from './ruby-number.ts';
import type { Scanner } from './scanner.ts';

const maxDepth = 100;

/** Takes a JSON array or object that begins here, and gives its normal form. */
export function scanJson(scanner: Scanner, surroundings: Surroundings, report: Report): string {
  const opened = scanner.place(scanner.pos);
  const kind = scanner.text[scanner.pos] === '[' ? 'array' : 'hash';
  try {
    return new JsonReader(scanner, surroundings, report).value(1);
  } catch (error) {
    if (!(error instanceof Broken)) {
      throw error;
    }
    const { line, column } = scanner.place(Math.min(scanner.pos, Math.max(0, scanner.text.length - 1)));
    scanner.pos = scanner.text.length;
    throw scanner.fault(
      'CONFIG_JSON_INCOMPLETE',
      `The ${kind} that begins on line ${opened.line} is not complete JSON: ${error.message} (line ${line}, column ${column}).`,
      'Write JSON with double quotes and no comma at the end; comments only behind an element of the outermost level.',
      true,
    );
  }
}

class Broken extends Error {}

/** Whether a `#` here begins a comment: never, on any line, or on the line of the last comma. */
type Comments = 'none' | 'any line' | 'this line';

class JsonReader {
  readonly #scanner: Scanner;
  readonly #surroundings: Surroundings;
  readonly #report: Report;
  /** What an embedded expression gave and is still to be read: it stands in the JSON as if it had been written there. */
  #inserted = '';
  /** Where the next `}` is. */
  #brace = -1;

  constructor(scanner: Scanner, surroundings: Surroundings, report: Report) {
    this.#scanner = scanner;
    this.#surroundings = surroundings;
    this.#report = report;
  }

  value(depth: number): string {
    const c = this.#peek();
    if (c === '[' || c === '{') {
      if (depth > maxDepth) {
        throw new Broken(`more than ${maxDepth} levels`);
      }
      this.#next();
      return c === '[' ? this.#array(depth) : this.#object(depth);
    }
    if (c === '"') {
      return JSON.stringify(this.#string());
    }
    return this.#word();
  }

  #array(depth: number): string {
    const items: string[] = [];
    this.#skip(depth === 1 ? 'any line' : 'none');
    if (this.#peek() === ']') {
      this.#next();
      return '[]';
    }
    for (;;) {
      items.push(this.value(depth + 1));
      if (this.#endOfItem(depth, ']')) {
        return `[${items.join(',')}]`;
      }
    }
  }

  #object(depth: number): string {
    const entries = new Map<string, string>();
    this.#skip(depth === 1 ? 'any line' : 'none');
    if (this.#peek() === '}') {
      this.#next();
      return '{}';
    }
    for (;;) {
      if (this.#peek() !== '"') {
        throw new Broken('a key in double quotes is missing');
      }
      const key = this.#string();
      this.#skip('none');
      if (this.#next() !== ':') {
        throw new Broken('a colon is missing');
      }
      this.#skip('none');
      entries.set(key, this.value(depth + 1));
      if (this.#endOfItem(depth, '}')) {
        return `{${[...entries].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
      }
    }
  }

  /** Takes a comma, or the closing bracket: true. */
  #endOfItem(depth: number, close: string): boolean {
    this.#skip(depth === 1 ? 'any line' : 'none');
    const c = this.#next();
    if (c === close) {
      return true;
    }
    if (c !== ',') {
      throw new Broken(c === '' ? 'it does not end' : `a comma or ${close} is missing`);
    }
    this.#skip(depth === 1 ? 'this line' : 'none');
    return false;
  }

  #string(): string {
    this.#next();
    let result = '';
    for (;;) {
      const c = this.#peek();
      if (c === '' || c < ' ') {
        throw new Broken(c === '' ? 'a string does not end' : 'a control character or an end of line in a string');
      }
      if (c === '#' && this.#insertExpression()) {
        continue;
      }
      this.#next();
      if (c === '"') {
        return result;
      }
      result += c === '\\' ? this.#escape() : c;
    }
  }

  #escape(): string {
    const c = this.#next();
    if (c === '' || c < ' ') {
      throw new Broken('a string does not end');
    }
    if (c !== 'u') {
      return escapes.get(c) ?? c;
    }
    let digits = '';
    while (digits.length < 4 && /[\da-f]/i.test(this.#peek())) {
      digits += this.#next();
    }
    if (digits.length < 4) {
      throw new Broken('four hexadecimal digits are missing behind \\u');
    }
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  #word(): string {
    let word = '';
    while (/[-+.\w]/.test(this.#peek())) {
      word += this.#next();
    }
    if (word === 'true' || word === 'false' || word === 'null') {
      return word;
    }
    const number = /^-?(?:0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i.exec(word);
    if (number === null) {
      throw new Broken(word === '' ? 'a value is missing' : 'a value is no JSON');
    }
    if (number[1] === undefined && number[2] === undefined) {
      return word === '-0' ? '0' : word;
    }
    return printFloat(Number(word));
  }

  /** Blanks, JSON's own comments, and comments of the configuration where they may stand. */
  #skip(comments: Comments): void {
    let allowed = comments;
    for (let c = this.#peek(); c !== ''; c = this.#peek()) {
      if (c === ' ' || c === '\t' || c === '\r' || c === '\n') {
        this.#next();
        allowed = c === '\n' && allowed === 'this line' ? 'none' : allowed;
      } else if (c === '#' && this.#inserted === '') {
        if (allowed !== 'none') {
          this.#skipComment();
          allowed = allowed === 'this line' ? 'none' : allowed;
        } else if (!this.#insertExpression()) {
          return;
        }
      } else if (c !== '/' || !this.#skipJsonComment()) {
        return;
      }
    }
  }

  #skipComment(): void {
    const end = this.#scanner.text.indexOf('\n', this.#scanner.pos);
    if (end < 0) {
      this.#scanner.pos = this.#scanner.text.length;
      throw new Broken('it does not end');
    }
    this.#scanner.pos = end + 1;
  }

  #skipJsonComment(): boolean {
    const { text, pos } = this.#scanner;
    const mark = this.#inserted === '' ? text.slice(pos, pos + 2) : '';
    if (mark !== '//' && mark !== '/*') {
      return false;
    }
    const end = text.indexOf(mark === '//' ? '\n' : '*/', pos + 2);
    if (end < 0) {
      throw new Broken('a comment does not end');
    }
    this.#scanner.pos = end + (mark === '//' ? 1 : 2);
    return true;
  }

  /** Takes `#{…}` and puts its value in its place. Without a closing brace near by the characters stand for themselves. */
  #insertExpression(): boolean {
    const { text, pos } = this.#scanner;
    if (this.#inserted !== '' || text[pos + 1] !== '{' || text[pos + 2] === '}') {
      return false;
    }
    if (this.#brace < pos) {
      const found = text.indexOf('}', pos);
      this.#brace = found < 0 ? text.length + maxExpressionLength : found;
    }
    if (this.#brace - pos >= maxExpressionLength) {
      return false;
    }
    const place = this.#scanner.place(pos);
    const value = scanExpression(this.#scanner, this.#surroundings, this.#report);
    if (typeof value === 'string') {
      this.#inserted = value;
    } else {
      this.#report({
        code: 'CONFIG_EXPRESSION_MISPLACED',
        severity: 'error',
        at: place,
        text: 'An embedded expression inside a JSON value cannot give nil or the default.',
        hint: "Give a text instead: ENV['X'] || 'text'.",
      });
    }
    return true;
  }

  #peek(): string {
    return this.#inserted === '' ? (this.#scanner.text[this.#scanner.pos] ?? '') : (this.#inserted[0] ?? '');
  }

  #next(): string {
    const c = this.#peek();
    if (this.#inserted !== '') {
      this.#inserted = this.#inserted.slice(1);
    } else if (c !== '') {
      this.#scanner.pos++;
    }
    return c;
  }
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);
