// What of the stream `forebay tail` prints: a query, in the language of the page. What its tag patterns leave out is not even sent; the rest
// is decided here, event by event, on the bytes.

import type { FrameBlock } from '../live/protocol.ts';
import { type FieldNode, printField, type QueryNode, type QueryProblem } from '../live/query/ast.ts';
import { Query } from '../live/query/compile.ts';
import { termsOf } from '../live/query/edit.ts';
import { EventSubject } from '../live/query/event-subject.ts';
import { parseQuery } from '../live/query/parse.ts';
import { Skip } from '../msgpack/skip.ts';

export interface Selection {
  /** A tag pattern that the server may choose by. */
  readonly match: string | undefined;
  /** Whether what the server holds is wanted too. */
  readonly backlog: boolean;
  readonly sieve: Sieve | undefined;
}

/** Arguments of a command line that are patterns of tags, as `<match>` takes them: `app.**`, `{a,b}.*`, `'app.** web.*'`. */
const tagPatterns = /^[^\s"()/:=<>-][^\s"()/:=<>]*(?:\s+[^\s"()/:=<>-][^\s"()/:=<>]*)*$/;

/** `query` are the arguments. A sentence for people where it cannot be read. */
export function readSelection(
  { query, since }: { readonly query: readonly string[]; readonly since: string | undefined },
  now: number,
): Selection | string {
  const text = query
    .map((part) => (/\*|\{.*\}/.test(part) && tagPatterns.test(part) ? tagTerms(part) : part))
    .join(' ');
  const from =
    since === undefined ? '' : printField({ name: 'since', operator: ':', value: since, form: 'plain', flags: '' });
  const read = parseQuery(text);
  const begin = parseQuery(from);
  if (!read.ok) {
    return describe(text, read.problem);
  }
  if (!begin.ok) {
    return `--since ${since}: ${begin.problem.text}\nWrite --since 15m (s, m, h, d), 14:30 or 2026-01-31T14:30.\n`;
  }
  const terms = [...termsOf(begin.node), ...termsOf(read.node)];
  const [first] = terms;
  const node: QueryNode | undefined = terms.length < 2 ? first : { kind: 'and', nodes: terms, offset: 0, length: 0 };
  return {
    match: matchOf(terms),
    backlog: terms.some((term) => term.kind === 'field' && term.name === 'since'),
    sieve: node === undefined ? undefined : new Sieve(new Query(node, now)),
  };
}

function tagTerms(patterns: string): string {
  const terms = patterns.split(/\s+/).map((one) => `tag${/[*{]/.test(one) ? ':' : '='}${one}`);
  return terms.length === 1 ? terms.join() : `(${terms.join(' OR ')})`;
}

/** The first term of tags that the server understands too: a pattern, or several of which one must fit. */
function matchOf(terms: readonly QueryNode[]): string | undefined {
  for (const term of terms) {
    const patterns = (term.kind === 'or' ? term.nodes : [term]).map((one) =>
      one.kind === 'field' && one.name === 'tag' && isServers(one) ? one.value : undefined,
    );
    if (patterns.every((pattern) => pattern !== undefined)) {
      return patterns.join(' ');
    }
  }
  return undefined;
}

/** An exact tag folds cases here, unless it has upper case: only one whose letters have no case, or are upper, is the same there. */
function isServers({ form, operator, value }: FieldNode): boolean {
  return form === 'glob' ? !value.startsWith('/') : operator === '=' && /[A-Z]/.test(value) && /^[\w.-]+$/.test(value);
}

/** The problem, with the place below the query. */
function describe(text: string, { offset, length, text: sentence, hint }: QueryProblem): string {
  const from = Math.max(0, offset - 60);
  const part = text.slice(from, offset + 60).replace(/[\p{Cc}]/gu, ' ');
  const mark = '^'.repeat(Math.max(1, Math.min(length, part.length - (offset - from))));
  return `${sentence} ${hint}\n  ${part}\n  ${' '.repeat(offset - from)}${mark}\n`;
}

/** Lets the events of a block through that a query accepts. */
export class Sieve {
  readonly #query: Query;
  readonly #subject = new EventSubject();
  readonly #skip = new Skip();
  readonly #utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(query: Query) {
    this.#query = query;
  }

  /** The block with those events only; undefined where there is none. */
  pass(block: FrameBlock): FrameBlock | undefined {
    const { entries } = block;
    const subject = this.#subject;
    const context = { tag: this.#utf8.decode(block.tag), place: block.place };
    subject.view.set(entries);
    const { bytes, start, end } = subject.view;
    const runs: Uint8Array[] = [];
    let count = 0;
    let from = -1;
    for (let at = start; at < end; ) {
      const next = subject.open(at, context);
      const passes = next > 0 && this.#query.accepts(subject);
      count += passes ? 1 : 0;
      if (passes && from < 0) {
        from = at;
      } else if (!passes && from >= 0) {
        runs.push(bytes.subarray(from, at));
        from = -1;
      }
      at = next > 0 ? next : this.#behind(bytes, at, end);
    }
    if (count === block.count && from === start) {
      return block;
    }
    if (from >= 0) {
      runs.push(bytes.subarray(from, end));
    }
    return count === 0 ? undefined : { ...block, count, entries: joined(runs) };
  }

  #behind(bytes: Uint8Array, at: number, end: number): number {
    const next = this.#skip.run(bytes, at, end);
    this.#skip.reset();
    return next < 0 ? end : next;
  }
}

function joined(runs: readonly Uint8Array[]): Uint8Array {
  const [first] = runs;
  return runs.length === 1 && first !== undefined ? first : Buffer.concat(runs);
}
