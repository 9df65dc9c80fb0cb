// A regular expression that needs time in proportion to the text, whatever either holds: an automaton whose states are made as the text asks
// for them. So a hostile line, or a careless expression, cannot stop the page or a terminal. What it reads is pattern-syntax.ts.
import { type Instruction, type PatternProblem, type Program, readPattern } from './pattern-syntax.ts';

/** States kept; with more, it begins anew. */
const mostStates = 1000;
/** What stood before a place: nothing, a line's end, a letter of a word, something else. */
const begin = 0;
const lineEnd = 1;
const word = 2;
const other = 3;
/** Bits of a transition: whether the expression has matched before this sign. */
const matched = 1;
const unknown = -1;

export class Pattern {
  readonly #find: Automaton;
  readonly #program: Program;
  #spans: Automaton | undefined;

  private constructor(program: Program) {
    this.#program = program;
    this.#find = new Automaton(program, true);
  }

  static parse(source: string, flags: string): Pattern | PatternProblem {
    const program = readPattern(source, flags);
    return 'code' in program ? new Pattern(program) : program;
  }

  /** Whether it matches anywhere in `text`. */
  test(text: string): boolean {
    return this.#find.run(text, 0) >= 0;
  }

  /** Whether it matches all of `text`. */
  fits(text: string): boolean {
    this.#spans ??= new Automaton(this.#program, false);
    return this.#spans.run(text, 0) === text.length;
  }

  /** Calls back for what it matches, from the left, each as long as can be; looks at no more than `budget` signs in all. */
  forEach(text: string, budget: number, take: (begin: number, end: number) => void): void {
    this.#spans ??= new Automaton(this.#program, false);
    let left = budget;
    for (let at = 0; at < text.length && left > 0; ) {
      const end = this.#spans.run(text, at);
      left -= this.#spans.looked + 1;
      if (end > at) {
        take(at, end);
        at = end;
      } else {
        at++;
      }
    }
  }
}

interface State {
  readonly threads: readonly number[];
  readonly before: number;
  /** For each class of signs, and the end: the next state's number times 2, and `matched`; `unknown`. */
  readonly next: Int32Array;
}

class Automaton {
  /** Signs that the last run looked at. */
  looked = 0;
  readonly #code: readonly Instruction[];
  readonly #start: number;
  /** Whether it may begin at every place, and ends with the first match. */
  readonly #anywhere: boolean;
  readonly #classes: Classes;
  /** Whether the sets hold each class. */
  readonly #holds: readonly (readonly boolean[])[];
  #states: State[] = [];
  readonly #known = new Map<string, number>();

  constructor({ code, sets, start }: Program, anywhere: boolean) {
    this.#code = code;
    this.#start = start;
    this.#anywhere = anywhere;
    this.#classes = new Classes(sets);
    const { firsts } = this.#classes;
    this.#holds = sets.map((set) => firsts.map((first) => holds(set, first)));
  }

  /** Anywhere: not negative where it matches. Else where the longest match that begins at `from` ends, or -1. */
  run(text: string, from: number): number {
    const { ascii, end } = this.#classes;
    let id = this.#state([this.#start], from === 0 ? begin : kindOf(text.charCodeAt(from - 1)));
    let found = -1;
    let at = from;
    for (; at <= text.length; at++) {
      const code = at < text.length ? text.charCodeAt(at) : -1;
      const sign = code < 0 ? end : code < 128 ? (ascii[code] as number) : this.#classes.of(code);
      let step = (this.#states[id] as State).next[sign] as number;
      if (step === unknown) {
        step = this.#step(id, sign, code);
      }
      if ((step & matched) !== 0) {
        found = at;
        if (this.#anywhere) {
          break;
        }
      }
      id = step >> 1;
      if (id === 0 || code < 0) {
        break;
      }
    }
    this.looked = at - from;
    return found;
  }

  /** The number of a state; 0 is the one that leads nowhere. */
  #state(threads: readonly number[], before: number): number {
    if (this.#states.length === 0) {
      this.#add([], other);
    }
    if (threads.length === 0) {
      return 0;
    }
    return this.#known.get(`${before} ${threads.join()}`) ?? this.#add(threads, before);
  }

