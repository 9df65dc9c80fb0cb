// Whether a regular expression is found in a text, in time in proportion to the text, whatever either holds: an automaton whose states are made
// as texts ask for them. It takes over where JavaScript's own engine has run into its deadline; what it cannot do is linear-syntax.ts's to say.
import { type Instruction, type Place, type Program, readProgram } from './linear-syntax.ts';

/** States kept, and characters beyond ASCII whose class is known; with more, they begin anew. */
const mostStates = 1_000;
const mostKnown = 10_000;
/** Sets of characters that texts can tell apart; with more there is no answer. */
const mostClasses = 4_000;
/** So often time is looked at, in states made. */
const statesPerLook = 32;

/** What a character is to the places beside it. */
const kinds = { end: 0, lastNewline: 1, newline: 2, word: 3, other: 4 } as const;
type Kind = (typeof kinds)[keyof typeof kinds];

const unknown = -1;
const nowhere = 0;
const found = 1;

interface State {
  readonly threads: readonly number[];
  /** The kind of the character before it; `end` where the text begins. */
  readonly before: Kind;
  /** By class: the number of the next state, `unknown`, `nowhere` or `found`. */
  readonly next: number[];
}

interface Class {
  readonly kind: Kind;
  /** Whether each of the program's sets holds it. */
  readonly holds: readonly boolean[];
}

export class LinearRegexp {
  readonly #program: Program;
  readonly #classes: Class[] = [];
  readonly #classIds = new Map<string, number>();
  readonly #ascii = new Int16Array(128).fill(unknown);
  readonly #known = new Map<number, number>();
  readonly #end: number;
  readonly #lastNewline: number;
  #states: State[] = [];
  readonly #stateIds = new Map<string, number>();
  #made = 0;
  #moreTime: () => boolean = () => true;

  private constructor(program: Program) {
    this.#program = program;
    this.#end = this.#class(kinds.end, []);
    this.#lastNewline = this.#class(kinds.lastNewline, this.#holds('\n'));
    this.#begin();
  }

  /** Undefined where `regexp`, one of oniguruma-to-es's, has something that no automaton can do. */
  static of(regexp: RegExp): LinearRegexp | undefined {
    const program = readProgram(regexp);
    return program && new LinearRegexp(program);
  }

  /** Undefined where `moreTime`, asked now and then while states have to be made, says no. */
  test(text: string, moreTime: () => boolean): boolean | undefined {
    this.#moreTime = moreTime;
    let id = this.#state([this.#program.start], kinds.end);
    for (let at = 0; at <= text.length; at++) {
      const unit = text.charCodeAt(at);
      let sign: number;
      if (unit < 128) {
        const ascii = this.#ascii[unit] as number;
        sign = unit === 10 && at === text.length - 1 ? this.#lastNewline : ascii === unknown ? this.#look(unit) : ascii;
      } else if (at === text.length) {
        sign = this.#end;
      } else {
        const code = text.codePointAt(at) as number;
        sign = this.#known.get(code) ?? this.#look(code);
        at += code > 0xffff ? 1 : 0;
      }
      if (sign < 0) {
        return undefined;
      }
      let next = (this.#states[id] as State).next[sign] ?? unknown;
      if (next === unknown) {
        next = this.#step(id, sign);
        if (next === unknown) {
          return undefined;
        }
      }
      if (next <= found) {
        return next === found;
      }
      id = next;
    }
    return false;
  }

  /** The class of a character; -1 where there are too many. */
  #look(code: number): number {
    const text = String.fromCodePoint(code);
    const kind = code === 10 ? kinds.newline : this.#program.word.test(text) ? kinds.word : kinds.other;
    const id = this.#class(kind, this.#holds(text));
    if (code < 128) {
      this.#ascii[code] = id;
    } else {
      if (this.#known.size >= mostKnown) {
        this.#known.clear();
      }
      this.#known.set(code, id);
    }
    return id;
  }

  #holds(text: string): boolean[] {
    return this.#program.sets.map((set) => set.test(text));
  }

  #class(kind: Kind, holds: readonly boolean[]): number {
    const key = `${kind} ${holds.map(Number).join('')}`;
    let id = this.#classIds.get(key);
    if (id === undefined) {
      if (this.#classes.length >= mostClasses) {
        return -1;
      }
      id = this.#classes.push({ kind, holds }) - 1;
      this.#classIds.set(key, id);
    }
    return id;
  }

  #begin(): void {
    this.#states = [nowhere, found].map(() => ({ threads: [], before: kinds.other, next: [] }));
    this.#stateIds.clear();
  }

  #state(threads: readonly number[], before: Kind): number {
    const key = `${before} ${threads.join()}`;
    let id = this.#stateIds.get(key);
    if (id === undefined) {
      id = this.#states.push({ threads, before, next: [] }) - 1;
      this.#stateIds.set(key, id);
    }
    return id;
  }

  /** Where a state leads with a character of a class; `unknown` where the time is over. */
  #step(id: number, sign: number): number {
    if (++this.#made % statesPerLook === 0 && !this.#moreTime()) {
      return unknown;
    }
    const { threads, before, next } = this.#states[id] as State;
    const { kind, holds } = this.#classes[sign] as Class;
    const taken = this.#taken(threads, before, kind, holds);
    let step: number;
    if (taken === undefined || kind === kinds.end) {
      step = taken === undefined ? found : nowhere;
    } else {
      if (this.#states.length >= mostStates) {
        this.#begin();
      }
      step = this.#state(
        [...taken.add(this.#program.start)].sort((a, b) => a - b),
        kind,
      );
    }
    for (let n = next.length; n <= sign; n++) {
      next.push(unknown);
    }
    next[sign] = this.#states[id]?.next === next ? step : unknown;
    return step;
  }

  /** Where the program goes on behind a character; undefined where it has matched before it. */
  #taken(threads: readonly number[], before: Kind, kind: Kind, holds: readonly boolean[]): Set<number> | undefined {
    const { code } = this.#program;
    const seen = new Set<number>();
    const taken = new Set<number>();
    const open = [...threads];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (seen.has(at)) {
        continue;
      }
      seen.add(at);
      const instruction = code[at] as Instruction;
      if (instruction.op === 'match') {
        return undefined;
      }
      if (instruction.op === 'split') {
        open.push(instruction.next, instruction.other);
      } else if (instruction.op === 'assert') {
        if (isPlace(instruction.what, before, kind)) {
          open.push(instruction.next);
        }
      } else if (holds[instruction.set] === true) {
        taken.add(instruction.next);
      }
    }
    return taken;
  }
}

/** Whether the place between a character of the kind `before` and one of `behind` is such a place. */
function isPlace(what: Place, before: Kind, behind: Kind): boolean {
  switch (what) {
    case 'text begins':
      return before === kinds.end;
    case 'text ends':
      return behind === kinds.end;
    case 'line begins':
      return before === kinds.end || (before === kinds.newline && behind !== kinds.end);
    case 'line ends':
      return behind === kinds.end || behind === kinds.newline || behind === kinds.lastNewline;
    case 'last line ends':
      return behind === kinds.end || behind === kinds.lastNewline;
    case 'border':
      return (before === kinds.word) !== (behind === kinds.word);
    case 'inside':
      return (before === kinds.word) === (behind === kinds.word);
  }
}
