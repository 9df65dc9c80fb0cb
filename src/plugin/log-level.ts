// How serious a line is, as far as it says: from a field that holds a level, or from the words in the text.

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

const words: readonly (readonly [LogLevel, string])[] = [
  ['fatal', 'fatal panic emerg emergency crit critical alert'],
  ['error', 'error err eror severe'],
  ['warn', 'warn warning'],
  ['info', 'info information informational notice'],
  ['debug', 'debug dbug fine'],
  ['trace', 'trace verbose finer finest'],
];

const levels: ReadonlyMap<string, LogLevel> = new Map(
  words.flatMap(([level, names]) => names.split(' ').map((name) => [name, level] as const)),
);

/** The level that a field's text names. */
export function levelOfWord(word: string): LogLevel | undefined {
  return levels.get(word.trim().toLowerCase());
}

/** The level that a number means: 10 to 60 as pino and bunyan count, 0 to 7 as syslog does. */
export function levelOfNumber(value: number): LogLevel | undefined {
  if (value >= 10 && value <= 60) {
    return (['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const)[Math.floor(value / 10) - 1];
  }
  const syslog = ['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug'] as const;
  return Number.isInteger(value) ? syslog[value] : undefined;
}

const names = [...levels.keys()].sort((a, b) => b.length - a.length).join('|');
/** `level=warn`, `"level":"warn"`, `[warn]`, `<warn>`, `warn:`, in any case; or a word in capitals. */
const named = new RegExp(
  `(?:\\b(?:level|lvl|severity)["']?\\s{0,2}[=:]\\s{0,2}["']?|[\\[<(])(${names})\\b|^\\s{0,8}(${names}):`,
  'i',
);
const capitals = new RegExp(`\\b(${names.toUpperCase()})\\b`);

/** The level that a line of text names near its beginning. */
export function levelOfText(text: string): LogLevel | undefined {
  const match = named.exec(text) ?? capitals.exec(text);
  return match === null ? undefined : levelOfWord(match[1] ?? match[2] ?? '');
}
