// Changes a query by what a person clicks: which values of a field are wanted, and which are not. All else of the query stays.
import type { FieldNode, QueryNode } from './ast.ts';
import { levelOfValue } from './levels.ts';
import { parseSince } from './since.ts';

export type Choice = 'only' | 'also' | 'except';

export interface Choices {
  readonly only: ReadonlySet<string>;
  readonly except: ReadonlySet<string>;
}

/** The values that a query asks for, or leaves out, one by one, in terms that must all hold. */
export function choicesOf(node: QueryNode | undefined, name: string): Choices {
  const only = new Set<string>();
  const except = new Set<string>();
  for (const term of termsOf(node)) {
    for (const value of wantedBy(term, name) ?? []) {
      only.add(value);
    }
    const unwanted = term.kind === 'not' ? chosenValue(term.node, name) : undefined;
    if (unwanted !== undefined) {
      except.add(unwanted);
    }
  }
  return { only, except };
}

/** `only`: just this one, or all again where it was the only one; `also` adds it or takes it out; `except` leaves it out, or does not. */
export function choose(
  node: QueryNode | undefined,
  name: string,
  value: string,
  choice: Choice,
): QueryNode | undefined {
  const before = choicesOf(node, name);
  const only = new Set(before.only);
  const except = new Set(before.except);
  if (choice === 'except') {
    only.delete(value);
    toggle(except, value);
  } else if (choice === 'also') {
    except.delete(value);
    toggle(only, value);
  } else {
    only.clear();
    except.clear();
    if (!(before.only.size === 1 && before.only.has(value))) {
      only.add(value);
    }
  }
  return rebuilt(node, name, only, except);
}

/** Without any choice of this field. */
export function chooseAll(node: QueryNode | undefined, name: string): QueryNode | undefined {
  return rebuilt(node, name, new Set(), new Set());
}

/** The query with one term more that must hold, in place of those that `takes` names. */
export function withTerm(
  node: QueryNode | undefined,
  term: QueryNode | undefined,
  takes: (term: QueryNode) => boolean,
): QueryNode | undefined {
  const terms = termsOf(node).filter((one) => !takes(one));
  return together('and', term === undefined ? terms : [...terms, term]);
}

/** The terms that must all hold. */
export function termsOf(node: QueryNode | undefined): readonly QueryNode[] {
  return node === undefined ? [] : node.kind === 'and' ? node.nodes : [node];
}

/** Whether a term says when lines begin or end. */
export function isTime(term: QueryNode): term is FieldNode {
  return term.kind === 'field' && (term.name === 'since' || term.name === 'until');
}

/** With these times in place of those that it has; undefined is none. */
export function withRange(
  node: QueryNode | undefined,
  range: { readonly from: number; readonly to: number } | undefined,
): QueryNode | undefined {
  const at = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z');
  const rest = withTerm(node, undefined, isTime);
  return range === undefined
    ? rest
    : withTerm(
        withTerm(rest, fieldTerm('since', ':', at(range.from)), () => false),
        fieldTerm('until', ':', at(range.to)),
        () => false,
      );
}

/** The times that a query begins and ends at, ms since the epoch, where terms that must hold say it. */
export function rangeOf(
  node: QueryNode | undefined,
  now: number,
): { readonly from: number | undefined; readonly to: number | undefined } {
  let from: number | undefined;
  let to: number | undefined;
  for (const term of termsOf(node)) {
    const time = term.kind === 'field' ? parseSince(term.value, now) : undefined;
    if (term.kind === 'field' && time !== undefined) {
      from = term.name === 'since' ? Math.max(time, from ?? time) : from;
      to = term.name === 'until' ? Math.min(time, to ?? time) : to;
    }
  }
  return { from, to };
}

export function fieldTerm(name: string, operator: FieldNode['operator'], value: string): FieldNode {
  return { kind: 'field', name, operator, value, form: 'plain', flags: '', offset: 0, length: 0 };
}

function rebuilt(
  node: QueryNode | undefined,
  name: string,
  only: ReadonlySet<string>,
  except: ReadonlySet<string>,
): QueryNode | undefined {
  const rest = termsOf(node).filter(
    (term) => wantedBy(term, name) === undefined && (term.kind !== 'not' || chosenValue(term.node, name) === undefined),
  );
  const equals = (value: string): QueryNode => fieldTerm(name, '=', value);
  const wanted = together('or', [...only].map(equals));
  const unwanted = [...except].map((value): QueryNode => ({ kind: 'not', node: equals(value), offset: 0, length: 0 }));
  return together('and', [...rest, ...(wanted === undefined ? [] : [wanted]), ...unwanted]);
}

function together(kind: 'and' | 'or', nodes: readonly QueryNode[]): QueryNode | undefined {
  const [first, second] = nodes;
  return second === undefined ? first : { kind, nodes, offset: 0, length: 0 };
}

function wantedBy(term: QueryNode, name: string): readonly string[] | undefined {
  const values = (term.kind === 'or' ? term.nodes : [term]).map((one) => chosenValue(one, name));
  return values.every((value) => value !== undefined) ? values : undefined;
}

function chosenValue(node: QueryNode, name: string): string | undefined {
  if (node.kind !== 'field' || node.name !== name || node.form !== 'plain') {
    return undefined;
  }
  if (name === 'level') {
    return node.operator === '=' || node.operator === ':' ? (levelOfValue(node.value) ?? node.value) : undefined;
  }
  return node.operator === '=' ? node.value : undefined;
}

function toggle(set: Set<string>, value: string): void {
  if (!set.delete(value)) {
    set.add(value);
  }
}
