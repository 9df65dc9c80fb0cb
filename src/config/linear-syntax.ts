// Reads a regular expression, in the form that oniguruma-to-es gives it (JavaScript's, flag v), into a program for linear-regexp.ts. What stands
// for one character (a letter, a set, a kind of characters) stays as it is written, since JavaScript itself is asked about it. Look-around and
// references to groups are nothing for an automaton: there is no program then.

/** The places where a text or a line begins or ends, as Ruby has them, and the borders of words. */
export type Place = 'text begins' | 'text ends' | 'line begins' | 'line ends' | 'last line ends' | 'border' | 'inside';

export type Instruction =
  | { readonly op: 'take'; readonly set: number; readonly next: number }
  | { readonly op: 'split'; next: number; readonly other: number }
  | { readonly op: 'assert'; readonly what: Place; readonly next: number }
  | { readonly op: 'match' };

export interface Program {
  readonly code: readonly Instruction[];
  /** Each fits the characters of one set, and nothing longer. */
  readonly sets: readonly RegExp[];
  /** Whether a character is a letter of a word for \b. */
  readonly word: RegExp;
  readonly start: number;
}

const mostInstructions = 2_000;
const deepest = 100;

/** What Ruby's ^, $ and \Z become. */
const rubyPlaces: readonly (readonly [string, Place])[] = [
  ['(?<=^|\\n(?!$))', 'line begins'],
  ['(?=$|\\n)', 'line ends'],
  ['(?=\\n?$)', 'last line ends'],
];

/** Thrown and caught in here: no program can be made. */
class Unfit extends Error {}

/** A piece of program whose end is still open. */
type Piece = (next: number) => number;

export function readProgram(regexp: RegExp): Program | undefined {
  // Subclasses emulate what JavaScript has no words for.
  if (Object.getPrototypeOf(regexp) !== RegExp.prototype || !/^i?s?v$/.test(regexp.flags)) {
    return undefined;
  }
  try {
    return new Reader(regexp).run();
  } catch (error) {
    if (error instanceof Unfit) {
      return undefined;
    }
    throw error;
  }
}

class Reader {
  readonly #source: string;
  readonly #ignorecase: boolean;
  readonly #code: Instruction[] = [];
  readonly #sets: RegExp[] = [];
  readonly #known = new Map<string, number>();
  #at = 0;
  #depth = 0;
  /** Of the group at hand. */
  #flags: string;

  constructor(regexp: RegExp) {
    this.#source = regexp.source;
    this.#ignorecase = regexp.flags.includes('i');
    this.#flags = regexp.flags.replace('v', '');
  }

