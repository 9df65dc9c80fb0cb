// Reads the options that a plug-in or section declares (options.ts) out of an element: values, defaults, sections, and what is wrong with
// them. Which plug-ins there are is the caller's to say.

import type { Attribute, Element, Position } from './element.ts';
import { nearest, suggestion } from './nearest.ts';
import type { Option, Optioned, Options, Pair, PluginChoice, PluginSection, Values } from './options.ts';
import type { Problem, Report } from './problem.ts';
import { missingType, outdated, readLogLevel, reserved, reservedValue, typePlace, unknownType } from './reserved.ts';
import { readScalar } from './scalar-option.ts';

export interface ReadContext {
  /** `strict_config_value true` in `<system>`: values that Fluentd would bend are refused. */
  readonly strict: boolean;
  readonly report: Report;
  /** The plug-in of a kind and type: undefined if there is none, 'broken' if it cannot be loaded and that was reported. */
  resolve(kind: string, type: string, at: Position): Promise<Optioned | 'broken' | undefined>;
  /** The types of a kind, for hints. */
  known(kind: string): readonly string[];
  /** The id of a section that is a plug-in of its own. */
  idOf?(section: Element, type: string): string;
  /** Is told of each value that must not be shown. */
  secret?(attribute: Attribute): void;
}

/** Reads all options. Where something is reported as an error the values are not to be used. */
export async function readOptions<const O extends Options>(
  element: Element,
  options: O,
  context: ReadContext,
): Promise<Values<O>> {
  const reader = new OptionReader(element, context);
  const values = await reader.read(options);
  reader.reportUnknown();
  return values as Values<O>;
}

/** Reads the options of a plug-in, and has it check them where each is right by itself. `beside` are read too, for whoever has the section. */
export async function readPlugin(
  definition: Optioned,
  element: Element,
  context: ReadContext,
  beside: Options = {},
): Promise<Readonly<Record<string, unknown>>> {
  let errors = 0;
  const report: Report = (problem) => {
    errors += problem.severity === 'error' ? 1 : 0;
    context.report(problem);
  };
  const options = await readOptions(element, { ...beside, ...definition.options }, { ...context, report });
  if (errors === 0) {
    definition.check?.(options, element, context.report);
  }
  return options;
}

/** Sections that protect a connection: where one is not understood, going on without it would leave the connection open. */
const protective: ReadonlySet<string> = new Set(['security', 'transport']);

class OptionReader {
  readonly #element: Element;
  readonly #context: ReadContext;
  /** Names of parameters and of sections that something here means. */
  readonly #names = new Set<string>();
  readonly #sections = new Set<string>();
  readonly #ignored: { readonly name: string; readonly reason: string; readonly attribute: Attribute }[] = [];

  constructor(element: Element, context: ReadContext) {
    this.#element = element;
    this.#context = context;
  }

  async read(options: Options): Promise<Record<string, unknown>> {
    const values: [string, unknown][] = [];
    for (const [name, option] of Object.entries(options)) {
      values.push([name, await this.#readOption(name, option)]);
    }
    return Object.fromEntries(values);
  }

  #readOption(name: string, option: Option<unknown>): unknown {
    switch (option.type) {
      case 'section':
      case 'sections':
        return this.#readSections(name, option);
      case 'pairs':
        return this.#readPairs(name, option);
      case 'plugin':
        return this.#readPlugin(name, option);
      case 'plugins':
        return this.#readPlugins(name, option);
      default:
        return this.#readScalar(name, option);
    }
  }

  #readScalar(name: string, option: Option<unknown>): unknown {
    const names = [name, ...(option.aliases ?? [])];
    for (const one of names) {
      this.#names.add(one);
    }
    const found = names.map((one) => this.#element.attributes.get(one)).find((one) => one !== undefined);
    if (found !== undefined) {
      this.#remark(name, option, found);
    }
    const { strict, report } = this.#context;
    return readScalar(name, option, { attribute: found, element: this.#element, strict, report });
  }

  /** What is to be said of an option that is there, whatever its value. */
  #remark(name: string, option: Option<unknown>, attribute: Attribute): void {
    if (option.secret === true) {
      this.#context.secret?.(attribute);
    }
    if (option.ignored !== undefined) {
      this.#ignored.push({ name, reason: option.ignored, attribute });
    }
    if (option.deprecated !== undefined) {
      this.#report('warning', 'CONFIG_OPTION_DEPRECATED', attribute.at, `${name} is out of date.`, option.deprecated);
    }
  }

  async #readSections(name: string, option: Option<unknown>): Promise<unknown> {
    const names = [name, ...(option.aliases ?? [])];
    for (const one of names) {
      this.#sections.add(one);
    }
    const found = this.#element.elements.filter((section) => names.includes(section.name));
    const values: unknown[] = [];
    for (const section of option.type === 'sections' ? found : found.slice(0, 1)) {
      this.#remarkSection(name, option, section);
      if (option.ignored === undefined || Object.keys(option.options ?? {}).length > 0) {
        const context = option.ignored === undefined ? this.#context : this.#quiet();
        values.push(await readOptions(withArgument(section, option.argument), option.options ?? {}, context));
      }
    }
    if (option.type === 'sections') {
      return values;
    }
    this.#refuseSecond(name, found);
    return values[0];
  }

  #readPairs(name: string, option: Option<unknown>): Pair[] {
    this.#sections.add(name);
    const found = this.#element.elements.filter((section) => section.name === name);
    for (const section of found) {
      this.#remarkSection(name, option, section);
      for (const inner of section.elements) {
        this.#unknownSection(inner, section, []);
      }
    }
    return found.flatMap(({ attributes }) =>
      [...attributes].map(([key, { value, at, valueAt }]) => ({
        name: key,
        value: typeof value === 'string' ? value : null,
        at,
        valueAt,
      })),
    );
  }

