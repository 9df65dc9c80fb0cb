// Queries and events at random, and what a query means for an event, written down as plainly as can be.
import fc from 'fast-check';
import type { FieldNode, QueryNode } from '../../../src/live/query/ast.ts';
import type { Subject } from '../../../src/live/query/compile.ts';
import { type Level, levels } from '../../../src/live/query/levels.ts';

export interface Sample {
  readonly text: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly level: Level | undefined;
}

export function subjectOf({ text, fields, level }: Sample): Subject {
  return {
    text: () => text,
    folded: () => text.toLowerCase(),
    field: (name) => (Object.hasOwn(fields, name) ? fields[name] : undefined),
    level: () => level,
    time: () => 0,
  };
}

/** Units and exponents are held against examples: the model does not know them. */
const hasUnit = (text: string) => /^\s*[+-]?[\d.]+\s*[a-zµ%]/i.test(text);
const place = { offset: 0, length: 0 };
const word = fc.oneof(
  fc.constantFrom(
    'a',
    'B',
    'ab',
    'OR',
    'AND',
    'NOT',
    '-',
    '-a',
    '(',
    ')',
    'f(x)',
    'a b',
    '"',
    '\\',
    '/a/',
    '/a',
    'a:b',
    'é',
    '*',
    '日本',
  ),
  fc.string({ minLength: 1, maxLength: 6 }).filter((text) => !hasUnit(text)),
);
const name = fc.oneof(fc.constantFrom('x', 'y', 'a.b', 'odd name', 'q"'), fc.string({ minLength: 1, maxLength: 4 }));
const plainField = fc.record({
  kind: fc.constant('field' as const),
  name,
  operator: fc.constantFrom(':' as const, '=' as const, '>=' as const, '<=' as const, '>' as const, '<' as const),
  value: fc.oneof(word, fc.integer({ min: -3, max: 12 }).map(String), fc.constant('')),
  form: fc.constant('plain' as const),
  flags: fc.constant(''),
});
const globField = fc.record({
  kind: fc.constant('field' as const),
  name: fc.constantFrom('x', 'y'),
  operator: fc.constant(':' as const),
  value: fc.constantFrom('*', 'a*', '*b', 'a*b*', 'A*'),
  form: fc.constant('glob' as const),
  flags: fc.constant(''),
});
const levelField = fc.record({
  kind: fc.constant('field' as const),
  name: fc.constant('level'),
  operator: fc.constantFrom('=' as const, '>=' as const, '<=' as const, '>' as const, '<' as const),
  value: fc.constantFrom(...levels),
  form: fc.constant('plain' as const),
  flags: fc.constant(''),
});
const regex = fc.record({
  kind: fc.constant('regex' as const),
  source: fc.constantFrom('a', 'a+b', '^a', '[ab]c', 'b$', 'a|c', '\\/'),
  flags: fc.constantFrom('', 'i'),
});
const own = ['container', 'level', 'tag', 'source', 'feed', 'label', 'from', 'since'];
const leaf = fc
  .oneof(fc.record({ kind: fc.constant('text' as const), text: word }), plainField, globField, levelField, regex)
  .filter((node) => node.kind !== 'field' || node.form !== 'plain' || node.name === 'level' || !own.includes(node.name))
  .map((node): QueryNode => ({ ...node, ...place }));

/** Trees as the parser makes them: no and in an and, no or in an or. */
export const anyQuery: fc.Arbitrary<QueryNode> = fc.letrec<{ node: QueryNode }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    tie('node').map((node): QueryNode => ({ kind: 'not', node, ...place })),
    fc.tuple(fc.constantFrom('and' as const, 'or' as const), fc.array(tie('node'), { minLength: 2, maxLength: 3 })).map(
      ([kind, nodes]): QueryNode => ({
        kind,
        nodes: nodes.flatMap((one) => (one.kind === kind ? one.nodes : [one])),
        ...place,
      }),
    ),
  ),
})).node;

export const anySample: fc.Arbitrary<Sample> = fc.record({
  text: fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('ab', 'aAb', 'a b', 'x:a', 'c\nab', 'f(x)')),
  fields: fc.dictionary(fc.constantFrom('x', 'y', 'a.b'), fc.oneof(word, fc.integer({ min: -3, max: 12 }).map(String))),
  level: fc.option(fc.constantFrom(...levels), { nil: undefined }),
});

/** What the query means, without any cleverness. */
export function naive(node: QueryNode | undefined, sample: Sample): boolean {
  if (node === undefined) {
    return true;
  }
  switch (node.kind) {
    case 'text':
      return has(sample.text, node.text);
    case 'regex':
      return new RegExp(node.source, `m${node.flags}`).test(sample.text);
    case 'not':
      return !naive(node.node, sample);
    case 'and':
      return node.nodes.every((one) => naive(one, sample));
    case 'or':
      return node.nodes.some((one) => naive(one, sample));
    default:
      return node.name === 'level' ? naiveLevel(node, sample.level) : naiveField(node, sample);
  }
}

const cased = (text: string, like: string) => (like === like.toLowerCase() ? text.toLowerCase() : text);
const has = (text: string, wanted: string) => cased(text, wanted).includes(wanted);

function naiveLevel({ operator, value }: FieldNode, level: Level | undefined): boolean {
  const rank = (one: string | undefined) => ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].indexOf(one ?? '');
  return level !== undefined && naiveOrder(operator, rank(level) - rank(value));
}

function naiveOrder(operator: string, order: number): boolean {
  return (
    { ':': order === 0, '=': order === 0, '>=': order >= 0, '<=': order <= 0, '>': order > 0, '<': order < 0 }[
      operator
    ] ?? false
  );
}

function naiveField({ name: field, operator, value, form }: FieldNode, { fields, text }: Sample): boolean {
  const own = Object.hasOwn(fields, field) ? fields[field] : undefined;
  if (own === undefined) {
    return form === 'plain' && (operator === ':' || operator === '=') && has(text, `${field}${operator}${value}`);
  }
  if (form === 'glob') {
    const source = value
      .split('*')
      .map((part) => part.replace(/[^\w]/g, '\\$&'))
      .join('[^]*');
    return new RegExp(`^${source}$`).test(cased(own, value));
  }
  if (operator === ':') {
    return has(own, value);
  }
  if (operator === '=') {
    return own.length === value.length && cased(own, value) === value;
  }
  const number = (one: string) => (/^\s*[+-]?(\d+\.?\d*|\.\d+)\s*$/.test(one) ? Number(one) : undefined);
  const wanted = number(value);
  const given = number(own);
  if (wanted !== undefined) {
    return given !== undefined && naiveOrder(operator, given - wanted);
  }
  return naiveOrder(operator, own < value ? -1 : own > value ? 1 : 0);
}

/** Without where things stand. */
export function bare(node: QueryNode | undefined): unknown {
  return JSON.parse(
    JSON.stringify(node ?? null, (key, value: unknown) => (key === 'offset' || key === 'length' ? undefined : value)),
  );
}
