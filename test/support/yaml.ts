// Reads configurations as tests write them: the text of each file.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { elementToJson } from '../../src/config/element-json.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { ProblemList } from '../../src/config/problem.ts';
import { parseYamlConfig } from '../../src/config/yaml/parse.ts';
import type { TempFolder } from './temp.ts';

/** What it returns reads `text`, in YAML or, where `main` ends in .conf, in Fluentd's language, beside the other files. */
export function yamlReader(temp: TempFolder) {
  let count = 0;
  return (text: string, files: Readonly<Record<string, string>> = {}, main = 'main.yaml') => {
    const folder = join(temp.path, String(count++));
    for (const [name, content] of Object.entries({ ...files, [main]: text })) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    const list = new ProblemList();
    const surroundings = { env: { VEC_HOME: '/home/v' }, hostname: 'host.example', workerId: '' };
    const read = main.endsWith('.conf') ? parseConfig : parseYamlConfig;
    const parsed = read(join(folder, main), surroundings, list.report);
    return {
      ...parsed,
      json: elementToJson(parsed.root, new Set()),
      problems: list.problems.map(({ code, severity, at }) => [code, severity, at.line, at.column]),
      hints: list.problems.map(({ hint }) => hint),
    };
  };
}
