// The conditions of a grep filter: how they are written, what is wrong with them, and the tests that they come to.
import type { Element, Position } from '../config/element.ts';
import { type Options, p, type Values } from '../config/options.ts';
import type { Report } from '../config/problem.ts';
import { compileRubyRegexp } from '../config/ruby-regexp.ts';
import { parseFieldPath } from '../msgpack/view-field.ts';
import { type FieldPattern, FieldTest } from './field-test.ts';

const condition = {
  key: p.string({ desc: "The field, or the way to it: $.a.b, or $['a']['b'].", required: true }),
  pattern: p.regexp({ desc: 'The regular expression.', required: true }),
} satisfies Options;

const conditions = {
  regexp: p.sections({ desc: 'The field must match.', options: condition }),
  exclude: p.sections({ desc: 'The field must not match.', options: condition }),
} satisfies Options;

/** The same in the spelling of Fluentd's first years: `regexp1 KEY PATTERN`. */
const numbers = Array.from({ length: 20 }, (_, index) => index + 1);
const numbered = Object.fromEntries(
  (['regexp', 'exclude'] as const).flatMap((name) =>
    numbers.map((number) => [
      `${name}${number}`,
      p.string({ desc: 'A key, a blank, and a pattern.', deprecated: `Write a <${name}> section.` }),
    ]),
  ),
) as Options;

export const grepOptions = {
  ...numbered,
  ...conditions,
  and: p.sections({ desc: 'Conditions that have to hold all together.', options: conditions }),
  or: p.sections({ desc: 'Conditions of which one has to hold.', options: conditions }),
} satisfies Options;

/** An event is kept if all of `regexpAnd` match, one of `regexpOr`, not all of `excludeAnd`, and none of `excludeOr`. */
export interface GrepConditions {
  readonly regexpAnd: readonly FieldTest[];
  readonly regexpOr: readonly FieldTest[];
  readonly excludeAnd: readonly FieldTest[];
  readonly excludeOr: readonly FieldTest[];
}

/** Reports what is wrong with them, at its place in `element`. */
export function readConditions(
  options: Values<typeof grepOptions>,
  element?: Element,
  report: Report = () => undefined,
): GrepConditions {
  const reader = new ConditionReader(report);
  const named: Readonly<Record<string, unknown>> = options;
  for (const name of ['regexp', 'exclude'] as const) {
    for (const number of numbers) {
      const key = `${name}${number}`;
      reader.addNumbered(name, key, named[key], element?.attributes.get(key)?.valueAt);
    }
  }
  reader.addAll(options, element, { regexp: 'and', exclude: 'or' });
  for (const name of ['and', 'or'] as const) {
    const sections = element?.elements.filter((section) => section.name === name);
    for (const [index, group] of options[name].entries()) {
      reader.addGroup(name, group, sections?.[index]);
    }
  }
  return reader.conditions();
}

type Kind = 'regexp' | 'exclude';
type Way = 'and' | 'or';
type Group = Values<typeof conditions>;

class ConditionReader {
  readonly #report: Report;
  readonly #tests: Readonly<Record<Kind, Readonly<Record<Way, Map<string, FieldTest>>>>> = {
    regexp: { and: new Map(), or: new Map() },
    exclude: { and: new Map(), or: new Map() },
  };

  constructor(report: Report) {
    this.#report = report;
  }

  conditions(): GrepConditions {
    const { regexp, exclude } = this.#tests;
    return {
      regexpAnd: [...regexp.and.values()],
      regexpOr: [...regexp.or.values()],
      excludeAnd: [...exclude.and.values()],
      excludeOr: [...exclude.or.values()],
    };
  }

  addNumbered(kind: Kind, name: string, value: unknown, at: Position | undefined): void {
    if (typeof value !== 'string') {
      return;
    }
    const blank = value.indexOf(' ');
    if (blank < 0) {
      this.#error(at, 'CONFIG_VALUE_INVALID', `${name} holds no key and pattern.`, `Write ${name} KEY PATTERN.`);
      return;
    }
    const pattern = { source: value.slice(blank + 1), ignorecase: false, multiline: false };
    const compiled = compileRubyRegexp(pattern.source);
    if (!compiled.ok) {
      const text = `The regular expression of ${name} cannot be used: ${compiled.reason}.`;
      this.#error(at, 'CONFIG_VALUE_INVALID', text, 'Mend the expression; it is read as Ruby reads it.');
      return;
    }
    this.#add(kind, kind === 'regexp' ? 'and' : 'or', value.slice(0, blank), pattern, at);
  }

  addAll(group: Group, element: Element | undefined, ways: Readonly<Record<Kind, Way>>): void {
    for (const kind of ['regexp', 'exclude'] as const) {
      const sections = element?.elements.filter(({ name }) => name === kind);
      for (const [index, { key, pattern }] of group[kind].entries()) {
        const section = sections?.[index];
        this.#add(kind, ways[kind], key, pattern, section?.attributes.get('key')?.valueAt ?? section?.at);
      }
    }
  }

  addGroup(way: Way, group: Group, element: Element | undefined): void {
    if (group.regexp.length > 0 && group.exclude.length > 0) {
      this.#error(
        element?.at,
        'CONFIG_GREP_MIXED',
        `<regexp> and <exclude> do not go together in one <${way}>.`,
        `Write two <${way}> sections.`,
      );
    }
    this.addAll(group, element, { regexp: way, exclude: way });
  }

  #add(kind: Kind, way: Way, key: string, pattern: FieldPattern, at: Position | undefined): void {
    const tests = this.#tests[kind][way];
    const path = parseFieldPath(key);
    if (typeof path === 'string') {
      this.#error(at, 'CONFIG_FIELD_PATH', `The key cannot be used: ${path}.`, "Write $.a.b, or $['a']['b'].");
    } else if (tests.has(key)) {
      const text = `Two <${kind}> conditions that are joined by "${way}" have the key ${key}.`;
      this.#error(at, 'CONFIG_GREP_KEY_REPEATED', text, 'Put them into one pattern, or into a filter of its own.');
    } else {
      tests.set(key, new FieldTest(path, pattern));
    }
  }

  #error(at: Position | undefined, code: string, text: string, hint: string): void {
    if (at !== undefined) {
      this.#report({ code, severity: 'error', at, text, hint });
    }
  }
}
