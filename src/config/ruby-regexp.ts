// Ruby's regular expressions: compiled to JavaScript's, and run so that no text can hold the event loop.
// Known to differ: `\b` sees ASCII words only (Ruby's sees Unicode words). What the translator cannot say is refused with its reason.
import { createRequire } from 'node:module';
import { createContext, Script } from 'node:vm';
import type * as OnigurumaToEs from 'oniguruma-to-es';

export interface RubyRegexpFlags {
  readonly ignorecase?: boolean;
  /** Ruby's `m`: the dot takes newlines too. */
  readonly multiline?: boolean;
  /** How long one test may run, ms. Default 20. */
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

const late: unique symbol = Symbol('late');
/** A busy machine may take the time for a text so often. */
const maxTries = 5;

class TimedRegexp implements RubyRegexp {
  readonly source: string;
  readonly names: readonly string[];
  readonly #regexp: RegExp;
  readonly #deadline: number;
  /** Texts up to this length are tried at once. */
  readonly #direct: number;
  readonly #script = new Script('regexp.test(text)');
  readonly #execScript = new Script('regexp.exec(text)');
  readonly #splitScript = new Script('text.split(regexp)');
  readonly #eachScript = new Script('each()');
  readonly #scope: { regexp: RegExp; text: string; each: () => void };
  #texts: readonly string[] = [];
  #answers: Uint8Array = new Uint8Array(0);
  /** The text that `each` is at. */
  #at = 0;

  constructor(source: string, regexp: RegExp, { deadline = 20, trusted = false }: RubyRegexpFlags) {
    this.source = source;
    // With an empty alternative every group is there in what it finds.
    this.names = Object.keys(new RegExp(`${regexp.source}|`, regexp.flags).exec('')?.groups ?? {});
    this.#regexp = regexp;
    this.#deadline = deadline;
    // Counts more than there are (escaped ones, braces of \p{…}), never fewer. `(?=\n?$)` is what \Z becomes.
    const counted = regexp.source.replaceAll('(?=\\n?$)', '$').replace(/(?<!\\)\(\?[:=!<]/g, '(');
    const oneQuantifier = (counted.match(/[*+{?]/g) ?? []).length <= 1;
    this.#direct = trusted ? trustedText : oneQuantifier ? shortText : -1;
    this.#scope = createContext({ regexp, text: '', each: this.#testEach }) as {
      regexp: RegExp;
      text: string;
      each: () => void;
    };
  }

  test(text: string): boolean | undefined {
    if (text.length <= this.#direct) {
      return this.#regexp.test(text);
    }
    const found = this.#try(this.#script, text);
    return found === late ? undefined : found === true;
  }

  captures(text: string): Captures {
    const found = text.length <= this.#direct ? this.#regexp.exec(text) : this.#try(this.#execScript, text);
    return found === late ? undefined : this.#groups(found as RegExpExecArray | null);
  }

  capturesEach(texts: readonly string[]): readonly Captures[] {
    const found: Captures[] = [];
    this.#scope.each = () => {
      while (found.length < texts.length) {
        found.push(this.#groups(this.#regexp.exec(texts[found.length] as string)));
      }
    };
    while (found.length < texts.length) {
      if (this.#run(this.#eachScript) === late && found.length < texts.length) {
        // All together took too long: the one that was at work gets the time for itself alone.
        found.push(this.captures(texts[found.length] as string));
      }
    }
    this.#scope.each = this.#testEach;
    return found;
  }

  #groups(found: RegExpExecArray | null): Captures {
    const groups = found?.groups;
    return found === null ? null : this.names.map((name) => groups?.[name]);
  }

  split(text: string): readonly string[] | undefined {
    const parts = this.#try(this.#splitScript, text);
    return parts === late ? undefined : [...(parts as readonly string[])];
  }

  /** What the script comes to for the text, or `late`. */
  #try(script: Script, text: string): unknown {
    this.#scope.text = text;
    let found: unknown = late;
    for (let tries = 0; found === late && tries < maxTries; tries++) {
      const before = process.threadCpuUsage();
      found = this.#run(script);
      const { user, system } = process.threadCpuUsage(before);
      if (user + system > (this.#deadline * 1000) / 2) {
        break;
      }
      // The time went by while the machine did something else: that says nothing about the expression.
    }
    this.#scope.text = '';
    return found;
  }

  testEach(texts: readonly string[], answers: Uint8Array): void {
    if (texts.every((text) => text.length <= this.#direct)) {
      for (let i = 0; i < texts.length; i++) {
        answers[i] = this.#regexp.test(texts[i] as string) ? 1 : 0;
      }
      return;
    }
    this.#texts = texts;
    this.#answers = answers;
    for (this.#at = 0; this.#at < texts.length; this.#at++) {
      // The time may also end in the moment after the last text.
      if (this.#run(this.#eachScript) !== late || this.#at >= texts.length) {
        break;
      }
      // All together took too long: the one that was at work gets the time for itself alone.
      const found = this.test(texts[this.#at] as string);
      answers[this.#at] = found === undefined ? noAnswer : Number(found);
    }
    this.#texts = [];
  }

  /** What the script comes to, or `late`. */
  #run(script: Script): unknown {
    try {
      return script.runInContext(this.#scope, { timeout: this.#deadline });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
        return late;
      }
      throw error;
    }
  }

  /** Goes on from `#at`. */
  readonly #testEach = (): void => {
    for (; this.#at < this.#texts.length; this.#at++) {
      this.#answers[this.#at] = this.#regexp.test(this.#texts[this.#at] as string) ? 1 : 0;
    }
  };
}
