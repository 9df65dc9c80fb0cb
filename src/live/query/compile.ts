// What a query means for an event. Compiled once, asked for each event; the event is read no further than the answer needs: terms that cost
// little come first.
import type { FieldNode, QueryNode } from './ast.ts';
import { comparer } from './compare.ts';
import { isOwnField, noLevel } from './fields.ts';
import { globOf, tagGlobOf } from './glob.ts';
import { type Level, levelOfValue, levels } from './levels.ts';
import { Pattern } from './pattern.ts';
import { parseSince } from './since.ts';

/** An event, as far as it is asked for. */
export interface Subject {
  /** What words are looked for in: what a row shows of the event, all of its line. */
  text(): string;
  /** The same in lower case. */
  folded(): string;
  /** A field's value as text; undefined where the event has no such field. */
  field(name: string): string | undefined;
  level(): Level | undefined;
  /** Ms since the epoch. */
  time(): number;
}

type Test = (subject: Subject) => boolean;

interface Term {
  readonly test: Test;
  /** About how much reading it takes. */
  readonly cost: number;
}

const costs = { time: 0, own: 1, level: 4, field: 5, text: 10, regex: 20 };
/** Regular expressions look at the beginning of a text only. */
const longestMatched = 256 * 1024;

export class Query {
  readonly node: QueryNode | undefined;
  readonly #test: Test;

  /** `now`, ms since the epoch, is what `since:15m` counts back from. */
  constructor(node: QueryNode | undefined, now: number) {
    this.node = node;
    this.#test = node === undefined ? () => true : compile(node, now).test;
  }

  accepts(subject: Subject): boolean {
    return this.#test(subject);
  }
}

function compile(node: QueryNode, now: number): Term {
  switch (node.kind) {
    case 'text':
      return { test: contains(node.text), cost: costs.text };
    case 'regex': {
      const matches = matcher(node.source, node.flags);
      return { test: (subject) => matches(subject.text()), cost: costs.regex };
    }
    case 'field':
      return compileField(node, now);
    case 'not': {
      const { test, cost } = compile(node.node, now);
      return { test: (subject) => !test(subject), cost };
    }
    default: {
      const terms = node.nodes.map((one) => compile(one, now)).sort((a, b) => a.cost - b.cost);
      const tests = terms.map(({ test }) => test);
      const cost = terms.reduce((sum, one) => sum + one.cost, 0);
      return { test: node.kind === 'and' ? all(tests) : some(tests), cost };
    }
  }
}

function all(tests: readonly Test[]): Test {
  return (subject) => {
    for (const test of tests) {
      if (!test(subject)) {
        return false;
      }
    }
    return true;
  };
}

function some(tests: readonly Test[]): Test {
  return (subject) => {
    for (const test of tests) {
      if (test(subject)) {
        return true;
      }
    }
    return false;
  };
}

/** Case folds unless the word has upper case. */
export function folds(word: string): boolean {
  return word === word.toLowerCase();
}

function contains(word: string): Test {
  return folds(word) ? (subject) => subject.folded().includes(word) : (subject) => subject.text().includes(word);
}

function matcher(source: string, flags: string): (text: string) => boolean {
  const pattern = Pattern.parse(source, flags);
  return pattern instanceof Pattern
    ? (text) => pattern.test(text.length > longestMatched ? text.slice(0, longestMatched) : text)
    : () => false;
}

function compileField(node: FieldNode, now: number): Term {
  const { name } = node;
  if (name === 'since') {
    const limit = parseSince(node.value, now) ?? 0;
    return { test: (subject) => subject.time() >= limit, cost: costs.time };
  }
  if (name === 'until') {
    const limit = parseSince(node.value, now) ?? 0;
    return { test: (subject) => subject.time() < limit, cost: costs.time };
  }
  const holds = name === 'level' ? levelTest(node) : valueTest(node);
  if (name === 'level') {
    return { test: (subject) => holds(subject.level() ?? noLevel), cost: costs.level };
  }
  if (isOwnField(name)) {
    return { test: (subject) => isSo(subject.field(name), holds), cost: costs.own };
  }
  // Of `sha256:4f` and `user=7` in the text of a line that has no such field, the text itself is meant.
  const written = `${name}${node.operator}${node.value}`;
  const inText =
    (node.operator === ':' || node.operator === '=') && node.form === 'plain' ? contains(written) : undefined;
  return {
    test: (subject) => {
      const value = subject.field(name);
      return value === undefined ? inText?.(subject) === true : holds(value);
    },
    cost: costs.field,
  };
}

function isSo(value: string | undefined, holds: (value: string) => boolean): boolean {
  return value !== undefined && holds(value);
}

function levelTest({ operator, value, form, flags }: FieldNode): (level: string) => boolean {
  const wanted = levelOfValue(value) ?? noLevel;
  const rank = rankOf(wanted);
  if (form !== 'plain') {
    return form === 'regex' ? matcher(value, flags) : (globOf(value, true) ?? (() => false));
  }
  switch (operator) {
    case ':':
    case '=':
      return (level) => level === wanted;
    case '>=':
      return (level) => rankOf(level) >= rank;
    case '<=':
      return (level) => level !== noLevel && rankOf(level) <= rank;
    case '>':
      return (level) => rankOf(level) > rank;
    default:
      return (level) => level !== noLevel && rankOf(level) < rank;
  }
}

function rankOf(level: string): number {
  const at = (levels as readonly string[]).indexOf(level);
  return at < 0 ? 0 : levels.length - at;
}

function valueTest(node: FieldNode): (value: string) => boolean {
  const { operator, value, form, flags, name } = node;
  const fold = folds(value);
  if (form === 'regex') {
    return matcher(value, flags);
  }
  if (form === 'glob') {
    return remembered((name === 'tag' ? tagGlobOf(value) : globOf(value, fold)) ?? (() => false));
  }
  switch (operator) {
    case ':':
      return (own) => (fold ? own.toLowerCase() : own).includes(value);
    case '=':
      return (own) => own.length === value.length && (fold ? own.toLowerCase() : own) === value;
    default: {
      const compare = comparer(value);
      return (own) => {
        const order = compare(own);
        return order !== undefined && inOrder(operator, order);
      };
    }
  }
}

function inOrder(operator: FieldNode['operator'], order: number): boolean {
  switch (operator) {
    case '>=':
      return order >= 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    default:
      return order < 0;
  }
}

/** Events in a row are often of one container and one tag. */
function remembered(holds: (value: string) => boolean): (value: string) => boolean {
  let last: string | undefined;
  let answer = false;
  return (value) => {
    if (value !== last) {
      answer = holds(value);
      last = value;
    }
    return answer;
  };
}
