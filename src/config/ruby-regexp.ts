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
}

export interface RubyRegexp {
  readonly source: string;
  /** Whether the expression is found in the text; undefined when that could not be said before the deadline. */
  test(text: string): boolean | undefined;
}

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
  return { ok: true, regexp: new TimedRegexp(source, regexp, flags.deadline ?? 20) };
}

/** Loaded when the first expression is compiled: most configurations have none. Node keeps the loaded module. */
function translator(): typeof OnigurumaToEs {
  return createRequire(import.meta.url)('oniguruma-to-es') as typeof OnigurumaToEs;
}

/** Up to this many characters an expression with one quantifier is tried at once: its work is at most quadratic. */
const shortText = 1_024;

class TimedRegexp implements RubyRegexp {
  readonly source: string;
  readonly #regexp: RegExp;
  readonly #deadline: number;
  readonly #oneQuantifier: boolean;
  readonly #script = new Script('regexp.test(text)');
  readonly #scope: { regexp: RegExp; text: string };

  constructor(source: string, regexp: RegExp, deadline: number) {
    this.source = source;
    this.#regexp = regexp;
    this.#deadline = deadline;
    // Counts more than there are (escaped ones, braces of \p{…}), never fewer. `(?=\n?$)` is what \Z becomes.
    const counted = regexp.source.replaceAll('(?=\\n?$)', '$').replace(/(?<!\\)\(\?[:=!<]/g, '(');
    this.#oneQuantifier = (counted.match(/[*+{?]/g) ?? []).length <= 1;
    this.#scope = createContext({ regexp, text: '' }) as { regexp: RegExp; text: string };
  }

  test(text: string): boolean | undefined {
    if (this.#oneQuantifier && text.length <= shortText) {
      return this.#regexp.test(text);
    }
    this.#scope.text = text;
    try {
      return this.#script.runInContext(this.#scope, { timeout: this.#deadline }) as boolean;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
        return undefined;
      }
      throw error;
    } finally {
      this.#scope.text = '';
    }
  }
}
