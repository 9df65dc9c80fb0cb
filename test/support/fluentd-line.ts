// Takes a line of the stdout output's default form apart: `2021-01-06 02:48:28.000000000 +0000 tag: {"json":"record"}`.

export interface FluentdLine {
  /** `YYYY-MM-DD HH:MM:SS.nnnnnnnnn` */
  readonly time: string;
  readonly zone: string;
  readonly tag: string;
  readonly json: string;
  readonly record: Record<string, unknown>;
}

const form = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9}) ([+-]\d{4}) (\S*): (\{.*\})$/s;

/** Throws where the line is not of that form. */
export function parseFluentdLine(line: string): FluentdLine {
  const match = form.exec(line);
  const [, time, zone, tag, json] = match ?? [];
  if (time === undefined || zone === undefined || tag === undefined || json === undefined) {
    throw new Error(`not a line of the stdout output's form: ${line.slice(0, 400)}`);
  }
  return { time, zone, tag, json, record: JSON.parse(json) as Record<string, unknown> };
}
