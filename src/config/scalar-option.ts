// One option with one value: from its attribute, or its default. What converts texts is values.ts.
import { type Attribute, type Element, useDefault } from './element.ts';
import type { Option } from './options.ts';
import type { Report } from './problem.ts';
import { convert } from './values.ts';

export interface ScalarSource {
  readonly attribute: Attribute | undefined;
  /** Where the option is missing, if it is. */
  readonly element: Element;
  readonly strict: boolean;
  readonly report: Report;
}

/** The value; undefined where there is none, or where an error was reported. */
export function readScalar(name: string, option: Option<unknown>, source: ScalarSource): unknown {
  const { attribute, element, report } = source;
  if (attribute === undefined) {
    if (option.required === true) {
      report({
        code: 'CONFIG_OPTION_REQUIRED',
        severity: 'error',
        at: element.at,
        text: `The option ${name} is missing in <${element.name}>.`,
        hint: `Add it: ${name} ${example(option)}.`,
      });
    }
    return defaultOf(name, option);
  }
  const { value, valueAt } = attribute;
  if (value === useDefault) {
    if (option.required === true) {
      report({
        code: 'CONFIG_NO_DEFAULT',
        severity: 'error',
        at: valueAt,
        text: `The option ${name} has no default that use_default could mean.`,
        hint: 'Give a value instead.',
      });
    }
    return defaultOf(name, option);
  }
  if (value === null) {
    return nil(name, option, source, valueAt);
  }
  const converted = convert(option.type as Parameters<typeof convert>[0], value, {
    strict: source.strict,
    values: option.values ?? [],
  });
  const said = converted.fault ?? converted.doubt;
  if (said !== undefined) {
    const refused = converted.value === null && (converted.fault !== undefined || needsValue(option));
    report({
      code: refused ? 'CONFIG_VALUE_INVALID' : 'CONFIG_VALUE_DOUBTFUL',
      severity: refused ? 'error' : 'warning',
      at: valueAt,
      text: option.secret === true ? `The value of ${name} cannot be used.` : `${name}: ${said}.`,
      hint: converted.hint ?? 'Check the value.',
    });
  }
  if (said === undefined) {
    const wrong = option.invalid?.(converted.value as never);
    if (wrong !== undefined) {
      report({
        code: 'CONFIG_VALUE_INVALID',
        severity: 'error',
        at: valueAt,
        text: option.secret === true ? `The value of ${name} cannot be used.` : `${name}: ${wrong.fault}.`,
        hint: `${wrong.hint}.`,
      });
      return undefined;
    }
  }
  return converted.value ?? undefined;
}

function nil(name: string, option: Option<unknown>, source: ScalarSource, at: Attribute['valueAt']): undefined {
  if (needsValue(option)) {
    source.report({
      code: 'CONFIG_OPTION_NIL',
      severity: 'error',
      at,
      text: `The option ${name} needs a value, and use_nil gives it none.`,
      hint:
        option.default === undefined
          ? 'Give a value; where it comes from the environment, set the variable.'
          : 'Write use_default for its default, or give a value.',
    });
  }
  return undefined;
}

function needsValue(option: Option<unknown>): boolean {
  return option.required === true || option.default !== undefined;
}

/** A default is part of the program: one that cannot be read is a mistake in it. */
function defaultOf(name: string, option: Option<unknown>): unknown {
  if (option.default === undefined) {
    return undefined;
  }
  const { value, fault } = convert(option.type as Parameters<typeof convert>[0], option.default, {
    strict: true,
    values: option.values ?? [],
  });
  if (fault !== undefined || value === null) {
    throw new TypeError(`The default of the option ${name} is invalid: ${fault ?? option.default}`);
  }
  return value;
}

function example(option: Option<unknown>): string {
  return examples[option.type] ?? option.values?.[0] ?? 'VALUE';
}

const examples: Readonly<Partial<Record<Option<unknown>['type'], string>>> = {
  integer: '1',
  float: '1.5',
  size: '8m',
  time: '60s',
  bool: 'true',
  regexp: '/^a/',
};