  run(): Program {
    const piece = this.#alternatives();
    if (this.#at < this.#source.length) {
      throw new Unfit();
    }
    const start = piece(this.#emit({ op: 'match' }));
    const word = new RegExp('^\\w$', this.#ignorecase ? 'iv' : 'v');
    return { code: this.#code, sets: this.#sets, word, start };
  }

  #emit(instruction: Instruction): number {
    if (this.#code.length >= mostInstructions) {
      throw new Unfit();
    }
    return this.#code.push(instruction) - 1;
  }

  #alternatives(): Piece {
    const pieces = [this.#sequence()];
    while (this.#source[this.#at] === '|') {
      this.#at++;
      pieces.push(this.#sequence());
    }
    return (next) =>
      pieces.map((piece) => piece(next)).reduceRight((other, first) => this.#emit({ op: 'split', next: first, other }));
  }

  #sequence(): Piece {
    const pieces: Piece[] = [];
    while (this.#at < this.#source.length && !'|)'.includes(this.#source[this.#at] as string)) {
      pieces.push(this.#repeated());
    }
    return (next) => pieces.reduceRight((behind, piece) => piece(behind), next);
  }

  #repeated(): Piece {
    const atom = this.#atom();
    const found = this.#match(/(?:([*+?])|\{(\d+)(,(\d*))?\})\??/y);
    if (found === null) {
      return atom;
    }
    const [, sign, least = '', comma, most = ''] = found;
    const min = sign === undefined ? Number(least) : sign === '+' ? 1 : 0;
    const counted = comma === undefined ? min : most === '' ? Infinity : Number(most);
    const max = sign === undefined ? counted : sign === '?' ? 1 : Infinity;
    if (min > mostInstructions || (max !== Infinity && max > mostInstructions)) {
      throw new Unfit();
    }
    return (next) => this.#repeat(atom, min, max, next);
  }

  #repeat(piece: Piece, min: number, max: number, next: number): number {
    let entry = next;
    if (max === Infinity) {
      const split = { op: 'split' as const, next, other: next };
      entry = this.#emit(split);
      split.next = piece(entry);
    } else {
      for (let n = min; n < max; n++) {
        entry = this.#emit({ op: 'split', next: piece(entry), other: next });
      }
    }
    for (let n = 0; n < min; n++) {
      const again = piece(entry);
      if (again === entry) {
        // An empty group, however often.
        break;
      }
      entry = again;
    }
    return entry;
  }

  #atom(): Piece {
    for (const [text, place] of rubyPlaces) {
      if (this.#source.startsWith(text, this.#at)) {
        this.#at += text.length;
        return this.#assert(place);
      }
    }
    switch (this.#source[this.#at]) {
      case '(':
        return this.#group();
      case '[':
        return this.#take(this.#set());
      case '^':
      case '$':
        return this.#assert(this.#source[this.#at++] === '^' ? 'text begins' : 'text ends');
      case '\\':
        return this.#escape();
      default: {
        const sign = String.fromCodePoint(this.#source.codePointAt(this.#at) as number);
        this.#at += sign.length;
        return this.#take(sign);
      }
    }
  }

  #assert(what: Place): Piece {
    return (next) => this.#emit({ op: 'assert', what, next });
  }

  #group(): Piece {
    const outer = this.#flags;
    const kind = this.#match(/\((?:\?(?:<[^=!>][^>]*>|([is]*)(?:-([is]+))?:))?/y);
    if (kind === null || this.#source[this.#at] === '?' || ++this.#depth > deepest) {
      throw new Unfit();
    }
    const [, on = '', off = ''] = kind;
    this.#flags = [...new Set(outer + on)].filter((flag) => !off.includes(flag)).join('');
    const piece = this.#alternatives();
    this.#flags = outer;
    this.#depth--;
    if (this.#source[this.#at++] !== ')') {
      throw new Unfit();
    }
    return piece;
  }

  #escape(): Piece {
    const text = this.#match(/\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|c[A-Za-z]|.)/sy)?.[0];
    if (text === undefined || /^\\[1-9k]/.test(text)) {
      throw new Unfit();
    }
    if (text !== '\\b' && text !== '\\B') {
      return this.#take(text);
    }
    if (this.#flags.includes('i') !== this.#ignorecase) {
      throw new Unfit();
    }
    return this.#assert(text === '\\b' ? 'border' : 'inside');
  }

  #set(): string {
    const from = this.#at;
    let depth = 0;
    do {
      const sign = this.#source[this.#at];
      if (sign === undefined) {
        throw new Unfit();
      }
      depth += sign === '[' ? 1 : sign === ']' ? -1 : 0;
      this.#at += sign === '\\' ? 2 : 1;
    } while (depth > 0);
    return this.#source.slice(from, this.#at);
  }

  #take(text: string): Piece {
    // Such sets hold texts of more than one character.
    if (/\\q|\\p\{(?:RGI_|Basic_Emoji|Emoji_Keycap)/.test(text)) {
      throw new Unfit();
    }
    const key = `${this.#flags} ${text}`;
    let set = this.#known.get(key);
    if (set === undefined) {
      set = this.#sets.push(new RegExp(`^${text}$`, `${this.#flags}v`)) - 1;
      this.#known.set(key, set);
    }
    const known = set;
    return (next) => this.#emit({ op: 'take', set: known, next });
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source);
    this.#at += found?.[0].length ?? 0;
    return found;
  }
}
