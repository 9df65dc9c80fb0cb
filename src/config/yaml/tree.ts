// From the text of one YAML file to what it says: tags, aliases and merges are put in here, files are included through the caller. Follows
// what Fluentd makes of a file with Ruby's Psych (lib/fluent/config/yaml_parser); what sections mean is for sections.ts.
import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, parseDocument, type Scalar, type YAMLMap } from 'yaml';
import type { Position } from '../element.ts';
import type { ExpressionValue, Surroundings } from '../expression.ts';
import { suggestion } from '../nearest.ts';
import type { Problem, Report } from '../problem.ts';
import { scanRest } from '../quoted-string.ts';
import { Scanner, SyntaxFault } from '../scanner.ts';
import { PartBound } from './bound.ts';
import { jsonOf } from './json.ts';
import { isNothing, type YamlEntry, type YamlMap, type YamlNode, type YamlScalar } from './node.ts';
import { plainValue } from './scalar.ts';
import { reportSyntax } from './syntax.ts';

export interface TreeContext {
  readonly surroundings: Surroundings;
  readonly report: Report;
  /** What the files say that an `!include` names, each by itself. */
  include(argument: string, at: Position): readonly YamlNode[];
}

/** What the file says; undefined where it cannot be read, which is reported. */
export function readYaml(scanner: Scanner, context: TreeContext): YamlNode | undefined {
  const document = parseDocument(scanner.text, {
    version: '1.1',
    schema: 'failsafe',
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  if (document.errors.length > 0) {
    reportSyntax(document.errors, scanner, context.report);
    return undefined;
  }
  return new TreeReader(scanner, context).node(document.contents, 0);
}

const ownTags = ['!include', '!fluent/s', '!fluent/json'];
const textTags: ReadonlySet<string> = new Set(['!', 'tag:yaml.org,2002:str', 'tag:yaml.org,2002:binary']);
const plainTags: ReadonlySet<string> = new Set(
  ['int', 'float', 'bool', 'null'].map((type) => `tag:yaml.org,2002:${type}`),
);
const collectionTags: ReadonlySet<string> = new Set(['tag:yaml.org,2002:map', 'tag:yaml.org,2002:seq']);

class TreeReader {
  readonly #scanner: Scanner;
  readonly #context: TreeContext;
  readonly #parts: PartBound;
  /** What each anchor stands for; undefined while it is being read. */
  readonly #anchors = new Map<string, YamlNode | undefined>();

  constructor(scanner: Scanner, context: TreeContext) {
    this.#scanner = scanner;
    this.#context = context;
    this.#parts = new PartBound(context.report);
  }

  /** `offset` is where something would stand if there is nothing. */
  node(node: Node | null, offset: number): YamlNode {
    if (node === null) {
      return { kind: 'scalar', at: this.#scanner.place(offset), text: null, json: null };
    }
    if (isAlias(node)) {
      return this.#alias(node);
    }
    const { anchor } = node as { anchor?: string };
    if (anchor !== undefined) {
      this.#anchors.set(anchor, undefined);
    }
    const read = this.#tagged(node);
    if (anchor !== undefined) {
      this.#anchors.set(anchor, read);
    }
    return read;
  }

  #alias(alias: Alias): YamlNode {
    const at = this.#placeOf(alias);
    const found = this.#anchors.get(alias.source);
    if (found === undefined) {
      const inside = this.#anchors.has(alias.source);
      const text = inside
        ? `The alias *${alias.source} stands inside what it stands for.`
        : `The alias *${alias.source} stands for nothing: no &${alias.source} is above it.`;
      const hint = inside
        ? 'Write out what is meant.'
        : `Write &${alias.source} in front of what is meant, or the text in quotes if it begins with *.`;
      this.#error(at, 'CONFIG_YAML_ALIAS', text, hint);
      return { kind: 'broken', at };
    }
    return found;
  }

  #tagged(node: Node): YamlNode {
    const at = this.#placeOf(node);
    const { tag } = node;
    switch (tag) {
      case '!include':
        return this.#include(node, at);
      case '!fluent/s':
        return this.#fluentString(node, at);
      case '!fluent/json': {
        const json = jsonOf(this.#plain(node, at), (part) => this.#parts.take(part.at));
        return { kind: 'scalar', at, text: JSON.stringify(json), json };
      }
    }
    const known =
      tag === undefined || (isScalar(node) ? textTags.has(tag) || plainTags.has(tag) : collectionTags.has(tag));
    if (!known) {
      const hint = suggestion(tag, ownTags, '');
      this.#error(at, 'CONFIG_YAML_TAG', `The tag ${tag} has no meaning here.`, hint);
    }
    return this.#plain(node, at);
  }

  /** A node as if it had no tag of Fluentd's. */
  #plain(node: Node, at: Position): YamlNode {
    if (isMap(node)) {
      return this.#map(node as YAMLMap<Node, Node | null>, at);
    }
    if (isSeq(node)) {
      return {
        kind: 'list',
        at,
        items: node.items.map((item) => this.node(item as Node | null, node.range?.[0] ?? 0)),
      };
    }
    return this.#scalar(node as Scalar, at);
  }

  #scalar(node: Scalar, at: Position): YamlScalar {
    const source = String(node.value ?? '');
    if (node.type !== 'PLAIN' || (node.tag !== undefined && textTags.has(node.tag))) {
      return { kind: 'scalar', at, text: source, json: source };
    }
    const { text, json, doubt } = plainValue(source);
    if (doubt !== undefined) {
      this.#warn(at, 'CONFIG_VALUE_DOUBTFUL', `${doubt}.`, `Put it in quotes if the text is meant: '${source}'.`);
    }
    if (/^fluent\/(?:s|json)\s/.test(source)) {
      this.#warn(
        at,
        'CONFIG_VALUE_DOUBTFUL',
        `The ! of a tag is missing: this is the text ${source}.`,
        `Write !${source}`,
      );
    }
    return { kind: 'scalar', at, text, json };
  }

  #map(map: YAMLMap<Node, Node | null>, at: Position): YamlMap {
    const entries = new Map<string, YamlEntry>();
    const merged = new Map<string, YamlEntry>();
    for (const { key, value } of map.items) {
      const keyAt = this.#placeOf(key);
      const read = this.node(value, key.range?.[1] ?? 0);
      if (!isScalar(key)) {
        this.#error(keyAt, 'CONFIG_YAML_FORM', 'A name is a list or a mapping.', 'Write a word in front of the colon.');
      } else if (key.value === '<<' && key.type === 'PLAIN') {
        this.#merge(read, keyAt, merged);
      } else {
        this.#set(entries, String(key.value ?? ''), { at: keyAt, value: read });
      }
    }
    return { kind: 'map', at, entries: new Map([...merged, ...entries]) };
  }

  #set(entries: Map<string, YamlEntry>, name: string, entry: YamlEntry): void {
    const before = entries.get(name);
    if (before !== undefined) {
      const whole = before.value.kind !== 'scalar' || entry.value.kind !== 'scalar';
      this.#context.report({
        code: 'CONFIG_OPTION_REPEATED',
        // What would be lost is more than a value: a source, or a section.
        severity: whole ? 'error' : 'warning',
        at: entry.at,
        text: `${name} stands twice in this mapping: this one takes the place of the one on line ${before.at.line}.`,
        hint: whole ? 'Write a list where both are meant, with - in front of each.' : 'Remove one of them.',
      });
    }
    entries.set(name, entry);
  }

  /** `<<: *anchor`, or a list of such, or a file. */
  #merge(node: YamlNode, at: Position, into: Map<string, YamlEntry>): void {
    if (node.kind === 'map') {
      for (const [name, entry] of node.entries) {
        into.set(name, entry);
      }
    } else if (node.kind === 'list') {
      // The first of several wins.
      for (const item of node.items.toReversed()) {
        this.#merge(item, at, into);
      }
    } else if (node.kind === 'scalar' && !isNothing(node)) {
      const hint = 'Write <<: *NAME, where &NAME stands before a mapping, or <<: !include FILE.';
      this.#error(at, 'CONFIG_YAML_FORM', '<< takes in a mapping, and this is none.', hint);
    }
  }

  /** One file is what it says, several are the list of what they say. */
  #include(node: Node, at: Position): YamlNode {
    const argument = isScalar(node) ? String(node.value ?? '') : '';
    if (argument === '') {
      this.#error(at, 'CONFIG_INCLUDE_EMPTY', '!include names no file.', 'Write the path of a file behind it.');
      return { kind: 'broken', at };
    }
    const files = this.#context.include(argument, at);
    if (files.length === 0) {
      return { kind: 'broken', at };
    }
    const [only] = files;
    if (files.length === 1 && only !== undefined) {
      return only;
    }
    return { kind: 'list', at, items: files.flatMap((file) => (file.kind === 'list' ? file.items : [file])) };
  }

  #fluentString(node: Node, at: Position): YamlNode {
    if (!isScalar(node)) {
      this.#error(
        at,
        'CONFIG_YAML_TAG',
        '!fluent/s stands before a text only.',
        'Write !fluent/json before a list or mapping.',
      );
      return { kind: 'broken', at };
    }
    const value = String(node.value ?? '');
    const [start = 0, end = 0] = node.range ?? [];
    const inside = this.#scanner.text.slice(start, end).indexOf(value);
    const text = new PlacedScanner(this.#scanner, value, start, inside < 0 ? undefined : start + inside);
    let read: ExpressionValue = '';
    try {
      read = scanRest(text, this.#context.surroundings, this.#context.report);
    } catch (error) {
      if (!(error instanceof SyntaxFault)) {
        throw error;
      }
      this.#context.report(error.problem);
    }
    return { kind: 'scalar', at, text: read, json: typeof read === 'string' ? read : null };
  }

  #placeOf(node: Node): Position {
    return this.#scanner.place(node.range?.[0] ?? 0);
  }

  #error(at: Position, code: string, text: string, hint: string): void {
    this.#context.report({ code, severity: 'error', at, text, hint });
  }

  #warn(at: Position, code: string, text: string, hint: string): void {
    const problem: Problem = { code, severity: 'warning', at, text, hint };
    this.#context.report(problem);
  }
}

/** A value by itself, whose places are those in its file, or all the place of the value where it is written with escapes. */
class PlacedScanner extends Scanner {
  readonly #outer: Scanner;
  readonly #start: number;
  readonly #inside: number | undefined;

  constructor(outer: Scanner, value: string, start: number, inside: number | undefined) {
    super(outer.file, value);
    this.#outer = outer;
    this.#start = start;
    this.#inside = inside;
  }

  override place(offset: number): Position {
    return this.#outer.place(this.#inside === undefined ? this.#start : this.#inside + offset);
  }
}
