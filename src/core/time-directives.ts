// The directives of Ruby's Time#strftime (https://docs.ruby-lang.org/en/3.1/strftime_formatting_rdoc.html): flags, width, letter.
// What Ruby does not know stays in the text as it is.

/** A moment, taken apart in its zone. */
export interface Moment {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly sec: bigint;
  /** Seconds east of UTC. */
  readonly offset: number;
  zoneName(): string;
}

/** A piece of a compiled format. */
export interface Directive {
  /** Digits of the fraction of a second that stand here; 0 where it is something else, which `write` writes. */
  readonly fraction: number;
  /** Where the seconds of the minute are in it: in two digits at its end, in other ways, or not at all. */
  readonly seconds: 'digits' | 'other' | 'none';
  write(moment: Moment): string;
}

interface Spec {
  readonly flags: string;
  readonly width: number | undefined;
  readonly colons: number;
}

/** Takes a format apart. */
export function compile(format: string): Directive[] {
  const directives: Directive[] = [];
  const directive = /%([-0^#_]*)(\d{0,4})(:{0,3})([A-Za-z%+])/g;
  let end = 0;
  for (const match of format.matchAll(directive)) {
    const [whole, flags = '', digits = '', colons = '', letter = ''] = match;
    const spec = { flags, width: digits === '' ? undefined : Number(digits), colons: colons.length };
    const made = directiveOf(letter, spec, whole);
    if (match.index > end) {
      directives.push(literal(format.slice(end, match.index)));
    }
    directives.push(made);
    end = match.index + whole.length;
  }
  if (end < format.length) {
    directives.push(literal(format.slice(end)));
  }
  return directives;
}

/** Fills up on the left to `width`; the sign of a number stays in front. */
export function pad(text: string, width: number, fill = '0'): string {
  if (text.startsWith('-') && fill === '0') {
    return `-${text.slice(1).padStart(width - 1, fill)}`;
  }
  return text.padStart(width, fill);
}

function literal(text: string): Directive {
  return { fraction: 0, seconds: 'none', write: () => text };
}

function directiveOf(letter: string, spec: Spec, whole: string): Directive {
  if (letter === 'N' || letter === 'L') {
    return { fraction: spec.width || (letter === 'N' ? 9 : 3), seconds: 'none', write: () => '' };
  }
  if (letter === 'z') {
    return { fraction: 0, seconds: 'none', write: (moment) => offsetText(moment.offset, spec) };
  }
  const number = numbers[letter];
  if (spec.colons > 0 || letter === 'O' || letter === 'E') {
    return literal(whole);
  }
  if (number !== undefined) {
    return {
      fraction: 0,
      seconds: secondsOf(letter, spec),
      write: (moment) => numberText(String(number.value(moment)), number.width, number.fill, spec),
    };
  }
  const text = texts[letter];
  if (text === undefined) {
    return literal(whole);
  }
  return { fraction: 0, seconds: secondsOf(letter, spec), write: (moment) => flagged(text(moment), spec) };
}

function secondsOf(letter: string, { flags, width }: Spec): Directive['seconds'] {
  if (!'SsTXcr+'.includes(letter)) {
    return 'none';
  }
  return 'STX'.includes(letter) && flags === '' && width === undefined ? 'digits' : 'other';
}

function numberText(text: string, width: number, fill: string, spec: Spec): string {
  if (spec.flags.includes('-')) {
    return text;
  }
  const chosen = spec.flags.includes('_') ? ' ' : spec.flags.includes('0') ? '0' : fill;
  return pad(text, spec.width ?? (text.startsWith('-') ? width + 1 : width), chosen);
}

function flagged(text: string, spec: Spec): string {
  let out = text;
  if (spec.flags.includes('^')) {
    out = out.toUpperCase();
  } else if (spec.flags.includes('#')) {
    out = out === out.toUpperCase() ? out.toLowerCase() : out.toUpperCase();
  }
  return spec.width === undefined ? out : out.padStart(spec.width, spec.flags.includes('0') ? '0' : ' ');
}

function offsetText(offset: number, spec: Spec): string {
  const sign = offset < 0 ? '-' : '+';
  const absolute = Math.abs(offset);
  const [hours, minutes, seconds] = [absolute / 3600, (absolute / 60) % 60, absolute % 60].map((part) =>
    String(Math.floor(part)).padStart(2, '0'),
  ) as [string, string, string];
  const body =
    spec.colons === 0
      ? hours + minutes
      : spec.colons === 1
        ? `${hours}:${minutes}`
        : spec.colons === 2
          ? `${hours}:${minutes}:${seconds}`
          : seconds !== '00'
            ? `${hours}:${minutes}:${seconds}`
            : minutes !== '00'
              ? `${hours}:${minutes}`
              : hours;
  return sign + body.padStart((spec.width ?? 0) - 1, '0');
}

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
];

const hour12 = (moment: Moment) => moment.hour % 12 || 12;
const two = (value: number) => String(value).padStart(2, '0');
const year = (moment: Moment) => pad(String(moment.year), moment.year < 0 ? 5 : 4);
const time = (moment: Moment) => `${two(moment.hour)}:${two(moment.minute)}:${two(moment.second)}`;
const day = (moment: Moment) => `${two(moment.month)}/${two(moment.day)}/${two(modulo(moment.year, 100))}`;
const weekday = (moment: Moment) => weekdays[moment.weekday] as string;
const month = (moment: Moment) => months[moment.month - 1] as string;
const half = (moment: Moment) => (moment.hour < 12 ? 'AM' : 'PM');
const date = (moment: Moment, fill: string) =>
  `${weekday(moment).slice(0, 3)} ${month(moment).slice(0, 3)} ${String(moment.day).padStart(2, fill)} ${time(moment)}`;

const texts: Readonly<Record<string, (moment: Moment) => string>> = {
  A: weekday,
  a: (moment) => weekday(moment).slice(0, 3),
  B: month,
  b: (moment) => month(moment).slice(0, 3),
  h: (moment) => month(moment).slice(0, 3),
  P: (moment) => half(moment).toLowerCase(),
  p: half,
  Z: (moment) => moment.zoneName(),
  c: (moment) => `${date(moment, ' ')} ${year(moment)}`,
  '+': (moment) => `${date(moment, ' ')} ${moment.zoneName()} ${year(moment)}`,
  D: day,
  x: day,
  F: (moment) => `${year(moment)}-${two(moment.month)}-${two(moment.day)}`,
  v: (moment) => `${String(moment.day).padStart(2)}-${month(moment).slice(0, 3).toUpperCase()}-${year(moment)}`,
  X: time,
  T: time,
  R: (moment) => `${two(moment.hour)}:${two(moment.minute)}`,
  r: (moment) => `${two(hour12(moment))}:${two(moment.minute)}:${two(moment.second)} ${half(moment)}`,
  n: () => '\n',
  t: () => '\t',
  '%': () => '%',
};

interface NumberDirective {
  readonly width: number;
  readonly fill: string;
  value(moment: Moment): number | bigint;
}

const zeros = (width: number, value: (moment: Moment) => number | bigint): NumberDirective => ({
  width,
  fill: '0',
  value,
});
const spaces = (width: number, value: (moment: Moment) => number): NumberDirective => ({ width, fill: ' ', value });

const numbers: Readonly<Record<string, NumberDirective>> = {
  Y: { width: 4, fill: '0', value: (moment) => moment.year },
  C: zeros(2, (moment) => Math.floor(moment.year / 100)),
  y: zeros(2, (moment) => modulo(moment.year, 100)),
  m: zeros(2, (moment) => moment.month),
  d: zeros(2, (moment) => moment.day),
  e: spaces(2, (moment) => moment.day),
  j: zeros(3, (moment) => dayOfYear(moment) + 1),
  H: zeros(2, (moment) => moment.hour),
  k: spaces(2, (moment) => moment.hour),
  I: zeros(2, hour12),
  l: spaces(2, hour12),
  M: zeros(2, (moment) => moment.minute),
  S: zeros(2, (moment) => moment.second),
  s: zeros(1, (moment) => moment.sec),
  u: zeros(1, (moment) => moment.weekday || 7),
  w: zeros(1, (moment) => moment.weekday),
  U: zeros(2, (moment) => Math.floor((dayOfYear(moment) + 7 - moment.weekday) / 7)),
  W: zeros(2, (moment) => Math.floor((dayOfYear(moment) + 7 - ((moment.weekday + 6) % 7)) / 7)),
  V: zeros(2, (moment) => isoWeek(moment)[1]),
  G: zeros(4, (moment) => isoWeek(moment)[0]),
  g: zeros(2, (moment) => modulo(isoWeek(moment)[0], 100)),
};

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}

function isLeap(value: number): boolean {
  return value % 4 === 0 && (value % 100 !== 0 || value % 400 === 0);
}

function dayOfYear(moment: Moment): number {
  const before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][moment.month - 1] as number;
  return before + moment.day - 1 + (moment.month > 2 && isLeap(moment.year) ? 1 : 0);
}

/** Year and week as ISO 8601 counts them: weeks begin on Monday, the first has the year's first Thursday. */
function isoWeek(moment: Moment): [number, number] {
  const mondayBased = (moment.weekday + 6) % 7;
  const week = Math.floor((dayOfYear(moment) - mondayBased + 10) / 7);
  if (week < 1) {
    return [moment.year - 1, weeksIn(moment.year - 1)];
  }
  return week > weeksIn(moment.year) ? [moment.year + 1, 1] : [moment.year, week];
}

function weeksIn(value: number): number {
  const lastDay = (of: number) => modulo(of + Math.floor(of / 4) - Math.floor(of / 100) + Math.floor(of / 400), 7);
  return lastDay(value) === 4 || lastDay(value - 1) === 3 ? 53 : 52;
}
