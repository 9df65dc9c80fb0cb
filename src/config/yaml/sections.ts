// From what a YAML file says to the sections of a configuration, as lib/fluent/config/yaml_parser/parser.rb makes them: `config:` holds a list of
// sections, `$type` is `@type`, `$tag` and `$arg` stand behind a section's name. Where Fluentd ends with an exception of Ruby's, or leaves
// something out without a word, it is said here what is wrong.
import { newSection, type Section } from '../document.ts';
import type { Position } from '../element.ts';
import { suggestion } from '../nearest.ts';
import type { Problem, Report } from '../problem.ts';
import { PartBound } from './bound.ts';
import { jsonOf } from './json.ts';
import { isNothing, type YamlEntry, type YamlMap, type YamlNode } from './node.ts';

/** Puts the sections of a whole configuration into `root`. */
export function buildSections(node: YamlNode, root: Section, report: Report): void {
  new SectionBuilder(report).root(node, root);
}

const maxDepth = 100;

/** In this order, wherever they stand in their item. */
const kinds = ['label', 'source', 'filter', 'match', 'worker'] as const;
const named: ReadonlyMap<string, string> = new Map([
  ['$type', '@type'],
  ['$label', '@label'],
  ['$id', '@id'],
  ['$log_level', '@log_level'],
]);
const shape =
  'The form is: config: as a list of - source:, - match: and so on, each with its parameters indented below it.';

const otherName = "It looks like the other form of Fluentd's: give the file a name that ends in .conf.";

class SectionBuilder {
  readonly #report: Report;
  readonly #parts: PartBound;

  constructor(report: Report) {
    this.#report = report;
    this.#parts = new PartBound(report);
  }

  root(node: YamlNode, root: Section): void {
    if (node.kind === 'broken') {
      return;
    }
    if (node.kind !== 'map') {
      const text = isNothing(node) ? 'The file says nothing.' : 'The file is no mapping with config: in it.';
      const otherForm = node.kind === 'scalar' && String(node.text).startsWith('<');
      this.#error(node.at, 'CONFIG_YAML_FORM', text, otherForm ? otherName : shape);
      return;
    }
    const system = node.entries.get('system');
    if (system !== undefined && !isNothing(system.value)) {
      this.#section('system', system, root, 0);
    }
    const config = node.entries.get('config');
    if (config !== undefined) {
      this.#list(config, root, 0);
    }
    for (const [name, { at }] of node.entries) {
      if (name !== 'system' && name !== 'config' && !name.startsWith('x-')) {
        this.#unknownAtTop(name, at);
      }
    }
  }

