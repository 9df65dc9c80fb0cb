// Fluentd's configuration in YAML: a file, and the files that it includes, become the same tree of elements that the other form becomes. Only
// loaded where a file asks for it, because it needs the package yaml.
import { ConfigFiles } from '../config-files.ts';
import { newSection } from '../document.ts';
import type { Surroundings } from '../expression.ts';
import type { ParsedConfig } from '../parse.ts';
import type { Report } from '../problem.ts';
import type { YamlNode } from './node.ts';
import { buildSections } from './sections.ts';
import { readYaml } from './tree.ts';

/** As parseConfig: reads the file at `path` and what it includes; nothing is thrown. */
export function parseYamlConfig(path: string, surroundings: Surroundings, report: Report): ParsedConfig {
  const root = newSection('ROOT', '', { file: path, line: 1, column: 1 });
  const files: ConfigFiles<YamlNode[]> = new ConfigFiles('!include', report, (scanner, target) => {
    const node = readYaml(scanner, {
      surroundings,
      report: files.report,
      include: (argument, at) => {
        const found: YamlNode[] = [];
        files.include(argument, scanner.file, at, found);
        return found;
      },
    });
    if (node !== undefined) {
      target.push(node);
    }
  });
  const read: YamlNode[] = [];
  files.open(path, read, () => {
    const build = () => {
      for (const node of read.splice(0)) {
        buildSections(node, root, files.report);
      }
    };
    build();
    files.includeFolder(root, '{yaml,yml}', read);
    build();
  });
  return { root, ok: files.errors === 0, sources: files.texts };
}
