// Ruby's regular expressions: compiled to JavaScript's, and run so that no text can hold the event loop. What does not come to an end in its time
// goes to an automaton (linear-regexp.ts); what the automaton cannot do, or groups that it cannot tell, has so much time in one turn of the loop.
// Known to differ: `\b` sees ASCII words only (Ruby's sees Unicode words). What the translator cannot say is refused with its reason.
import { createRequire } from 'node:module';
import { createContext, Script } from 'node:vm';
import type * as OnigurumaToEs from 'oniguruma-to-es';
import { threadTime } from '../core/thread-time.ts';
import { TurnBudget } from '../core/turn-budget.ts';
import { LinearRegexp } from './linear-regexp.ts';

export interface RubyRegexpFlags {
  readonly ignorecase?: boolean;
  /** Ruby's `m`: the dot takes newlines too. */
  readonly multiline?: boolean;
  /** How long one test may run, ms. Default 6. */
  readonly deadline?: number;
  /** Of the program's own, without repetitions in each other: texts up to some thousand characters are tried at once. */
  readonly trusted?: boolean;
}

export interface RubyRegexp {
  readonly source: string;
  /** Of its named groups, each once, in the order in which they stand. */
  readonly names: readonly string[];
  /**
   * What the groups of `names` took, undefined for one that took part in nothing; null where the expression is not found, undefined where that
   * could not be said before the deadline.
   */
  captures(text: string): Captures;
  /** The same for each text, for much less than as many calls. */
  capturesEach(texts: readonly string[]): readonly Captures[];
  /** Whether the expression is found in the text; undefined when that could not be said before the deadline. */
  test(text: string): boolean | undefined;
  /** The parts of the text between what is found; undefined as for `test`. */
  split(text: string): readonly string[] | undefined;
  /**
   * The same as `test` for each text, for less than a hundredth of the work of as many `test`s where the deadline has to be watched: `answers` gets 1,
   * 0, or `noAnswer` for each.
   */
  testEach(texts: readonly string[], answers: Uint8Array): void;
}

/** What `captures` gives. */
export type Captures = readonly (string | undefined)[] | null | undefined;

/** Of `testEach`: not before the deadline. */
export const noAnswer = 2;

export type CompiledRubyRegexp =
  | { readonly ok: true; readonly regexp: RubyRegexp }
  | { readonly ok: false; readonly reason: string };

