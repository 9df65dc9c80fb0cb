// What is wrong with the text of a YAML file, with its place and how to mend it.
import type { YAMLParseError } from 'yaml';
import type { Report } from '../problem.ts';
import type { Scanner } from '../scanner.ts';

/** One mistake brings others behind it: no more than these are said. */
const maxReported = 5;

/** Reports the errors of a file, one a line. */
export function reportSyntax(errors: readonly YAMLParseError[], scanner: Scanner, report: Report): void {
  const lines = new Set<number>();
  for (const { code, message, pos } of errors) {
    const at = scanner.place(Math.min(pos[0], scanner.text.length));
    if (lines.size < maxReported && !lines.has(at.line)) {
      lines.add(at.line);
      const what = message.replace(/\.$/, '').replace(/^Missing closing (["'])quote$/, 'A $1 is not closed');
      const text = `The YAML cannot be read: ${what}.`;
      report({
        code: 'CONFIG_YAML_SYNTAX',
        severity: 'error',
        at,
        text,
        hint: hintOf(code, scanner.text.slice(...pos)),
      });
    }
  }
}

function hintOf(code: YAMLParseError['code'], at: string): string {
  if (code === 'BAD_SCALAR_START' && at.startsWith('@')) {
    return "Names that begin with @ have $ here ($type, $label); put a value in quotes: '@LABEL'.";
  }
  return hints[code] ?? 'Check the indentation, the colons and the quotes above and at this place.';
}

const hints: Readonly<Partial<Record<YAMLParseError['code'], string>>> = {
  BAD_DQ_ESCAPE: 'Write \\\\ for a backslash, or use single quotes.',
  BAD_INDENT: 'Lines of one mapping or list begin in the same column; what is in [ ] or { } is closed by them.',
  BAD_SCALAR_START: 'Put the value in quotes.',
  BLOCK_AS_IMPLICIT_KEY: 'Put a value with a colon in quotes, or write the mapping on lines of its own.',
  MISSING_CHAR: 'Close what is opened.',
  MULTIPLE_DOCS: 'Remove the line ---: a file holds one document.',
  RESOURCE_EXHAUSTION: 'Check whether a bracket is missing; nobody needs so many inside each other.',
  TAB_AS_INDENT: 'Indent with blanks.',
};
