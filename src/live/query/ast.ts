// What a query is once it is read, and how it is written again. Reading is parse.ts, what it means for an event compile.ts.
import { parseQuery } from './parse.ts';

export const operators = ['>=', '<=', ':', '=', '>', '<'] as const;
export type Operator = (typeof operators)[number];

/** Where a part stands in the text that was read. */
export interface Place {
  readonly offset: number;
  readonly length: number;
}

export type QueryNode =
  | ({ readonly kind: 'text'; readonly text: string } & Place)
  | ({ readonly kind: 'regex'; readonly source: string; readonly flags: string } & Place)
  | FieldNode
  | ({ readonly kind: 'not'; readonly node: QueryNode } & Place)
  | ({ readonly kind: 'and' | 'or'; readonly nodes: readonly QueryNode[] } & Place);

export interface FieldNode extends Place {
  readonly kind: 'field';
  readonly name: string;
  readonly operator: Operator;
  readonly value: string;
  /** `glob`: * stands for any text; `regex`: the value is one, with these flags. */
  readonly form: 'plain' | 'glob' | 'regex';
  readonly flags: string;
}

/** What is wrong with a query, and where. */
export interface QueryProblem extends Place {
  /** A sentence. */
  readonly text: string;
  /** How to mend it, a sentence. */
  readonly hint: string;
}

/** The query as text that reads as the same query; '' for none. */
export function printQuery(node: QueryNode | undefined): string {
  if (node === undefined) {
    return '';
  }
  const careful = print(node, 0, true);
  const plain = print(node, 0, false);
  // Words that are fine alone may be read otherwise beside each other: `/a` and `b/`.
  const read = plain === careful ? undefined : parseQuery(plain);
  const same = read?.ok === true && read.node !== undefined && print(read.node, 0, true) === careful;
  return same ? plain : careful;
}

/** `level` is how tightly what is around it binds: 0 or, 1 and, 2 not. */
function print(node: QueryNode, level: 0 | 1 | 2, careful: boolean): string {
  switch (node.kind) {
    case 'text':
      return printText(node.text, careful);
    case 'regex':
      return `/${node.source}/${node.flags}`;
    case 'field':
      return printField(node, careful);
    case 'not':
      return inside(`-${print(node.node, 2, careful)}`, level > 1, careful);
    case 'and':
      return inside(node.nodes.map((one) => print(one, 1, careful)).join(' '), level > 0, careful);
    default:
      return inside(node.nodes.map((one) => print(one, 1, careful)).join(' OR '), level > 0, careful);
  }
}

function inside(text: string, brackets: boolean, careful: boolean): string {
  // A word that opens a bracket of its own would take ours for the one that closes it.
  return !brackets ? text : careful ? `(${text} )` : `(${text})`;
}

/** A word as it is where it reads as that word, else between quotes. */
function printText(text: string, careful: boolean): string {
  const read = parseQuery(text);
  const same = read.ok && read.node?.kind === 'text' && read.node.text === text;
  return same && !/^"/.test(text) && !(careful && text.startsWith('/')) ? text : quote(text);
}

export function printField(
  { name, operator, value, form, flags }: Pick<FieldNode, 'name' | 'operator' | 'value' | 'form' | 'flags'>,
  careful = false,
): string {
  const head = printName(name) + operator;
  if (form === 'regex') {
    return `${head}/${value}/${flags}`;
  }
  if (form === 'glob') {
    return head + value;
  }
  const read = parseQuery(head + value);
  const same =
    read.ok &&
    read.node?.kind === 'field' &&
    read.node.value === value &&
    read.node.form === 'plain' &&
    read.node.operator === operator &&
    read.node.name === name;
  return head + (same && !/^"/.test(value) && !(careful && value.startsWith('/')) ? value : quote(value));
}

/** A field's name as it is, or between quotes. */
export function printName(name: string): string {
  return fieldName.test(name) ? name : quote(name);
}

/** Names that need no quotes. */
export const fieldName = /^[\p{L}_@$](?:[\p{L}\p{N}_@$./-]*[\p{L}\p{N}_@$])?$/u;

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
