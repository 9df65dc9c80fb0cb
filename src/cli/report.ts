// Shows problems of a configuration to people: file, line and column, the line with a caret, and what to do.
import { secretName } from '../config/element-json.ts';
import type { Problem } from '../config/problem.ts';

/** The text of a report: one block a problem. `sources` are the files' texts. */
export function describeProblems(
  problems: readonly Problem[],
  sources: ReadonlyMap<string, string>,
  dropped = 0,
): string {
  const lines = new Map([...sources].map(([file, text]) => [file, text.split('\n')]));
  const blocks = problems.map((problem) => describe(problem, lines.get(problem.at.file)));
  if (dropped > 0) {
    blocks.push(`and ${dropped} more.\n`);
  }
  return blocks.join('\n');
}

/** `1 error and 2 warnings` */
export function countProblems(problems: readonly Problem[]): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const counts = [count(errors, 'error'), count(problems.length - errors, 'warning')].filter((text) => text !== '');
  return counts.join(' and ');
}

function count(number: number, what: string): string {
  return number === 0 ? '' : `${number} ${what}${number === 1 ? '' : 's'}`;
}

function describe({ at, severity, code, text, hint }: Problem, lines: readonly string[] | undefined): string {
  const head = `${visible(at.file)}:${at.line}:${at.column}: ${severity}: ${visible(text)} [${code}]\n`;
  const line = lines?.[at.line - 1];
  return `${head}${line === undefined ? '' : excerpt(line, at.line, at.column)}  ${visible(hint)}\n`;
}

/** Characters of a line that are shown, around the column. */
const width = 100;

function excerpt(line: string, number: number, column: number): string {
  const characters = [...withoutSecret(line.replace(/\r$/, '').slice(0, column * 2 + width * 2))];
  // A caret behind the end says that something is missing there.
  const place = Math.min(column, characters.length + 1);
  const from = place > width - 20 ? place - (width - 20) : 0;
  const shown = visible(characters.slice(from, from + width).join(''));
  const before = from > 0 ? '…' : '';
  const after = characters.length > from + width ? '…' : '';
  const margin = String(number).padStart(4);
  const caret = `${' '.repeat(before.length + place - from - 1)}^`;
  return `${margin} | ${before}${shown}${after}\n${' '.repeat(margin.length)} | ${caret}\n`;
}

/** The line without the value of a parameter that is secret by its name, also where it is one of several: `{"password": "x"}`. */
function withoutSecret(line: string): string {
  const [, start = '', name = ''] = /^(\s*(?:- +)*(\S+)\s+)\S/.exec(line) ?? [];
  if (secretName.test(name) && !name.startsWith('<')) {
    return `${start}xxxxxx`;
  }
  const inside = /^(.*?([^\s"'{,]+)["']?\s*:\s*)\S/.exec(line);
  return inside !== null && secretName.test(inside[2] ?? '') ? `${inside[1]}xxxxxx` : line;
}

/** Nothing in a file may steer the terminal: control characters are shown as one sign each, so that the caret stays right. */
function visible(text: string): string {
  return [...text].map((c) => shownAs(c)).join('');
}

function shownAs(c: string): string {
  const code = c.codePointAt(0) ?? 0;
  if (code === 0x09) {
    return ' ';
  }
  if (code < 0x20) {
    return String.fromCodePoint(0x2400 + code);
  }
  if (code === 0x7f) {
    return '\u2421';
  }
  const steering =
    (code >= 0x80 && code < 0xa0) || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  return steering ? '\ufffd' : c;
}
