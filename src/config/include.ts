// `@include`, and `!include` of YAML: which files its argument names, and why some are not read. Paths are relative to the file that includes, as in Fluentd.
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { Position } from './element.ts';
import { globFiles, maxEntries } from './glob-files.ts';
import type { Problem, Report } from './problem.ts';

/** Files that include each other, one in the next. */
export const maxIncludeDepth = 16;
/** Files that are included in all. */
export const maxIncludes = 1_000;

export interface IncludedFile {
  readonly path: string;
  /** As positions name it: relative as the including file is. */
  readonly name: string;
}

export interface AskedInclude {
  readonly argument: string;
  /** The file that includes. */
  readonly from: string;
  readonly at: Position;
  /** How it is written: `@include`. */
  readonly word: string;
}

/** The files that are asked for, sorted; an empty list where nothing fits, undefined where it was refused. */
export function findIncluded(asked: AskedInclude, report: Report): readonly IncludedFile[] | undefined {
  const { argument, from, at, word } = asked;
  const problem = (severity: Problem['severity'], code: string, text: string, hint: string) =>
    report({ code, severity, at, text, hint });
  const scheme = /^([a-z][a-z\d+.-]+):/i.exec(argument)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'file') {
    problem(
      'error',
      'CONFIG_INCLUDE_REMOTE',
      `Configuration is not fetched over the network: ${word} ${argument}.`,
      'Whoever answers there could change what runs here; copy the file beside this one and include its path.',
    );
    return undefined;
  }
  const written = decode(argument.replace(/^file:(?:\/\/(?:localhost)?(?=\/))?/i, ''));
  const pattern = isAbsolute(written) ? written : join(dirname(resolve(from)), written);
  const paths = globFiles(resolve(pattern));
  if (paths === undefined) {
    problem(
      'error',
      'CONFIG_INCLUDE_TOO_MANY',
      `${word} ${argument} looks at more than ${maxEntries} entries of folders, or means too many patterns.`,
      'Name the folder more closely.',
    );
    return undefined;
  }
  if (paths.length === 0) {
    problem(
      'warning',
      'CONFIG_INCLUDE_NO_MATCH',
      `${word} ${argument} fits no file.`,
      'Check the path; it is relative to the file that includes.',
    );
  }
  return paths.map((path) => {
    if (written.endsWith('*.conf') && backup.test(path)) {
      problem(
        'warning',
        'CONFIG_INCLUDE_BACKUP',
        `${word} ${argument} takes ${path}, which looks like a copy of another configuration.`,
        'Rename or move the copy if it shall not be read.',
      );
    }
    return { path, name: nameOf(path, from) };
  });
}

const backup = /[._](?:bak|old|backup|orig|prev|conf|tmp|temp|debug|wip)\.conf$/;

function nameOf(path: string, from: string): string {
  return isAbsolute(from) ? path : relative(process.cwd(), path);
}

/** Fluentd takes the argument for an address, so %20 is a blank. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
