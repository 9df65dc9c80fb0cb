// Walks over the text of one file of Fluentd's language: blanks, comments, ends of lines, and the places of things.
// What stands between them is for the other files here: strings, JSON values, expressions, sections.
import type { Position } from './element.ts';
import type { Problem } from './problem.ts';

export const TAB = 0x09;
export const NEWLINE = 0x0a;
export const RETURN = 0x0d;
export const SPACE = 0x20;
export const HASH = 0x23;

/** Ends the reading of a statement; the document reports it and goes on behind, or gives the file up if it is `fatal`. */
export class SyntaxFault extends Error {
  readonly problem: Problem;
  readonly fatal: boolean;

  constructor(problem: Problem, fatal: boolean) {
    super(problem.text);
    this.name = 'SyntaxFault';
    this.problem = problem;
    this.fatal = fatal;
  }
}

export class Scanner {
  readonly file: string;
  readonly text: string;
  pos = 0;
  readonly #lineStarts: number[] = [0];
  readonly #plain: boolean;
  // Where the last column was counted, so that a long line is not counted from its beginning each time.
  #counted = { start: 0, offset: 0, column: 1 };

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
      this.#lineStarts.push(at + 1);
    }
    this.#plain = !/[\ud800-\udbff]/.test(text);
  }

  get atEnd(): boolean {
    return this.pos >= this.text.length;
  }

  /** The UTF-16 unit at `offset`, NaN past the end. */
  unit(offset = this.pos): number {
    return this.text.charCodeAt(offset);
  }

  /** Takes `text` if it stands here. */
  take(text: string): boolean {
    const found = this.text.startsWith(text, this.pos);
    if (found) {
      this.pos += text.length;
    }
    return found;
  }

  /** Blanks, ends of lines, and comments up to their end of line. Fluentd's SPACING. */
  skipSpacing(): void {
    this.pos = this.spacingEnd(this.pos);
  }

  /** Where the spacing that begins at `offset` ends. */
  spacingEnd(offset: number): number {
    let at = this.skipBlank(offset);
    while (this.unit(at) === HASH) {
      at = this.skipBlank(this.endOfComment(at));
    }
    return at;
  }

  /** Where a comment's line ends, at whichever of CR and LF comes first. */
  endOfComment(offset: number): number {
    let at = offset;
    while (at < this.text.length && this.unit(at) !== NEWLINE && this.unit(at) !== RETURN) {
      at++;
    }
    return at;
  }

  /** Blanks and ends of lines from `offset` on. */
  skipBlank(offset: number): number {
    let at = offset;
    for (let c = this.unit(at); c === SPACE || c === TAB || c === NEWLINE || c === RETURN; c = this.unit(at)) {
      at++;
    }
    return at;
  }

  /** Spaces and tabs from `offset` on. */
  skipSpaces(offset: number): number {
    let at = offset;
    for (let c = this.unit(at); c === SPACE || c === TAB; c = this.unit(at)) {
      at++;
    }
    return at;
  }

  /** Takes what may follow a value: spaces and a comment up to the end of the line, and empty lines. False, and nothing taken, if more follows. */
  takeLineEnd(): boolean {
    let found = false;
    for (;;) {
      let at = this.skipSpaces(this.pos);
      if (this.unit(at) === HASH) {
        // Behind a value Fluentd lets a CR be part of the comment.
        const end = this.text.indexOf('\n', at);
        at = end < 0 ? this.text.length : end;
      }
      if (at >= this.text.length) {
        this.pos = at;
        return true;
      }
      const c = this.unit(at);
      if (c !== NEWLINE && c !== RETURN) {
        return found;
      }
      this.pos = at + 1;
      found = true;
    }
  }

  restOfLine(): string {
    const end = this.text.indexOf('\n', this.pos);
    return this.text.slice(this.pos, end < 0 ? undefined : end);
  }

  /** Goes on behind the next end of line. */
  skipLine(): void {
    const end = this.text.indexOf('\n', this.pos);
    this.pos = end < 0 ? this.text.length : end + 1;
  }

  place(offset: number): Position {
    const index = this.#lineIndex(offset);
    const start = this.#lineStarts[index] ?? 0;
    return { file: this.file, line: index + 1, column: this.#column(start, offset) };
  }

  /** The place of the last character that was read, where Fluentd says that an error is. */
  lastRead(): Position {
    return this.place(Math.max(0, this.pos - 1));
  }

  fault(code: string, text: string, hint: string, fatal = false): SyntaxFault {
    return new SyntaxFault({ code, severity: 'error', at: this.lastRead(), text, hint }, fatal);
  }

  #lineIndex(offset: number): number {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /** Counts characters, not UTF-16 units. */
  #column(start: number, offset: number): number {
    if (this.#plain) {
      return offset - start + 1;
    }
    const known = this.#counted.start === start && this.#counted.offset <= offset;
    let at = known ? this.#counted.offset : start;
    let column = known ? this.#counted.column : 1;
    for (; at < offset; at++) {
      const low = (this.unit(at) & 0xfc00) === 0xdc00;
      column += low && at > start && (this.unit(at - 1) & 0xfc00) === 0xd800 ? 0 : 1;
    }
    this.#counted = { start, offset, column };
    return column;
  }
}
