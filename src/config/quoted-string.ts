// Strings in quotes: `"…"` with escapes, embedded expressions and several lines, `'…'` with `\'` and `\\` only.
import { useDefault } from './element.ts';
import { type ExpressionValue, type Surroundings, scanExpression } from './expression.ts';
import type { Report } from './problem.ts';
import { NEWLINE, RETURN, type Scanner } from './scanner.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Takes what follows an opening `"`. An expression that gives nil or the default makes the whole string that. */
export function scanDoubleQuoted(scanner: Scanner, surroundings: Surroundings, report: Report): ExpressionValue {
  const opened = scanner.lastRead();
  const parts: ExpressionValue[] = [];
  let start = scanner.pos;
  const flush = () => {
    if (scanner.pos > start) {
      parts.push(scanner.text.slice(start, scanner.pos));
    }
  };
  for (;;) {
    const c = scanner.unit();
    if (c === QUOTE) {
      flush();
      scanner.pos++;
      return join(parts);
    }
    if (!Number.isNaN(c) && endsLine(scanner, scanner.pos + 1)) {
      // One character may stand before an end of line; a backslash there takes the end of line away.
      if (c === BACKSLASH) {
        flush();
        scanner.pos = Math.min(scanner.pos + 2, scanner.text.length);
        start = scanner.pos;
      } else {
        scanner.pos = Math.min(scanner.pos + 2, scanner.text.length);
      }
    } else if (c === BACKSLASH && scanner.unit(scanner.pos + 1) !== NEWLINE) {
      flush();
      scanner.pos += 2;
      parts.push(escaped(scanner));
      start = scanner.pos;
    } else if (scanner.text.startsWith('#{', scanner.pos)) {
      flush();
      parts.push(scanExpression(scanner, surroundings, report));
      start = scanner.pos;
    } else if (Number.isNaN(c) || c === NEWLINE) {
      // As in Fluentd a second end of line in a row is not taken.
      throw unclosed(scanner, 'double', opened.line);
    } else {
      scanner.pos++;
    }
  }
}

/** Takes the rest of the text as what stands between `"`, with ends of lines and quotes as they are. */
export function scanRest(scanner: Scanner, surroundings: Surroundings, report: Report): ExpressionValue {
  const parts: ExpressionValue[] = [];
  while (!scanner.atEnd) {
    const start = scanner.pos;
    const special = /\\|#\{/g;
    special.lastIndex = start;
    scanner.pos = special.exec(scanner.text)?.index ?? scanner.text.length;
    parts.push(scanner.text.slice(start, scanner.pos));
    if (scanner.unit() === BACKSLASH) {
      scanner.pos = Math.min(scanner.pos + 2, scanner.text.length);
      parts.push(escaped(scanner));
    } else if (!scanner.atEnd) {
      parts.push(scanExpression(scanner, surroundings, report));
    }
  }
  return join(parts);
}

/** Takes what follows an opening `'`. */
export function scanSingleQuoted(scanner: Scanner): string {
  const opened = scanner.lastRead();
  let result = '';
  let start = scanner.pos;
  for (;;) {
    const c = scanner.text[scanner.pos];
    if (c === "'") {
      result += scanner.text.slice(start, scanner.pos);
      scanner.pos++;
      return result;
    }
    if (c === undefined || c === '\n') {
      throw unclosed(scanner, 'single', opened.line);
    }
    const next = scanner.text[scanner.pos + 1];
    if (c === '\\' && (next === "'" || next === '\\')) {
      result += scanner.text.slice(start, scanner.pos) + next;
      scanner.pos += 2;
      start = scanner.pos;
    } else {
      scanner.pos++;
    }
  }
}

function endsLine(scanner: Scanner, offset: number): boolean {
  const c = scanner.unit(offset);
  return Number.isNaN(c) || c === NEWLINE || c === RETURN;
}

function join(parts: readonly ExpressionValue[]): ExpressionValue {
  if (parts.includes(null)) {
    return null;
  }
  return parts.includes(useDefault) ? useDefault : parts.join('');
}

const escapes: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', f: '\f', b: '\b', '0': '\0' };

/** What the escape means whose character was read last. */
function escaped(scanner: Scanner): string {
  const c = scanner.text[scanner.pos - 1] ?? '';
  const meant = Object.hasOwn(escapes, c) ? escapes[c] : undefined;
  if (meant === undefined && /[a-zA-Z0-9]/.test(c)) {
    throw scanner.fault(
      'CONFIG_ESCAPE_INVALID',
      `The escape \\${c} has no meaning in a double quoted string.`,
      'Known are \\" \\\' \\\\ \\r \\n \\t \\f \\b \\0; write \\\\ for a backslash, or use single quotes.',
    );
  }
  return meant ?? c;
}

function unclosed(scanner: Scanner, kind: 'double' | 'single', line: number) {
  return scanner.fault(
    'CONFIG_STRING_UNCLOSED',
    `The ${kind} quoted string that begins on line ${line} is not closed.`,
    kind === 'double'
      ? 'Close it with ". An empty line in it, or CRLF line ends, end it too early: write \\n.'
      : "Close it with ' on the same line; only double quoted strings go over several lines.",
  );
}
