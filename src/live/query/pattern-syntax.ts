// Reads a regular expression into a program of few instructions. The language is JavaScript's without what no automaton can do:
// look-around and references to groups are refused, with a word on where. ^ and $ are those of a line. Running it is pattern.ts.

import {
  digits,
  folded,
  inverse,
  isOne,
  lineEnds,
  normal,
  one,
  type Ranges,
  spaces,
  topCode,
  wordRanges,
} from './ranges.ts';

export type Instruction =
  | { readonly op: 'take'; readonly set: number; next: number }
  | { readonly op: 'split'; next: number; other: number }
  | { readonly op: 'assert'; readonly what: '^' | '$' | 'b' | 'B'; next: number }
  | { readonly op: 'match' };

export interface Program {
  readonly code: readonly Instruction[];
  readonly sets: readonly Ranges[];
  readonly start: number;
}

export interface PatternProblem {
  readonly offset: number;
  readonly length: number;
  readonly text: string;
  readonly hint: string;
}

const mostInstructions = 2000;
const mostRepeats = 1000;
const deepest = 100;

/** A piece of program whose ends are still open. */
type Piece = (next: number) => number;

class Fault {
  readonly problem: PatternProblem;
  constructor(offset: number, length: number, text: string, hint: string) {
    this.problem = { offset, length, text, hint };
  }
}

/** Reads `source`; a problem where it is none of ours. */
export function readPattern(source: string, flags: string): Program | PatternProblem {
  const reader = new Reader(source, flags);
  try {
    return reader.run();
  } catch (error) {
    if (error instanceof Fault) {
      return error.problem;
    }
    throw error;
  }
}

class Reader {
  readonly #source: string;
  readonly #fold: boolean;
  readonly #dotAll: boolean;
  readonly #code: Instruction[] = [];
  readonly #sets: Ranges[] = [];
  readonly #known = new Map<string, number>();
  #at = 0;
  #depth = 0;

  constructor(source: string, flags: string) {
    this.#source = source;
    this.#fold = flags.includes('i');
    this.#dotAll = flags.includes('s');
  }

