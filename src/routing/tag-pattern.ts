// The tag patterns of <match> and <filter>, as Fluentd 1.19 takes them (lib/fluent/match.rb). Rules and their order are router.ts's.
import { compileRubyRegexp } from '../config/ruby-regexp.ts';
import { ForebayError } from '../core/errors.ts';
import { compileGlob } from './glob.ts';

export interface PatternProblem {
  readonly code:
    | 'TAG_PATTERN_EMPTY'
    | 'TAG_PATTERN_REGEXP_INVALID'
    | 'TAG_PATTERN_REGEXP_UNCLOSED'
    | 'TAG_PATTERN_TOO_DEEP'
    | 'TAG_PATTERN_UNCLOSED_BRACE';
  readonly severity: 'error' | 'warning';
  /** What is wrong, one sentence. */
  readonly text: string;
  /** What to do about it, one sentence. */
  readonly hint: string;
}

export interface TagPattern {
  /** As it is written in the configuration. */
  readonly text: string;
  /** Whether a tag's text fits; undefined when a regular expression did not come to an end in its time. */
  matches(tag: string): boolean | undefined;
}

export type ParsedTagPattern =
  | { readonly ok: true; readonly pattern: TagPattern; readonly warnings: readonly PatternProblem[] }
  | { readonly ok: false; readonly problem: PatternProblem };

/**
 * Reads the argument of a `<match>` or `<filter>`: patterns parted by whitespace, any of which may fit. `*` is one part of a tag, `**` any
 * number of parts, `{a,b}` either, `\` takes the next character as it is, `/…/` is a Ruby regular expression for the whole tag.
 * An argument that is absent means `**`; that is the caller's to say, since an empty pattern fits nothing.
 */
export function parseTagPattern(text: string): ParsedTagPattern {
  const patterns: TagPattern[] = [];
  const warnings: PatternProblem[] = [];
  for (const part of rubySplit(text)) {
    const parsed = part.startsWith('/') ? parseRegexp(part) : parseGlob(part);
    if (!parsed.ok) {
      return parsed;
    }
    patterns.push(parsed.pattern);
    warnings.push(...parsed.warnings);
  }
  const [first] = patterns;
  if (first === undefined) {
    warnings.push({
      code: 'TAG_PATTERN_EMPTY',
      severity: 'warning',
      text: 'A pattern of blanks fits no tag.',
      hint: 'Write ** for every tag.',
    });
  }
  return { ok: true, pattern: patterns.length === 1 && first !== undefined ? first : any(text, patterns), warnings };
}

/** A pattern that has been checked before: one that is refused throws TAG_PATTERN_INVALID. */
export function compileTagPattern(text: string): TagPattern {
  const parsed = parseTagPattern(text);
  if (!parsed.ok) {
    throw new ForebayError('TAG_PATTERN_INVALID', { pattern: text, reason: parsed.problem.text });
  }
  return parsed.pattern;
}

/** Ruby's `split(/\s+/)`: a blank in front leaves an empty first part, which fits the empty tag; blanks behind leave nothing. */
function rubySplit(text: string): string[] {
  const parts = text.split(/[ \t\r\n\f\v]+/);
  while (parts.at(-1) === '') {
    parts.pop();
  }
  return parts;
}

function any(text: string, patterns: readonly TagPattern[]): TagPattern {
  return {
    text,
    matches(tag) {
      let result: boolean | undefined = false;
      for (const pattern of patterns) {
        const one = pattern.matches(tag);
        if (one === true) {
          return true;
        }
        if (one === undefined) {
          result = undefined;
        }
      }
      return result;
    },
  };
}

function parseGlob(part: string): ParsedTagPattern {
  if (part === '**') {
    return { ok: true, pattern: { text: part, matches: () => true }, warnings: [] };
  }
  const glob = compileGlob(part);
  if (glob === undefined) {
    return refuse(
      'TAG_PATTERN_TOO_DEEP',
      `The braces of the pattern "${shorten(part)}" stand too deep in each other.`,
      'Write the alternatives side by side: {a,b,c}.',
    );
  }
  const warnings: PatternProblem[] = glob.unclosed
    ? [
        {
          code: 'TAG_PATTERN_UNCLOSED_BRACE',
          severity: 'warning',
          text: `A brace in the pattern "${shorten(part)}" is never closed, so * and . behind it mean no more than themselves.`,
          hint: 'Close the brace, and write no blank inside it: {a,b}.',
        },
      ]
    : [];
  return { ok: true, pattern: { text: part, matches: (tag) => glob.matches(tag) }, warnings };
}

function parseRegexp(part: string): ParsedTagPattern {
  if (!part.endsWith('/')) {
    return refuse(
      'TAG_PATTERN_REGEXP_UNCLOSED',
      `The pattern "${shorten(part)}" begins with a slash and does not end with one.`,
      'End the regular expression with / and write \\s for a blank in it; a tag that begins with a slash is written \\/.',
    );
  }
  // Fluentd puts the anchors on without a group, so they belong to the first and the last alternative of `/a|b/`.
  const body = part.slice(1, -1);
  const exact = compileRubyRegexp(`\\A${body}\\Z`);
  if (!exact.ok) {
    return refuse(
      'TAG_PATTERN_REGEXP_INVALID',
      `The regular expression ${shorten(part)} cannot be used: ${exact.reason}.`,
      'Mend the expression; it is read as Ruby reads it.',
    );
  }
  return { ok: true, pattern: { text: part, matches: (tag) => exact.regexp.test(tag) }, warnings: [] };
}

function refuse(code: PatternProblem['code'], text: string, hint: string): ParsedTagPattern {
  return { ok: false, problem: { code, severity: 'error', text, hint } };
}

function shorten(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}
