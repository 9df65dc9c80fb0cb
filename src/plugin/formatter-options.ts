// Options that several formatters share, and what they come to: the end of the line, how a time is written and in which zone.
import { type Options, p } from '../config/options.ts';
import { ForebayError } from '../core/errors.ts';
import { localZone, parseZone, utcZone, type Zone } from '../core/zone.ts';

export const addNewline = p.bool({ desc: 'A newline behind each event.', default: 'true' });

/** How a time is written, as Fluentd's time parameters. */
export const timeOptions = {
  time_format: p.string({ desc: 'How the time is written, as strftime; ISO 8601 without it.' }),
  localtime: p.bool({ desc: 'Local time (the default); false is UTC.' }),
  utc: p.bool({ desc: 'UTC instead of local time.' }),
  timezone: p.string({ desc: 'A time zone: +09:00, +0900, +09 or Region/City.' }),
} satisfies Options;

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