  /** For a section without effect: that its options have none is said by that. */
  #quiet(): ReadContext {
    const { report } = this.#context;
    return { ...this.#context, report: (problem) => problem.code === 'CONFIG_OPTION_IGNORED' || report(problem) };
  }

  #remarkSection(name: string, option: Option<unknown>, section: Element): void {
    const attribute = { value: null, at: section.at, valueAt: section.at };
    this.#remark(`<${name}>`, option, attribute);
  }

  #refuseSecond(name: string, found: readonly Element[]): void {
    const second = found[1];
    if (second !== undefined) {
      this.#report(
        'error',
        'CONFIG_SECTION_REPEATED',
        second.at,
        `The section <${name}> may stand only once here.`,
        `Put it together with the one on line ${found[0]?.at.line}.`,
      );
    }
  }

  /** A `<name>` section with `@type`; without one the parameter of that name, whose options then stand beside it; or the default. */
  async #readPlugin(name: string, option: Option<unknown>): Promise<PluginChoice | undefined> {
    this.#sections.add(name);
    const found = this.#element.elements.filter((section) => section.name === name);
    this.#refuseSecond(name, found);
    const [section] = found;
    if (section !== undefined) {
      this.#remarkSection(name, option, section);
      const type = reservedValue(section, '@type') ?? option.default;
      if (type === undefined) {
        this.#context.report(missingType(section, option.kind ?? '', this.#context.known(option.kind ?? '')));
        return undefined;
      }
      const definition = await this.#definition(option, type, section.attributes.get('@type')?.valueAt ?? section.at);
      return definition && this.#choice(option, type, definition, section);
    }
    const inlineName = option.inline ?? name;
    const inline = this.#element.attributes.get(inlineName);
    if (inline !== undefined && typeof inline.value === 'string') {
      this.#names.add(inlineName);
      const definition = await this.#definition(option, inline.value, inline.valueAt);
      return (
        definition && {
          kind: definition.kind,
          type: inline.value,
          definition,
          options: await this.read(definition.options),
        }
      );
    }
    const type = option.default;
    if (type === undefined) {
      this.#sectionMissing(name, option);
      return undefined;
    }
    const definition = await this.#definition(option, type, this.#element.at);
    const nothing: Element = { name, arg: '', attributes: new Map(), elements: [], at: this.#element.at };
    return definition && this.#choice(option, type, definition, nothing);
  }

  #sectionMissing(name: string, option: Option<unknown>): void {
    this.#report(
      'error',
      'CONFIG_SECTION_REQUIRED',
      this.#element.at,
      `The section <${name}> is missing in <${this.#element.name}>.`,
      `Add one with an @type: ${suggestion('', this.#context.known(option.kind ?? ''), '')}`,
    );
  }

  async #choice(option: Option<unknown>, type: string, definition: Optioned, section: Element): Promise<PluginChoice> {
    const options = await readPlugin(definition, section, this.#context, option.options);
    return { kind: option.kind ?? definition.kind, type, definition, options };
  }

  async #readPlugins(name: string, option: Option<unknown>): Promise<PluginSection[]> {
    this.#sections.add(name);
    const found = this.#element.elements.filter((section) => section.name === name);
    if (found.length === 0 && option.required === true) {
      this.#sectionMissing(name, option);
    }
    const sections: PluginSection[] = [];
    for (const section of found) {
      this.#remarkSection(name, option, section);
      const type = reservedValue(section, '@type');
      if (type === undefined) {
        this.#context.report(missingType(section, option.kind ?? '', this.#context.known(option.kind ?? '')));
        continue;
      }
      const definition = await this.#definition(option, type, typePlace(section));
      if (definition !== undefined) {
        const choice = await this.#choice(option, type, definition, section);
        const id = this.#context.idOf?.(section, type) ?? `${type}@${section.at.line}`;
        const label = section.attributes.get('@label')?.value;
        sections.push({
          ...choice,
          id,
          logLevel: readLogLevel(section, this.#context.report),
          arg: section.arg,
          label: typeof label === 'string' ? label : undefined,
          own: Object.fromEntries(Object.keys(option.options ?? {}).map((own) => [own, choice.options[own]])),
          element: section,
        });
      }
    }
    return sections;
  }

  async #definition(option: Option<unknown>, type: string, at: Position): Promise<Optioned | undefined> {
    const kind = option.kind ?? '';
    const definition = await this.#context.resolve(kind, type, at);
    if (definition === undefined) {
      this.#context.report(unknownType(kind, type, at, this.#context.known(kind)));
    }
    return definition === 'broken' ? undefined : definition;
  }

  /** Names what nothing here means, and in one line what has no effect. */
  reportUnknown(): void {
    for (const [name, attribute] of this.#element.attributes) {
      if (!this.#names.has(name) && !reserved.has(name)) {
        this.#reportUnknownName(name, attribute);
      }
    }
    for (const section of this.#element.elements) {
      if (this.#names.has(section.name) && !this.#sections.has(section.name)) {
        this.#report(
          'warning',
          'CONFIG_UNKNOWN_SECTION',
          section.at,
          `${section.name} is an option of <${this.#element.name}>, and no section.`,
          `Write it as one value: ${section.name} {"a": "b"}; in YAML ${section.name}: !fluent/json {a: b}.`,
        );
      } else if (!this.#sections.has(section.name)) {
        this.#unknownSection(section, this.#element, [...this.#sections]);
      }
    }
    const [first] = this.#ignored;
    if (first !== undefined) {
      const list = this.#ignored.map(({ name, reason }) => `${name} (${reason.replace(/\.$/, '')})`).join(', ');
      this.#report(
        'warning',
        'CONFIG_OPTION_IGNORED',
        first.attribute.at,
        `Taken without effect: ${list}.`,
        'Nothing is to be done; they may stay.',
      );
    }
  }

  #unknownSection(section: Element, outer: Element, known: readonly string[]): void {
    const severity = protective.has(section.name) ? 'error' : 'warning';
    this.#report(
      severity,
      'CONFIG_UNKNOWN_SECTION',
      section.at,
      `The section <${section.name}> has no meaning in <${outer.name}>.`,
      severity === 'error'
        ? 'It protects a connection and is not supported here; remove it only if the connection may go unprotected.'
        : suggestion(section.name, known, 'There are no sections here: remove it.'),
    );
  }

  #reportUnknownName(name: string, { at }: Attribute): void {
    const newer = outdated.get(name);
    if (newer !== undefined && !this.#element.attributes.has(newer)) {
      this.#report('warning', 'CONFIG_OPTION_DEPRECATED', at, `${name} is out of date.`, `Write ${newer}.`);
      return;
    }
    const meant = nearest(name, [...this.#names, ...reserved]);
    this.#report(
      'warning',
      'CONFIG_UNKNOWN_OPTION',
      at,
      `The option ${name} has no meaning ${this.#element.name === 'ROOT' ? 'at the top level' : `in <${this.#element.name}>`}.`,
      meant === undefined ? 'Remove it, or check its spelling.' : `Did you mean ${meant}?`,
    );
  }

  #report(severity: Problem['severity'], code: string, at: Position, text: string, hint: string): void {
    this.#context.report({ code, severity, at, text, hint });
  }
}

/** The section with its argument as one of its parameters. */
function withArgument(section: Element, name: string | undefined): Element {
  if (name === undefined || section.arg === '') {
    return section;
  }
  const argument = { value: section.arg, at: section.at, valueAt: section.at };
  return { ...section, attributes: new Map([...section.attributes, [name, argument]]) };
}
