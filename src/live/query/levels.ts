// How serious a line is, as far as it says: from a field that holds a level, or from the words near its beginning.

export const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type Level = (typeof levels)[number];

/** A number for a level: 0 where there is none, then from trace to fatal. */
export function levelNumber(level: Level | undefined): number {
  return level === undefined ? 0 : levels.length - levels.indexOf(level);
}

/** What a row shows for a level. */
export const levelMarks: Readonly<Record<Level, string>> = {
  fatal: 'FTL',
  error: 'ERR',
  warn: 'WRN',
  info: 'INF',
  debug: 'DBG',
  trace: 'TRC',
};

export const levelFields: readonly string[] = ['level', 'severity', 'lvl', 'loglevel', 'priority'];

const words: Readonly<Record<Level, string>> = {
  fatal: 'fatal panic emerg emergency crit critical alert',
  error: 'error err eror severe',
  warn: 'warn warning',
  info: 'info information informational notice',
  debug: 'debug dbug fine',
  trace: 'trace verbose finer finest',
};

const levelOf: ReadonlyMap<string, Level> = new Map(
  levels.flatMap((level) => words[level].split(' ').map((word) => [word, level] as const)),
);

/** The level that a field's value means: a word, or a number as pino and bunyan (10 to 60) or syslog (0 to 7) count. */
export function levelOfValue(value: string): Level | undefined {
  const word = value.trim().toLowerCase();
  return /^\d{1,2}$/.test(word) ? levelOfNumber(Number(word)) : levelOf.get(word);
}

const counted = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
const syslog = ['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug'] as const;

function levelOfNumber(value: number): Level | undefined {
  return value >= 10 ? counted[Math.floor(value / 10) - 1] : syslog[value];
}

const space = '[\\t-\\r ]';
const names = [...levelOf.keys()].sort((a, b) => b.length - a.length).join('|');
/** `level=warn`, `"level":"warn"`, `[warn]`, `<warn>`, `warn:`, in any case. */
const named = new RegExp(
  `(?:\\b(?:level|lvl|severity)["']?${space}{0,2}[=:]${space}{0,2}["']?|[\\[<(])(${names})\\b|^${space}{0,8}(${names}):`,
  'i',
);
const capitals = new RegExp(`\\b(${names.toUpperCase()})\\b`);
/** Words further in than this are what a line talks about, not what it is. */
const near = 160;

/** The level that a line of text names near its beginning. */
export function levelOfText(text: string): Level | undefined {
  const head = text.length > near ? text.slice(0, near) : text;
  const match = named.exec(head) ?? capitals.exec(head);
  return match === null ? undefined : levelOf.get((match[1] ?? match[2] ?? '').toLowerCase());
}
