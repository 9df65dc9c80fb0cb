// Options that several formatters share, and what they come to: the end of the line, how a time is written and in which zone.
import { shorten } from '../config/converted.ts';
import type { Element } from '../config/element.ts';
import { type Options, p } from '../config/options.ts';
import type { Report } from '../config/problem.ts';
import { ForebayError } from '../core/errors.ts';
import { localZone, parseZone, utcZone, type Zone } from '../core/zone.ts';

export const addNewline = p.bool({ desc: 'A newline behind each event.', default: 'true' });

/** How a time is written, as Fluentd's time parameters. */
export const timeOptions = {
  time_format: p.string({ desc: 'How the time is written, as strftime; ISO 8601 without it.' }),
  localtime: p.bool({ desc: 'Local time (the default); false is UTC.' }),
  utc: p.bool({ desc: 'UTC instead of local time.' }),
  timezone: p.string({
    desc: 'A time zone: +09:00, +0900, +09 or Region/City.',
    invalid: zoneFault,
  }),
} satisfies Options;

/** What is wrong with the text of a time zone. */
export function zoneFault(text: string): { readonly fault: string; readonly hint: string } | undefined {
  return parseZone(text) === undefined
    ? { fault: `there is no time zone "${shorten(text)}"`, hint: 'Write +09:00, +0900, +09 or Region/City' }
    : undefined;
}

/** Reports what making a formatter would throw: an option that is missing, or that does not go with the others. */
export function reportThrown(element: Element, report: Report, make: () => unknown): void {
  try {
    make();
  } catch (error) {
    if (!(error instanceof ForebayError)) {
      throw error;
    }
    const option = String(error.fields['option'] ?? '');
    const missing = error.code === 'CONFIG_MISSING_OPTION';
    report({
      code: missing ? 'CONFIG_OPTION_REQUIRED' : 'CONFIG_VALUE_INVALID',
      severity: 'error',
      at: element.attributes.get(option)?.valueAt ?? element.at,
      text: missing ? `The option ${option} is missing in <${element.name}>.` : error.message,
      hint: missing ? `Add ${option} with the names of the fields.` : 'Change or remove it.',
    });
  }
}

interface ZoneValues {
  readonly localtime?: boolean | undefined;
  readonly utc?: boolean | undefined;
  readonly timezone?: string | undefined;
}

/** The zone that these options choose. Throws CONFIG_INVALID_VALUE where they contradict each other or name no zone. */
export function zoneOf(options: ZoneValues): Zone {
  const { localtime, utc, timezone } = options;
  if (localtime !== undefined && utc !== undefined && localtime === utc) {
    throw new ForebayError('CONFIG_INVALID_VALUE', {
      option: 'utc',
      value: utc,
      reason: `localtime is ${localtime} too; use only one of them`,
    });
  }
  if (timezone !== undefined) {
    const zone = parseZone(timezone);
    if (zone === undefined) {
      throw new ForebayError('CONFIG_INVALID_VALUE', {
        option: 'timezone',
        value: timezone,
        reason: 'a time zone is +09:00, +0900, +09 or Region/City; abbreviations are not taken',
      });
    }
    return zone;
  }
  return (localtime ?? !utc) ? localZone() : utcZone;
}