  #unknownAtTop(name: string, at: Position): void {
    const section = (kinds as readonly string[]).includes(name);
    this.#report({
      code: 'CONFIG_UNKNOWN_SECTION',
      severity: section ? 'error' : 'warning',
      at,
      text: `${name} has no meaning at the top level.`,
      hint: section ? `Write it in the list below config: as - ${name}:` : suggestion(name, ['system', 'config'], ''),
    });
  }

  /** What is below `config:`. */
  #list({ at, value }: YamlEntry, target: Section, depth: number): void {
    if (value.kind === 'list') {
      for (const item of value.items) {
        this.#item(item, at, target, depth);
      }
    } else if (value.kind !== 'broken' && !isNothing(value)) {
      const hint = 'Write - in front of each section: - source:';
      this.#error(at, 'CONFIG_YAML_FORM', 'What is below config is no list.', hint);
    }
  }

  #item(item: YamlNode, at: Position, target: Section, depth: number): void {
    if (item.kind === 'list') {
      // An included file.
      this.#list({ at, value: item }, target, depth);
      return;
    }
    if (item.kind === 'broken') {
      return;
    }
    if (item.kind !== 'map') {
      this.#error(item.at, 'CONFIG_YAML_FORM', 'This item of config is no section.', shape);
      return;
    }
    for (const kind of kinds) {
      const entry = item.entries.get(kind);
      if (entry !== undefined) {
        this.#section(kind, entry, target, depth);
      }
    }
    for (const [name, entry] of item.entries) {
      if (!(kinds as readonly string[]).includes(name)) {
        this.#unknownInItem(name, entry.at, item);
      }
    }
  }

  #unknownInItem(name: string, at: Position, item: YamlMap): void {
    const outer = kinds.find((kind) => item.entries.has(kind));
    const hints: Readonly<Record<string, string>> = {
      system: 'system: stands at the top level, beside config:.',
      config: 'An included file is a list of sections, without config: above it.',
    };
    this.#error(
      at,
      'CONFIG_UNKNOWN_SECTION',
      `${name} is no section that config: can hold.`,
      hints[name] ??
        (outer !== undefined || name.startsWith('$')
          ? `Indent it further than ${outer ?? 'the source: or match:'} that it belongs to.`
          : suggestion(name, kinds, '')),
    );
  }

  #section(name: string, { at, value }: YamlEntry, target: Section, depth: number): void {
    if (depth > maxDepth) {
      const hint = 'Check whether an alias or an include leads back to itself.';
      this.#error(at, 'CONFIG_SECTION_TOO_DEEP', `More than ${maxDepth} sections are inside each other.`, hint);
      return;
    }
    if (value.kind === 'list' && depth === 0 && value.items.every(({ kind }) => kind === 'map')) {
      const hint = `Write - ${name}: for each.`;
      this.#error(at, 'CONFIG_YAML_FORM', `${name} is a list, and would be one section.`, hint);
      return;
    }
    if (value.kind === 'broken') {
      return;
    }
    if (value.kind !== 'map') {
      const hint = `Indent its parameters further than ${name}.`;
      this.#error(at, 'CONFIG_YAML_FORM', `${name} is no mapping: it has no parameters.`, hint);
      return;
    }
    // Before anything in it is looked at: what is in it may be without end.
    if (!this.#parts.take(at)) {
      return;
    }
    const container = name === 'label' || name === 'worker';
    const argument = name === 'label' ? '$name' : name === 'match' || name === 'filter' ? '$tag' : '$arg';
    const section = newSection(name, this.#argument(value.entries.get(argument)?.value, argument), at);
    for (const [written, meant] of named) {
      const entry = value.entries.get(written);
      if (entry !== undefined) {
        this.#value(meant, entry, section, depth);
      }
    }
    for (const [key, entry] of value.entries) {
      if (key === argument || named.has(key)) {
        continue;
      }
      if (container && key === 'config') {
        this.#list(entry, section, depth);
      } else {
        this.#value(key, entry, section, depth);
      }
    }
    target.elements.push(section);
  }

  /** What stands behind the section's name. Several tags are alternatives; anything else has commas between. */
  #argument(node: YamlNode | undefined, name: string): string {
    if (node === undefined) {
      return '';
    }
    const values = node.kind === 'list' ? node.items : [node];
    const texts: string[] = [];
    for (const value of values) {
      if (value.kind === 'broken') {
        continue;
      }
      if (value.kind !== 'scalar') {
        this.#error(value.at, 'CONFIG_YAML_FORM', `${name} takes a text, or a list of texts.`, `Write ${name}: TEXT.`);
      } else if (typeof value.text === 'string') {
        texts.push(value.text);
      }
    }
    return texts.join(name === '$tag' ? ' ' : ',');
  }

  #value(name: string, entry: YamlEntry, section: Section, depth: number): void {
    const { at, value } = entry;
    if (value.kind === 'map') {
      this.#section(name, entry, section, depth + 1);
    } else if (value.kind === 'list' && value.items[0]?.kind === 'map') {
      for (const item of value.items) {
        this.#section(name, { at: item.at, value: item }, section, depth + 1);
      }
    } else if (value.kind !== 'broken' && this.#parts.take(at)) {
      const text =
        value.kind === 'scalar' ? value.text : JSON.stringify(jsonOf(value, (part) => this.#parts.take(part.at)));
      section.attributes.set(name, { value: text, at, valueAt: value.at });
    }
  }

  #error(at: Position, code: string, text: string, hint: string): void {
    const problem: Problem = { code, severity: 'error', at, text, hint };
    this.#report(problem);
  }
}
