// What every section may say about itself, whoever reads it: `@type`, `@id`, `@label`, `@log_level`; and what is wrong where it names no plug-in.
import { shorten } from './converted.ts';
import type { Element, Position } from './element.ts';
import { insteadOf } from './instead.ts';
import { type LogLevel, logLevels } from './log-levels.ts';
import { suggestion } from './nearest.ts';
import type { Problem, Report } from './problem.ts';

/** What every section may say about itself, whoever reads it. */
export const reserved: ReadonlySet<string> = new Set(['@type', '@id', '@label', '@log_level']);
/** The same, in the spelling of Fluentd's first years. */
export const outdated: ReadonlyMap<string, string> = new Map([
  ['type', '@type'],
  ['id', '@id'],
  ['log_level', '@log_level'],
]);

/** `@type` or `@id`, or its old spelling without @; undefined where there is neither. */
export function reservedValue(element: Element, name: '@type' | '@id'): string | undefined {
  const value = (element.attributes.get(name) ?? element.attributes.get(name.slice(1)))?.value;
  return typeof value === 'string' ? value : undefined;
}

/** `@log_level`; undefined where there is none, or none that is known, which is reported. */
export function readLogLevel(element: Element, report: Report): LogLevel | undefined {
  const found = element.attributes.get('@log_level') ?? element.attributes.get('log_level');
  if (found === undefined || typeof found.value !== 'string') {
    return undefined;
  }
  const level = logLevels.find((one) => one === found.value);
  if (level === undefined) {
    report({
      code: 'CONFIG_VALUE_INVALID',
      severity: 'error',
      at: found.valueAt,
      text: `@log_level: "${shorten(found.value)}" is no level.`,
      hint: suggestion(found.value, logLevels, ''),
    });
  }
  return level;
}

/** Where a section says its type. */
export function typePlace(element: Element): Position {
  return (element.attributes.get('@type') ?? element.attributes.get('type'))?.valueAt ?? element.at;
}

/** The problem that a section names no plug-in. */
export function missingType(element: Element, kind: string, known: readonly string[]): Problem {
  return {
    code: 'CONFIG_TYPE_MISSING',
    severity: 'error',
    at: element.at,
    text: `The section <${element.name}> has no @type.`,
    hint: suggestion('', known, `No plug-in of the kind ${kind} is installed.`),
  };
}

/** The problem that no plug-in of a kind has this type. */
export function unknownType(kind: string, type: string, at: Position, known: readonly string[]): Problem {
  return {
    code: 'CONFIG_UNKNOWN_TYPE',
    severity: 'error',
    at,
    text: `There is no ${kind} of type "${type}".`,
    hint: insteadOf(kind, type) ?? suggestion(type, known, `No plug-in of the kind ${kind} is installed.`),
  };
}
