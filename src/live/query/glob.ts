// Patterns with stars. A value's `*` stands for any text. Tags follow Fluentd: `*` is one part between dots, `**` any number of parts,
// `{a,b}` one of several. Both are regular expressions for pattern.ts, and so need time in proportion to the text.
import { Pattern } from './pattern.ts';

type Fits = (value: string) => boolean;

/** Whether a whole value fits; undefined where the pattern is too large. */
export function globOf(text: string, fold: boolean): Fits | undefined {
  return compiled(text.split(/\*+/).map(escaped).join(any), fold ? 'i' : '');
}

/** The same of a tag pattern, which always tells the cases apart. */
export function tagGlobOf(text: string): Fits | undefined {
  return compiled(tagSource(text), '');
}

const any = '[\\s\\S]*';

function compiled(source: string, flags: string): Fits | undefined {
  const pattern = Pattern.parse(source, flags);
  return pattern instanceof Pattern ? (value) => pattern.fits(value) : undefined;
}

/** What Fluentd makes of a pattern, for an automaton that cannot look ahead: `a.**` fits `a` and all below it. */
function tagSource(text: string): string {
  let source = '';
  let open = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    if (text.startsWith('.**', at) || text.startsWith('**', at)) {
      const dot = char === '.';
      at += dot ? 3 : 2;
      const behind = text[at] ?? '';
      source += parts(dot, behind, source === '');
      at -= behind === '.' ? 0 : 1;
    } else if (char === '*') {
      source += '[^.]*';
    } else if (char === '{') {
      open++;
      source += '(?:';
    } else if (char === '}' && open > 0) {
      open--;
      source += ')';
    } else if (char === ',' && open > 0) {
      source += '|';
    } else {
      at += char === '\\' && at + 1 < text.length ? 1 : 0;
      source += escaped(text[at] as string);
    }
  }
  return source + ')'.repeat(open);
}

function parts(dotBefore: boolean, behind: string, first: boolean): string {
  if (behind === '.') {
    return dotBefore ? `\\.(?:${any}\\.)?` : first ? `(?:${any}\\.)?` : `${any}\\.`;
  }
  const ends = behind === '' || behind === ',' || behind === '}';
  return !dotBefore ? any : ends ? `(?:\\.${any})?` : `\\.${any}`;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
