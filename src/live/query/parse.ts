// Reads a query: `word "a phrase" -not (a OR b) /regex/i field:value field=exact field>=500 since:15m`. Terms side by side must all hold; OR
// binds less than that, a minus (or NOT) more. What a person is likely to paste stays a word: paths, addresses, times, `Error:`, `->`,
// `std::move`, f(x). Never throws: what cannot be read is a problem that says where.
import type { FieldNode, Operator, QueryNode, QueryProblem } from './ast.ts';
import { isOwnField, noLevel } from './fields.ts';
import { levelOfValue } from './levels.ts';
import { Pattern } from './pattern.ts';
import { parseSince } from './since.ts';

export type ParsedQuery =
  | { readonly ok: true; readonly node: QueryNode | undefined }
  | { readonly ok: false; readonly problem: QueryProblem };

const longestQuery = 4096;
const deepest = 64;

export function parseQuery(text: string): ParsedQuery {
  if (text.length > longestQuery) {
    return {
      ok: false,
      problem: {
        offset: longestQuery,
        length: text.length - longestQuery,
        text: `A query has at most ${longestQuery} characters.`,
        hint: 'Leave something out.',
      },
    };
  }
  return new Parser(text).run();
}

const space = /\s/;
/** A name, or one between quotes, an operator, and something behind it. */
const fieldHead =
  /([\p{L}_@$](?:[\p{L}\p{N}_@$./-]*[\p{L}\p{N}_@$])?|"(?:\\["\\]|\\(?!["\\])|[^"\\])+")(>=|<=|:|=|[<>](?!=))(?=[^\s)])/uy;
