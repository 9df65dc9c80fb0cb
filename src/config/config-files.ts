// The files of one configuration: the one that was asked for, and those that it includes, each read within the bounds and never inside itself.
// What stands in them is for the languages: parse.ts and yaml/.
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Element, Position } from './element.ts';
import { findIncluded, type IncludedFile, maxIncludeDepth, maxIncludes } from './include.ts';
import type { Problem, Report } from './problem.ts';
import { Scanner } from './scanner.ts';
import { SourceFiles } from './source-files.ts';

/** After so many errors no more are looked for. */
const maxErrors = 100;

/** Ends the reading of everything; what was found is reported. */
class TooManyErrors extends Error {}

/** `Target` is where the reader of a file puts what it finds. */
export class ConfigFiles<Target> {
  readonly #outerReport: Report;
  readonly #word: string;
  readonly #read: (scanner: Scanner, target: Target) => void;
  readonly #sources = new SourceFiles();
  /** The files that are being read, each included by the one before it. */
  readonly #stack: { readonly path: string; readonly name: string }[] = [];
  #included = 0;
  #errors = 0;

  /** `word` is how the language includes a file: `@include`. */
  constructor(word: string, report: Report, read: (scanner: Scanner, target: Target) => void) {
    this.#word = word;
    this.#outerReport = report;
    this.#read = read;
  }

  /** How many errors there were. */
  get errors(): number {
    return this.#errors;
  }

  /** The texts of the files that were read, by the names that positions have. */
  get texts(): ReadonlyMap<string, string> {
    return this.#sources.texts;
  }

  /** Reads the file at `path`, which is its name in positions too, and what it includes; then does what is left to do. */
  open(path: string, target: Target, then?: () => void): void {
    try {
      this.#readFile({ path, name: path }, { file: path, line: 1, column: 1 }, target, false);
      then?.();
    } catch (error) {
      if (!(error instanceof TooManyErrors)) {
        throw error;
      }
    }
  }

  /** Reads what `config_include_dir` of a `<system>` section names: all files in the folder and below whose names end in one of `endings`. */
  includeFolder({ elements }: Element, endings: string, target: Target): void {
    const folder = elements.find(({ name }) => name === 'system')?.attributes.get('config_include_dir');
    if (typeof folder?.value === 'string' && folder.value !== '') {
      this.include(`${folder.value.replace(/\/+$/, '')}/**/*.${endings}`, folder.at.file, folder.valueAt, target);
    }
  }

  readonly report: Report = (problem: Problem) => {
    this.#outerReport(problem);
    if (problem.severity === 'error' && ++this.#errors >= maxErrors) {
      throw new TooManyErrors();
    }
  };

  /** Reads the files that `argument` names in the file `from`. */
  include(argument: string, from: string, at: Position, target: Target): void {
    const asked = { argument, from, at, word: this.#word };
    for (const file of findIncluded(asked, this.report) ?? []) {
      const path = realPath(file.path);
      const loop = this.#stack.findIndex((open) => open.path === path);
      if (loop >= 0) {
        const circle = [...this.#stack.slice(loop).map((open) => open.name), file.name].join(' includes ');
        const hint = `Remove one ${this.#word} of these.`;
        this.#error(at, 'CONFIG_INCLUDE_LOOP', `The files include each other: ${circle}.`, hint);
      } else if (this.#stack.length > maxIncludeDepth) {
        const text = `More than ${maxIncludeDepth} files include each other, one in the next.`;
        this.#error(at, 'CONFIG_INCLUDE_TOO_DEEP', text, 'Include the files from one place.');
      } else if (++this.#included > maxIncludes) {
        const hint = `Check the patterns of the ${this.#word} lines; put small files together.`;
        this.#error(at, 'CONFIG_INCLUDE_TOO_MANY', `More than ${maxIncludes} files are included.`, hint);
        throw new TooManyErrors();
      } else {
        this.#readFile(file, at, target, true);
      }
    }
  }

  #readFile({ path, name }: IncludedFile, at: Position, target: Target, included: boolean): void {
    const text = this.#sources.read(path, name, at, included);
    if (typeof text !== 'string') {
      this.report(text);
      return;
    }
    const scanner = new Scanner(name, text);
    if (text.startsWith('\ufeff')) {
      this.#error(
        scanner.place(0),
        'CONFIG_FILE_BOM',
        'The file begins with a byte order mark, which would become part of the first name.',
        'Save it as UTF-8 without a byte order mark (BOM).',
      );
      scanner.pos = 1;
    }
    this.#stack.push({ path: realPath(path), name });
    this.#read(scanner, target);
    this.#stack.pop();
  }

  #error(at: Position, code: string, text: string, hint: string): void {
    this.report({ code, severity: 'error', at, text, hint });
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