  run(): Program {
    const piece = this.#alternatives();
    if (this.#at < this.#source.length) {
      throw new Fault(this.#at, 1, 'There is no ( that this ) closes.', 'Write \\) to look for it.');
    }
    const match = this.#emit({ op: 'match' });
    const start = piece(match);
    return { code: this.#code, sets: this.#sets, start };
  }

  #emit(instruction: Instruction): number {
    if (this.#code.length >= mostInstructions) {
      throw new Fault(
        0,
        this.#source.length,
        'This regular expression is too large.',
        'Repeat less, or write it shorter.',
      );
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
    const from = this.#at;
    const atom = this.#atom();
    const at = this.#at;
    const match = this.#match(/(?:([*+?])|\{(\d{1,6})(,(\d{1,6})?)?\})\??/y);
    if (match === null) {
      return atom;
    }
    const [all = '', sign, least = '', comma, most] = match;
    this.#at += all.length;
    if (/[*+?{]/.test(this.#source[this.#at] ?? '') && this.#source[this.#at] !== '{') {
      throw new Fault(
        this.#at,
        1,
        'Nothing stands before it that could be repeated.',
        `Write \\${this.#source[this.#at]} to look for it.`,
      );
    }
    const min = sign === undefined ? Number(least) : sign === '+' ? 1 : 0;
    const max =
      sign === '?'
        ? 1
        : sign !== undefined
          ? Infinity
          : comma === undefined
            ? min
            : most === undefined
              ? Infinity
              : Number(most);
    if (min > mostRepeats || (max !== Infinity && max > mostRepeats)) {
      throw new Fault(at, all.length, `At most ${mostRepeats} repetitions are counted.`, 'Count fewer.');
    }
    if (max < min) {
      throw new Fault(at, all.length, 'The numbers of this repetition stand in the wrong order.', 'Turn them round.');
    }
    if (this.#source[from] === '^' || this.#source[from] === '$') {
      throw new Fault(
        at,
        all.length,
        'The end of a line cannot be repeated.',
        `Write \\${this.#source[from]} to look for the sign.`,
      );
    }
    return repeat(atom, min, max, (instruction) => this.#emit(instruction), this.#code);
  }

  #atom(): Piece {
    const at = this.#at++;
    const char = this.#source[at] as string;
    switch (char) {
      case '(':
        return this.#group(at);
      case '[':
        return this.#take(this.#set(at));
      case '.':
        return this.#take(this.#dotAll ? [0, topCode] : inverse(lineEnds));
      case '^':
      case '$':
        return (next) => this.#emit({ op: 'assert', what: char, next });
      case '*':
      case '+':
      case '?':
        throw new Fault(at, 1, 'Nothing stands before it that could be repeated.', `Write \\${char} to look for it.`);
      case '\\':
        return this.#escape(at);
      default:
        return this.#take(one(char.charCodeAt(0)));
    }
  }

  #group(at: number): Piece {
    const kind = this.#match(/\?(?::|<[\p{L}_$][\p{L}\p{N}_$]*>|<?[=!])/uy)?.[0] ?? '';
    if (kind === '' && this.#source[this.#at] === '?') {
      throw new Fault(at, 2, 'There is no such kind of group.', 'Write (?:…) for one that only groups.');
    }
    if (/[=!]$/.test(kind)) {
      throw new Fault(
        at,
        kind.length + 1,
        'Look-around is not done here: it can take for ever.',
        'Use a second term, or one with a minus.',
      );
    }
    this.#at += kind.length;
    if (++this.#depth > deepest) {
      throw new Fault(at, 1, `Groups are nested deeper than ${deepest}.`, 'Write it flatter.');
    }
    const piece = this.#alternatives();
    this.#depth--;
    if (this.#source[this.#at] !== ')') {
      throw new Fault(at, 1, 'This ( is not closed.', 'Add a ), or write \\( to look for it.');
    }
    this.#at++;
    return piece;
  }

  #escape(at: number): Piece {
    const char = this.#source[this.#at];
    if (char === 'b' || char === 'B') {
      this.#at++;
      return (next) => this.#emit({ op: 'assert', what: char, next });
    }
    if (char !== undefined && /[1-9k]/.test(char)) {
      throw new Fault(
        at,
        2,
        'References to groups are not done here: they can take for ever.',
        'Write out what is to stand there.',
      );
    }
    return this.#take(this.#escaped(at, false));
  }

  /** What stands behind a backslash, as a set. */
  #escaped(at: number, inSet: boolean): Ranges {
    const char = this.#source[this.#at++];
    switch (char) {
      case undefined:
        throw new Fault(at, 1, 'Nothing stands behind the backslash.', 'Write \\\\ to look for it.');
      case 'd':
        return digits;
      case 'D':
        return inverse(digits);
      case 'w':
        return wordRanges;
      case 'W':
        return inverse(wordRanges);
      case 's':
        return spaces;
      case 'S':
        return inverse(spaces);
      case 'n':
        return one(10);
      case 'r':
        return one(13);
      case 't':
        return one(9);
      case 'f':
        return one(12);
      case 'v':
        return one(11);
      case '0':
        return one(0);
      case 'b':
        return inSet ? one(8) : one(98);
      case 'x':
      case 'u': {
        const hex = this.#match(char === 'x' ? /[\da-f]{2}/iy : /[\da-f]{4}/iy)?.[0] ?? '';
        this.#at += hex.length;
        return one(hex === '' ? char.charCodeAt(0) : Number.parseInt(hex, 16));
      }
      case 'p':
      case 'P':
        throw new Fault(at, 2, 'Kinds of characters by name are not known here.', 'Write a set like [a-zà-ÿ].');
      default:
        return one(char.charCodeAt(0));
    }
  }

  #set(at: number): Ranges {
    const negated = this.#source[this.#at] === '^';
    this.#at += negated ? 1 : 0;
    const ranges: number[] = [];
    while (this.#source[this.#at] !== ']') {
      if (this.#at >= this.#source.length) {
        throw new Fault(at, 1, 'This [ is not closed.', 'Add a ], or write \\[ to look for it.');
      }
      const from = this.#at;
      const low = this.#member();
      const next = this.#source[this.#at + 1];
      if (this.#source[this.#at] !== '-' || next === ']' || next === undefined) {
        ranges.push(...low);
        continue;
      }
      this.#at++;
      const high = this.#member();
      if (!isOne(low) || !isOne(high)) {
        ranges.push(...low, 45, 45, ...high);
      } else if ((low[0] as number) > (high[0] as number)) {
        throw new Fault(from, this.#at - from, 'The ends of this range stand in the wrong order.', 'Turn them round.');
      } else {
        ranges.push(low[0] as number, high[0] as number);
      }
    }
    this.#at++;
    const set = this.#fold ? folded(ranges) : normal(ranges);
    return negated ? inverse(set) : set;
  }

  #member(): Ranges {
    const at = this.#at++;
    return this.#source[at] === '\\' ? this.#escaped(at, true) : one(this.#source.charCodeAt(at));
  }

  #take(ranges: Ranges): Piece {
    const set = this.#fold ? folded(ranges) : normal(ranges);
    const key = set.join();
    const id = this.#known.get(key) ?? this.#sets.push(set) - 1;
    this.#known.set(key, id);
    return (next) => this.#emit({ op: 'take', set: id, next });
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#source);
  }
}

function repeat(
  piece: Piece,
  min: number,
  max: number,
  emit: (instruction: Instruction) => number,
  code: readonly Instruction[],
): Piece {
  return (next) => {
    let entry = next;
    if (max === Infinity) {
      const split = emit({ op: 'split', next, other: next });
      const loop = code[split];
      if (loop?.op === 'split') {
        loop.next = piece(split);
      }
      entry = split;
    } else {
      for (let n = min; n < max; n++) {
        entry = emit({ op: 'split', next: piece(entry), other: next });
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
  };
}