/** Compiles `source`, written as between the slashes of a Ruby literal. */
export function compileRubyRegexp(source: string, flags: RubyRegexpFlags = {}): CompiledRubyRegexp {
  let regexp: RegExp;
  try {
    // Ruby's \d, \s and \w are ASCII; m is JavaScript's s.
    const asked = `DSW${flags.ignorecase === true ? 'i' : ''}${flags.multiline === true ? 'm' : ''}`;
    regexp = translator().toRegExp(source, { flags: asked });
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
  return { ok: true, regexp: new TimedRegexp(source, regexp, flags) };
}

/** Loaded when the first expression is compiled: most configurations have none. Node keeps the loaded module. */
function translator(): typeof OnigurumaToEs {
  return createRequire(import.meta.url)('oniguruma-to-es') as typeof OnigurumaToEs;
}

/** Up to this many characters an expression with one quantifier is tried at once: its work is at most quadratic. */
const shortText = 1_024;
/** The same for an expression of the program's own. */
const trustedText = 4_096;
/** After a text that took this long, ms, texts are not tried without a deadline for some time. */
const longTry = 1;
/** So often time is looked at, in texts and in characters. */
const textsPerLook = 16;
const lengthPerLook = 512;
/** For so many texts after a late one the automaton is asked first. */
const wary = 1_000;
/** Characters in a ms: whoever reads fewer is held up by texts made for it. */
const honestPace = 10_000;
/** The shortest deadline, ms. */
const leastTime = 2;
/** What takes less is nothing to speak of, ms. */
const shortWork = 0.05;

const late: unique symbol = Symbol('late');
/** A busy machine may take the time for a text so often. */
const maxTries = 5;

/** One for all expressions, as there is one event loop: ten expressions must not hold it ten times as long. */
const turn = new TurnBudget(12);
/** Kept for the automata, and for texts in which they have found the expression, so that others do not take their time away. */
const certain = new TurnBudget(4);

class TimedRegexp implements RubyRegexp {
  readonly source: string;
  readonly names: readonly string[];
  readonly #regexp: RegExp;
  readonly #deadline: number;
  /** Texts up to this length are tried at once. */
  readonly #direct: number;
  readonly #script = new Script('next()');
  readonly #scope: { next: () => void };
  /** Made when it is needed first; null where it cannot be. */
  #linear: LinearRegexp | null | undefined;
  /** For so many texts more no engine is used that a text can hold up. */
  #wary = 0;

  constructor(source: string, regexp: RegExp, { deadline = 6, trusted = false }: RubyRegexpFlags) {
    this.source = source;
    // With an empty alternative every group is there in what it finds.
    this.names = Object.keys(new RegExp(`${regexp.source}|`, regexp.flags).exec('')?.groups ?? {});
    this.#regexp = regexp;
    this.#deadline = deadline;
    // Counts more than there are (escaped ones, braces of \p{…}), never fewer. `(?=\n?$)` is what \Z becomes.
    const counted = regexp.source.replaceAll('(?=\\n?$)', '$').replace(/(?<!\\)\(\?[:=!<]/g, '(');
    const oneQuantifier = (counted.match(/[*+{?]/g) ?? []).length <= 1;
    this.#direct = trusted ? trustedText : oneQuantifier ? shortText : -1;
    this.#scope = createContext({ next: () => undefined }) as { next: () => void };
  }

  test(text: string): boolean | undefined {
    const found = this.#one(text, this.#find);
    return found === late ? undefined : found;
  }

  testEach(texts: readonly string[], answers: Uint8Array): void {
    this.#each(texts, this.#find, (at, found) => {
      answers[at] = found === late ? noAnswer : Number(found);
    });
  }

  captures(text: string): Captures {
    const found = this.#one(text, this.#exec);
    return found === late ? undefined : found || null;
  }

  capturesEach(texts: readonly string[]): readonly Captures[] {
    const all = new Array<Captures>(texts.length);
    this.#each(texts, this.#exec, (at, found) => {
      all[at] = found === late ? undefined : found || null;
    });
    return all;
  }

  split(text: string): readonly string[] | undefined {
    const parts = this.#one(text, (whole) => whole.split(this.#regexp));
    return parts === late ? undefined : parts || [text];
  }

  readonly #find = (text: string): boolean => this.#regexp.test(text);

  readonly #exec = (text: string): Captures | false => {
    const found = this.#regexp.exec(text);
    return found !== null && this.names.map((name) => found.groups?.[name]);
  };

  #one<T>(text: string, run: (text: string) => T): T | false | typeof late {
    let result: T | false | typeof late = late;
    this.#each([text], run, (_, given) => {
      result = given;
    });
    return result;
  }

  /** `give` gets for each text what `run` comes to, `false` where the expression is not found in it, or `late`. */
  #each<T>(
    texts: readonly string[],
    run: (text: string) => T,
    give: (at: number, result: T | false | typeof late) => void,
  ) {
    turn.begin();
    certain.begin();
    const at = this.#try(texts, run, give);
    if (at === texts.length) {
      return;
    }
    const isFresh = this.#wary === 0;
    this.#wary = Math.max(0, this.#wary - (texts.length - at));
    const isShort = isFresh && turn.left >= this.#deadline;
    const rest = Array.from({ length: texts.length - at }, (_, n) => at + n);
    const open = isShort ? this.#watch(texts, rest, run, give, turn, true) : rest;
    if (open.length === 0) {
      return;
    }
    const linear = this.#automaton();
    const maybe = linear === null ? open : this.#sift(linear, texts, open, run, give);
    const budget = linear === null ? turn : certain;
    for (const one of this.#watch(texts, maybe, run, give, budget, isFresh)) {
      give(one, late);
    }
  }

  /** Runs texts without a deadline as long as they are short and go fast; returns the first one that it did not get to. */
  #try<T>(texts: readonly string[], run: (text: string) => T, give: (at: number, result: T) => void): number {
    const direct = texts.length === 1 ? this.#direct : Math.min(this.#direct, shortText);
    let at = 0;
    let begin = performance.now();
    for (let texted = 0, length = 0; this.#wary === 0 && at < texts.length; at++) {
      const text = texts[at] as string;
      if (text.length > direct) {
        break;
      }
      give(at, run(text));
      texted++;
      length += text.length;
      if (at === 0 || texted >= textsPerLook || length >= lengthPerLook) {
        const now = performance.now();
        if (now - begin > longTry) {
          this.#wary = wary;
          charge(turn, now - begin, length);
        }
        begin = now;
        texted = 0;
        length = 0;
      }
    }
    return at;
  }

  #automaton(): LinearRegexp | null {
    if (this.#linear === undefined) {
      this.#linear = LinearRegexp.of(this.#regexp) ?? null;
    }
    return this.#linear;
  }

  /** Has the automaton answer; returns those where it is found and `run` has to say more. */
  #sift<T>(
    linear: LinearRegexp,
    texts: readonly string[],
    open: readonly number[],
    run: (text: string) => T,
    give: (at: number, result: T | false | typeof late) => void,
  ): number[] {
    const begin = performance.now();
    // What others have left no time has that of the second budget; texts that need no new states are told without any.
    const budget = turn.left >= leastTime ? turn : certain;
    const time = budget.left;
    const from = threadTime();
    const moreTime = () => performance.now() - begin < time || threadTime() - from < time;
    const maybe: number[] = [];
    let length = 0;
    for (const at of open) {
      const text = texts[at] as string;
      const found = linear.test(text, moreTime);
      length += text.length;
      if (found === true && run !== this.#find) {
        maybe.push(at);
      } else {
        // `run` is #find: its answers are whether the expression is found.
        give(at, found === undefined ? late : (found as T & boolean));
      }
    }
    charge(budget, performance.now() - begin, length);
    return maybe;
  }

  /**
   * Runs each in turn, all together under a deadline for as long as that goes well. Returns those that it did not get to: all from the first late
   * one on where there is an automaton to ask instead; else those for which the turn of the loop has no time. An expression that is `fresh`, not
   * late before, always gets some.
   */
  #watch<T>(
    texts: readonly string[],
    open: readonly number[],
    run: (text: string) => T,
    give: (at: number, result: T | typeof late) => void,
    budget: TurnBudget,
    fresh: boolean,
  ): readonly number[] {
    if (open.length === 0 || (budget.left === 0 && !fresh)) {
      return open;
    }
    let n = 0;
    let since = 0;
    this.#scope.next = () => {
      for (; n < open.length; n++) {
        const at = open[n] as number;
        since = performance.now();
        give(at, run(texts[at] as string));
      }
    };
    for (let tries = 0, wasLate = false; n < open.length && (budget.left > 0 || (fresh && !wasLate)); ) {
      const from = n;
      const time = Math.min(this.#deadline, Math.max(leastTime, Math.floor(budget.left / 2)));
      const before = threadTime();
      // Each further try has twice as long by the clock: a machine that does something else all the time gives little of it to this one.
      if (this.#run(time * 2 ** tries) || n >= open.length) {
        break;
      }
      const used = threadTime() - before;
      const alone = performance.now() - since;
      const isSlow = used > time / 2;
      if (isSlow) {
        this.#wary = wary;
        charge(budget, used, lengthOf(texts, open.slice(from, n)));
      }
      if (budget === turn && this.#automaton() !== null) {
        break;
      }
      // Where the time was not that of the one at work, or went by while the machine did something else, it is tried again.
      tries = n > from ? 0 : tries + 1;
      if ((isSlow && alone > time / 2) || tries === maxTries) {
        give(open[n] as number, late);
        n++;
        tries = 0;
        wasLate = true;
      }
    }
    this.#scope.next = () => undefined;
    return open.slice(n);
  }

  /** Whether it came to its end in time. */
  #run(timeout: number): boolean {
    try {
      this.#script.runInContext(this.#scope, { timeout });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
        return false;
      }
      throw error;
    }
  }
}

/** Spends of the turn's time what was not work in proportion to the text. */
function charge(budget: TurnBudget, ms: number, length: number): void {
  if (ms > shortWork && length < ms * honestPace) {
    budget.spend(ms);
  }
}

function lengthOf(texts: readonly string[], some: readonly number[]): number {
  return some.reduce((sum, at) => sum + (texts[at] as string).length, 0);
}
