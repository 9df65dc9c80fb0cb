// Text without quotes: a value up to the end of its line, a key up to a blank, a section's argument up to `>`.
// In all of them a `#` is part of the text unless a blank stands before it.
import { HASH, NEWLINE, RETURN, type Scanner, SPACE, TAB } from './scanner.ts';

/** Takes a value: up to the end of the line, without the blanks and the comment at its end. Null if nothing is left. */
export function scanPlainValue(scanner: Scanner): string | null {
  const start = scanner.pos;
  let at = start;
  for (;;) {
    const c = scanner.unit(at);
    if (Number.isNaN(c) || c === NEWLINE || c === RETURN) {
      break;
    }
    if (c === SPACE || c === TAB) {
      const end = scanner.skipSpaces(at);
      if (endsValue(scanner.unit(end))) {
        break;
      }
      at = end;
    } else {
      at++;
    }
  }
  return taken(scanner, start, at);
}

function endsValue(c: number): boolean {
  return Number.isNaN(c) || c === NEWLINE || c === RETURN || c === HASH;
}

/** Takes a key: up to a blank or the end of the line. */
export function scanPlainKey(scanner: Scanner): string | null {
  const start = scanner.pos;
  let at = start;
  for (let c = scanner.unit(at); !Number.isNaN(c) && !isBlank(c); c = scanner.unit(at)) {
    at++;
  }
  return taken(scanner, start, at);
}

/** Takes a section's argument: up to `>` (blanks and comments may stand before it), or to the end of the line. */
export function scanPlainArgument(scanner: Scanner): string | null {
  const start = scanner.pos;
  let at = start;
  // A comment on this line leads to the same place wherever on the line it begins: one look is enough.
  let commentLeadsNowhere = false;
  for (;;) {
    const c = scanner.unit(at);
    if (Number.isNaN(c) || c === NEWLINE || scanner.text[at] === '>') {
      break;
    }
    if (isBlank(c)) {
      const blankEnd = scanner.skipBlank(at);
      const comment = scanner.unit(blankEnd) === HASH;
      if (!(comment && commentLeadsNowhere)) {
        if (scanner.text[scanner.spacingEnd(blankEnd)] === '>') {
          break;
        }
        commentLeadsNowhere ||= comment;
      }
      const lineEnd = scanner.text.slice(at, blankEnd).indexOf('\n');
      at = lineEnd >= 0 ? at + lineEnd : blankEnd;
    } else {
      at++;
    }
  }
  return taken(scanner, start, at);
}

function isBlank(c: number): boolean {
  return c === SPACE || c === TAB || c === NEWLINE || c === RETURN;
}

function taken(scanner: Scanner, start: number, end: number): string | null {
  scanner.pos = end;
  return end === start ? null : scanner.text.slice(start, end);
}
