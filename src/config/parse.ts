// Fluentd's configuration language (v1): a file, and the files that it includes, become a tree of elements. Nothing is thrown: what is
// wrong is reported, with its place. What the sections and parameters mean is for the plan.
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { newSection, readDocument, type Section } from './document.ts';
import type { Element, Position } from './element.ts';
import type { Surroundings } from './expression.ts';
import { findIncluded, type IncludedFile, maxIncludeDepth, maxIncludes } from './include.ts';
import type { Problem, Report } from './problem.ts';
import { Scanner } from './scanner.ts';
import { SourceFiles } from './source-files.ts';

export interface ParsedConfig {
  /** The tree; where there were errors, as much of it as could be read. */
  readonly root: Element;
  /** Whether there were no errors. */
  readonly ok: boolean;
  /** The texts of the files that were read, by the names that positions have. */
  readonly sources: ReadonlyMap<string, string>;
}

/** After so many errors no more are looked for. */
const maxErrors = 100;

/** Reads the file at `path` (its name in positions too) and what it includes. */
export function parseConfig(path: string, surroundings: Surroundings, report: Report): ParsedConfig {
  return new ConfigParser(surroundings, report).parse(path);
}

class ConfigParser {
  readonly #surroundings: Surroundings;
  readonly #outerReport: Report;
  readonly #files = new SourceFiles();
  /** The files that are being read, each included by the one before it. */
  readonly #stack: { readonly path: string; readonly name: string }[] = [];
  #included = 0;
  #errors = 0;

  constructor(surroundings: Surroundings, report: Report) {
    this.#surroundings = surroundings;
    this.#outerReport = report;
  }

  parse(path: string): ParsedConfig {
    const at: Position = { file: path, line: 1, column: 1 };
    const root = newSection('ROOT', '', at);
    try {
      this.#readFile({ path, name: path }, at, root, false);
    } catch (error) {
      if (!(error instanceof TooManyErrors)) {
        throw error;
      }
    }
    return { root, ok: this.#errors === 0, sources: this.#files.texts };
  }

  #report(problem: Problem): void {
    this.#outerReport(problem);
    if (problem.severity === 'error' && ++this.#errors >= maxErrors) {
      throw new TooManyErrors();
    }
  }

  #readFile({ path, name }: IncludedFile, at: Position, target: Section, included: boolean): void {
    const text = this.#files.read(path, name, at, included);
    if (typeof text !== 'string') {
      this.#report(text);
      return;
    }
    const scanner = new Scanner(name, text);
    if (text.startsWith('\ufeff')) {
      this.#report({
        code: 'CONFIG_FILE_BOM',
        severity: 'error',
        at: scanner.place(0),
        text: 'The file begins with a byte order mark, which would become part of the first name.',
        hint: 'Save it as UTF-8 without a byte order mark (BOM).',
      });
      scanner.pos = 1;
    }
    this.#stack.push({ path: realPath(path), name });
    readDocument(scanner, target, {
      surroundings: this.#surroundings,
      report: (problem) => this.#report(problem),
      include: (argument, from, place, section) => this.#include(argument, from.file, place, section),
    });
    this.#stack.pop();
  }

  #include(argument: string, from: string, at: Position, target: Section): void {
    for (const file of findIncluded(argument, from, at, (problem) => this.#report(problem)) ?? []) {
      const path = realPath(file.path);
      const loop = this.#stack.findIndex((open) => open.path === path);
      if (loop >= 0) {
        const circle = [...this.#stack.slice(loop).map((open) => open.name), file.name].join(' includes ');
        this.#error(
          at,
          'CONFIG_INCLUDE_LOOP',
          `The files include each other: ${circle}.`,
          'Remove one @include of these.',
        );
      } else if (this.#stack.length > maxIncludeDepth) {
        this.#error(
          at,
          'CONFIG_INCLUDE_TOO_DEEP',
          `More than ${maxIncludeDepth} files include each other, one in the next.`,
          'Include the files from one place.',
        );
      } else if (++this.#included > maxIncludes) {
        this.#error(
          at,
          'CONFIG_INCLUDE_TOO_MANY',
          `More than ${maxIncludes} files are included.`,
          'Check the patterns of the @include lines; put small files together.',
        );
        throw new TooManyErrors();
      } else {
        this.#readFile(file, at, target, true);
      }
    }
  }

  #error(at: Position, code: string, text: string, hint: string): void {
    this.#report({ code, severity: 'error', at, text, hint });
  }
}

/** Ends the reading of everything; what was found is reported. */
class TooManyErrors extends Error {}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