/** Only own fields are missed where nothing stands behind the operator: `Error:` is a word. */
const openHead = /([\p{L}_]+)(>=|<=|:|=|[<>](?!=))(?=\s|\)|$)/uy;

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #problem: QueryProblem | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  run(): ParsedQuery {
    const node = this.#or();
    if (this.#problem === undefined && this.#at < this.#text.length) {
      this.#fail(this.#at, 1, 'There is no ( that this ) closes.', 'Put it between quotes to look for it: ")".');
    }
    return this.#problem === undefined ? { ok: true, node } : { ok: false, problem: this.#problem };
  }

  #fail(offset: number, length: number, text: string, hint: string): undefined {
    this.#problem ??= { offset, length, text, hint };
    return undefined;
  }

  #or(): QueryNode | undefined {
    const nodes: QueryNode[] = [];
    const from = this.#at;
    for (;;) {
      const node = this.#and();
      if (this.#problem !== undefined) {
        return undefined;
      }
      const at = this.#at;
      const more = this.#keyword('OR');
      if (node === undefined && (more || nodes.length > 0)) {
        // The word OR itself is what lacks a neighbour.
        const or = more ? at : this.#text.lastIndexOf('OR', at);
        return this.#fail(
          or,
          2,
          'OR stands between two terms; one of them is missing.',
          'To look for the word, write "OR".',
        );
      }
      if (node !== undefined) {
        nodes.push(...(node.kind === 'or' ? node.nodes : [node]));
      }
      if (!more) {
        return joined('or', nodes, from, this.#at);
      }
    }
  }

  #and(): QueryNode | undefined {
    const nodes: QueryNode[] = [];
    const from = this.#at;
    for (;;) {
      this.#skip();
      const at = this.#at;
      if (at >= this.#text.length || this.#text[at] === ')' || this.#peek('OR')) {
        return joined('and', nodes, from, at);
      }
      if (this.#keyword('AND')) {
        this.#skip();
        if (nodes.length === 0 || this.#at >= this.#text.length || this.#text[this.#at] === ')') {
          const hint = 'To look for the word, write "AND".';
          return this.#fail(at, 3, 'AND stands between two terms; one of them is missing.', hint);
        }
        continue;
      }
      const node = this.#unary();
      if (this.#problem !== undefined) {
        return undefined;
      }
      if (node !== undefined) {
        nodes.push(...(node.kind === 'and' ? node.nodes : [node]));
      }
    }
  }

  #unary(): QueryNode | undefined {
    const at = this.#at;
    if (this.#keyword('NOT')) {
      this.#skip();
      const node =
        this.#at < this.#text.length && this.#text[this.#at] !== ')' ? this.#nested(() => this.#unary()) : undefined;
      return node === undefined
        ? this.#fail(at, 3, 'Nothing stands behind NOT.', 'To look for the word, write "NOT".')
        : not(node, at);
    }
    if (this.#text[at] === '-') {
      this.#at++;
      const next = this.#text[this.#at];
      // A lone minus means nothing yet.
      if (next === undefined || next === ')' || space.test(next)) {
        return undefined;
      }
      const node = this.#primary();
      return node === undefined ? undefined : not(node, at);
    }
    return this.#primary();
  }

  #nested(read: () => QueryNode | undefined): QueryNode | undefined {
    if (++this.#depth > deepest) {
      return this.#fail(this.#at, 1, `Terms are nested deeper than ${deepest}.`, 'Write it flatter.');
    }
    const node = read();
    this.#depth--;
    return node;
  }

  #primary(): QueryNode | undefined {
    const at = this.#at;
    const char = this.#text[at];
    if (char === '(') {
      return this.#group();
    }
    const field = this.#field();
    if (field !== undefined || this.#problem !== undefined) {
      return field;
    }
    if (char === '"') {
      const text = this.#quoted();
      return text === '' ? undefined : { kind: 'text', text, ...this.#place(at) };
    }
    const regex = char === '/' ? this.#regex() : undefined;
    if (regex !== undefined || this.#problem !== undefined) {
      return regex === undefined ? undefined : { kind: 'regex', ...regex, ...this.#place(at) };
    }
    return { kind: 'text', text: this.#word(), ...this.#place(at) };
  }

  #group(): QueryNode | undefined {
    const at = this.#at++;
    const node = this.#nested(() => this.#or());
    if (this.#problem !== undefined) {
      return undefined;
    }
    if (this.#text[this.#at] !== ')') {
      return this.#fail(at, 1, 'This ( is not closed.', 'Add a ), or put it between quotes to look for it: "(".');
    }
    this.#at++;
    if (node === undefined) {
      return this.#fail(at, this.#at - at, 'Nothing stands between ( and ).', 'To look for them, write "()".');
    }
    // A group that was written stands in the text with its brackets.
    return { ...node, ...this.#place(at) };
  }

  #field(): FieldNode | undefined {
    const at = this.#at;
    const head = this.#match(fieldHead);
    if (head === null) {
      const open = this.#match(openHead);
      const [all = '', name = ''] = open ?? [];
      return isOwnField(name)
        ? this.#fail(
            at,
            all.length,
            `Nothing stands behind ${all}`,
            `Add a value, or write "${all}" to look for this text.`,
          )
        : undefined;
    }
    const [all, written = '', operator = ''] = head;
    const name = written.startsWith('"') ? unquoted(written.slice(1, -1)) : written;
    const behind = this.#text.slice(at + all.length);
    if (!isOwnField(name) && isWordAnyway(operator, behind)) {
      return undefined;
    }
    this.#at += all.length;
    const valueAt = this.#at;
    const regex = operator === ':' && behind.startsWith('/') ? this.#regex() : undefined;
    if (this.#problem !== undefined) {
      return undefined;
    }
    const isQuoted = behind.startsWith('"');
    const value = regex?.source ?? (isQuoted ? this.#quoted() : this.#word());
    const glob = !isQuoted && operator === ':' && (value.includes('*') || (name === 'tag' && value.includes('{')));
    const form = regex !== undefined ? 'regex' : glob ? 'glob' : 'plain';
    const { flags = '' } = regex ?? {};
    const node: FieldNode = {
      ...{ kind: 'field', name, operator: operator as Operator, value, form, flags },
      ...this.#place(at),
    };
    return this.#checked(node, valueAt);
  }

  #checked(node: FieldNode, at: number): FieldNode | undefined {
    const length = Math.max(1, this.#at - at);
    const { name, value, form, operator } = node;
    if (name === 'level' && form === 'plain' && value !== noLevel && levelOfValue(value) === undefined) {
      const hint = 'Write fatal, error, warn, info, debug, trace, or none.';
      return this.#fail(at, length, `There is no level ${value}.`, hint);
    }
    if (
      (name === 'since' || name === 'until') &&
      (form !== 'plain' || !(operator === ':' || operator === '=') || parseSince(value, 0) === undefined)
    ) {
      const hint = `Write ${name}:15m (s, m, h, d), ${name}:14:30 or ${name}:2026-01-31T14:30.`;
      return this.#fail(at, length, `${value} is no time to ${name === 'since' ? 'begin' : 'end'} at.`, hint);
    }
    return node;
  }

  /** A regular expression; undefined, and nothing is taken, where the text is a path or the like. */
  #regex(): { readonly source: string; readonly flags: string } | undefined {
    const at = this.#at;
    const match = this.#match(/\/((?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\[\n])+)\/([a-z]*)(?=[\s)]|$)/y);
    const [all = '', source = '', flags = ''] = match ?? [];
    if (match === null) {
      return undefined;
    }
    if (!/^[ims]*$/.test(flags)) {
      // A path, like /var/log.
      return undefined;
    }
    const pattern = Pattern.parse(source, flags);
    if (!(pattern instanceof Pattern)) {
      return this.#fail(at + 1 + pattern.offset, Math.max(1, pattern.length), pattern.text, pattern.hint);
    }
    this.#at += all.length;
    return { source, flags };
  }

  /** What stands between quotes; a quote that is not closed ends with the text. */
  #quoted(): string {
    const match = this.#match(/"((?:\\["\\]|\\(?!["\\])|[^"\\])*)"?/y);
    const [all = '', text = ''] = match ?? [];
    this.#at += all.length;
    return unquoted(text);
  }

  /** Up to a space, or a ) that closes what was opened before the word. */
  #word(): string {
    const from = this.#at;
    let open = 0;
    for (; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at] as string;
      if (space.test(char) || (char === ')' && open === 0)) {
        break;
      }
      open += char === '(' ? 1 : char === ')' ? -1 : 0;
    }
    return this.#text.slice(from, this.#at);
  }

  #keyword(word: string): boolean {
    const is = this.#peek(word);
    if (is) {
      this.#at += word.length;
    }
    return is;
  }

  #peek(word: string): boolean {
    const behind = this.#text[this.#at + word.length] ?? ' ';
    return this.#text.startsWith(word, this.#at) && (space.test(behind) || behind === '(' || behind === ')');
  }

  #skip(): void {
    while (this.#at < this.#text.length && space.test(this.#text[this.#at] as string)) {
      this.#at++;
    }
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text);
  }

  #place(offset: number): { readonly offset: number; readonly length: number } {
    return { offset, length: this.#at - offset };
  }
}

function unquoted(text: string): string {
  return text.replace(/\\(["\\])/g, '$1');
}

/** Addresses, paths, scopes, comparisons in code: what looks like a field and is text. */
function isWordAnyway(operator: string, behind: string): boolean {
  if (operator === ':') {
    return /^(?:\/\/|[\\:])/.test(behind);
  }
  return operator === '='
    ? behind.startsWith('=')
    : (operator === '<' || operator === '>') && !/^["\d.+-]/.test(behind);
}

function not(node: QueryNode, offset: number): QueryNode {
  return { kind: 'not', node, offset, length: node.offset + node.length - offset };
}

function joined(kind: 'and' | 'or', nodes: readonly QueryNode[], from: number, to: number): QueryNode | undefined {
  const [first, second] = nodes;
  return second === undefined ? first : { kind, nodes, offset: from, length: to - from };
}
