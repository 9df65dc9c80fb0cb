// Fluentd's configuration language (v1): a file, and the files that it includes, become a tree of elements. Nothing is thrown: what is
// wrong is reported, with its place. What the sections and parameters mean is for the plan.
import { ConfigFiles } from './config-files.ts';
import { newSection, readDocument, type Section } from './document.ts';
import type { Element } from './element.ts';
import type { Surroundings } from './expression.ts';
import type { Report } from './problem.ts';

export interface ParsedConfig {
  /** The tree; where there were errors, as much of it as could be read. */
  readonly root: Element;
  /** Whether there were no errors. */
  readonly ok: boolean;
  /** The texts of the files that were read, by the names that positions have. */
  readonly sources: ReadonlyMap<string, string>;
}

/** Reads the file at `path` (its name in positions too) and what it includes. */
export function parseConfig(path: string, surroundings: Surroundings, report: Report): ParsedConfig {
  const root = newSection('ROOT', '', { file: path, line: 1, column: 1 });
  const files: ConfigFiles<Section> = new ConfigFiles('@include', report, (scanner, target) =>
    readDocument(scanner, target, {
      surroundings,
      report: files.report,
      include: (argument, from, place, section) => files.include(argument, from.file, place, section),
    }),
  );
  files.open(path, root, () => files.includeFolder(root, 'conf', root));
  return { root, ok: files.errors === 0, sources: files.texts };
}