  #add(threads: readonly number[], before: number): number {
    const next = new Int32Array(this.#classes.end + 1).fill(unknown);
    const id = this.#states.push({ threads, before, next }) - 1;
    this.#known.set(`${before} ${threads.join()}`, id);
    return id;
  }

  #step(id: number, sign: number, code: number): number {
    const { threads, before, next } = this.#states[id] as State;
    const behind = code < 0 ? begin : kindOf(code);
    const reached = this.#reached(threads, before, behind);
    const hit = reached.some((at) => this.#code[at]?.op === 'match') ? matched : 0;
    const taken = new Set<number>();
    if (code >= 0) {
      for (const at of reached) {
        const instruction = this.#code[at];
        if (instruction?.op === 'take' && this.#holds[instruction.set]?.[sign] === true) {
          taken.add(instruction.next);
        }
      }
      if (this.#anywhere) {
        taken.add(this.#start);
      }
    }
    const full = this.#states.length >= mostStates;
    if (full) {
      this.#states = [];
      this.#known.clear();
    }
    const step =
      (this.#state(
        [...taken].sort((a, b) => a - b),
        behind,
      ) <<
        1) |
      hit;
    if (!full) {
      next[sign] = step;
    }
    return step;
  }

  /** All places of the program that are reached without taking a sign. */
  #reached(threads: readonly number[], before: number, behind: number): number[] {
    const seen = new Set<number>();
    const open = [...threads];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (seen.has(at)) {
        continue;
      }
      seen.add(at);
      const instruction = this.#code[at];
      if (instruction?.op === 'split') {
        open.push(instruction.next, instruction.other);
      } else if (instruction?.op === 'assert' && isSo(instruction.what, before, behind)) {
        open.push(instruction.next);
      }
    }
    return [...seen];
  }
}

/** `behind` is `begin` where the text ends. */
function isSo(what: '^' | '$' | 'b' | 'B', before: number, behind: number): boolean {
  switch (what) {
    case '^':
      return before === begin || before === lineEnd;
    case '$':
      return behind === begin || behind === lineEnd;
    case 'b':
      return (before === word) !== (behind === word);
    default:
      return (before === word) === (behind === word);
  }
}

function kindOf(code: number): number {
  if (code === 10 || code === 13 || code === 0x2028 || code === 0x2029) {
    return lineEnd;
  }
  const isWord = (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95;
  return isWord ? word : other;
}

function holds(set: readonly number[], code: number): boolean {
  for (let n = 0; n < set.length; n += 2) {
    if (code >= (set[n] as number) && code <= (set[n + 1] as number)) {
      return true;
    }
  }
  return false;
}

/** Signs that the expression cannot tell apart are one class. */
class Classes {
  readonly ascii = new Uint16Array(128);
  /** One sign of each class. */
  readonly firsts: readonly number[];

  constructor(sets: readonly (readonly number[])[]) {
    // Words and line ends are told apart by what asserts.
    const own = [48, 57, 65, 90, 95, 95, 97, 122, 10, 10, 13, 13, 0x2028, 0x2029];
    const borders = new Set([0]);
    for (const set of [own, ...sets]) {
      for (let n = 0; n < set.length; n += 2) {
        borders.add(set[n] as number);
        borders.add((set[n + 1] as number) + 1);
      }
    }
    this.firsts = [...borders].filter((border) => border <= 0xffff).sort((a, b) => a - b);
    for (let code = 0; code < 128; code++) {
      this.ascii[code] = this.of(code);
    }
  }

  /** The class of the end. */
  get end(): number {
    return this.firsts.length;
  }

  of(code: number): number {
    let low = 0;
    let high = this.firsts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.firsts[middle] as number) <= code) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }
}
