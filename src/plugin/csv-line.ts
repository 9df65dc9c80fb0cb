// One line of comma separated values, as Ruby's CSV reads it.
import type { ParseFault } from './parser.ts';

type CsvValue = string | null;

/**
 * The values of the first line: an empty one is null, one in quotes never. PARSE_UNMATCHED where there is no line, PARSE_MALFORMED where quotes
 * stand at odd places, which `lax` takes as they are.
 */
export function readCsvLine(text: string, delimiter: string, lax: boolean): readonly CsvValue[] | ParseFault {
  if (text === '') {
    return lax ? [] : 'PARSE_UNMATCHED';
  }
  const values: CsvValue[] = [];
  for (let at = 0; ; at += delimiter.length) {
    const quoted = text[at] === '"' ? endOfQuoted(text, at) : undefined;
    if (quoted !== undefined && (endsValue(text, quoted, delimiter) || !lax)) {
      if (!endsValue(text, quoted, delimiter)) {
        return 'PARSE_MALFORMED';
      }
      values.push(text.slice(at + 1, quoted - 1).replaceAll('""', '"'));
      at = quoted;
    } else {
      const end = endOfPlain(text, at, delimiter);
      const value = text.slice(at, end);
      if (value.includes('"') && !lax) {
        return 'PARSE_MALFORMED';
      }
      values.push(value === '' ? null : value);
      at = end;
    }
    if (!text.startsWith(delimiter, at)) {
      return values;
    }
  }
}

/** Behind the closing quote; undefined where there is none. */
function endOfQuoted(text: string, start: number): number | undefined {
  for (let at = start + 1; ; at += 2) {
    at = text.indexOf('"', at);
    if (at < 0) {
      return undefined;
    }
    if (text[at + 1] !== '"') {
      return at + 1;
    }
  }
}

function endsValue(text: string, at: number, delimiter: string): boolean {
  return at >= text.length || text.startsWith(delimiter, at) || text[at] === '\n' || text[at] === '\r';
}

function endOfPlain(text: string, start: number, delimiter: string): number {
  let at = start;
  while (!endsValue(text, at, delimiter)) {
    at++;
  }
  return at;
}
