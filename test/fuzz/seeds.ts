// What mutants are made of, beside recorded streams: the texts of the vectors.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ElementJson } from '../../src/config/element-json.ts';
import { vectorsFolder } from '../support/project.ts';

/** The cases of a file of vectors. */
export function casesOf<T>(file: string): readonly T[] {
  return (JSON.parse(readFileSync(join(vectorsFolder, file), 'utf8')) as { readonly cases: readonly T[] }).cases;
}

/** Configurations of people and of mistakes. */
export function configTexts(): readonly Buffer[] {
  const texts = [
    ...casesOf<{ readonly text: string }>('config.json').map(({ text }) => text),
    ...casesOf<{ readonly config?: string; readonly text?: string }>('config_check.json').map(
      ({ config, text }) => config ?? text ?? '',
    ),
    ...casesOf<{ readonly config: string }>('out_file.json').map(({ config }) => config),
  ];
  return texts.filter((text) => text.length > 0).map((text) => Buffer.from(text));
}

/** What of YAML the configurations of the vectors do not have: tags, anchors, texts in blocks, lists of sections. */
const yamlForms = `system:
  log_level: info
config:
  - source: &in
      $type: forward
      $id: in
      bind: 127.0.0.1
      port: !fluent/json [24224]
  - filter:
      $tag: !fluent/s "#{ENV['TAG']}.**"
      $type: record_transformer
      record:
        host: !fluent/s "#{Socket.gethostname}"
        text: |-
          one
          two
        folded: >
          one
          two
  - label:
      $name: '@OTHER'
      config:
        - match:
            $tag: [a.*, b.**]
            $type: copy
            store:
              - $type: stdout
                $arg: ignore_error
              - <<: *in
                $type: 'null'
                map: {k: v, k1: 10, k2: [yes, ~, 1.5]}
                str: !!str 012
`;

/** A configuration in YAML that says what `root` says. */
export function yamlText(root: ElementJson): Buffer {
  const system = root.elements.find(({ name }) => name === 'system');
  const rest = root.elements.filter((element) => element !== system);
  return Buffer.from(stringify({ ...(system && { system: body(system) }), config: rest.map(named) }));
}

export const yamlSeeds: readonly Buffer[] = [Buffer.from(yamlForms)];

function named(element: ElementJson): object {
  return { [element.name]: body(element) };
}

function body({ name, arg, attrs, elements }: ElementJson): object {
  const own = Object.entries(attrs).map(([key, value]) => [key.replace(/^@/, '$'), value]);
  const argument = name === 'label' ? '$name' : name === 'match' || name === 'filter' ? '$tag' : '$arg';
  const sections = new Map<string, object[]>();
  for (const element of elements) sections.set(element.name, [...(sections.get(element.name) ?? []), body(element)]);
  const below = name === 'label' || name === 'worker' ? [['config', elements.map(named)]] : [...sections];
  return Object.fromEntries([...(arg === '' ? [] : [[argument, arg]]), ...own, ...below]) as object;
}
