// From the tree of a configuration to what is to run: inputs, and the rules of every label, each with its plug-in and the values of its
// options. Everything that is wrong is reported; making and starting the parts is the graph's.
import type { Attribute, Element, Position } from '../config/element.ts';
import type { LogLevel } from '../config/log-levels.ts';
import { suggestion } from '../config/nearest.ts';
import type { Options, PluginSection } from '../config/options.ts';
import type { Report } from '../config/problem.ts';
import { type ReadContext, readOptions, readPlugin } from '../config/reader.ts';
import { missingType, readLogLevel, reservedValue, typePlace, unknownType } from '../config/reserved.ts';
import { convert } from '../config/values.ts';
import { besideOutput } from '../flush/buffer-section.ts';
import type { FilterDefinition } from '../plugin/filter.ts';
import type { InputDefinition } from '../plugin/input.ts';
import type { OutputDefinition } from '../plugin/output.ts';
import type { PluginDefinition, Registry } from '../plugin/registry.ts';
import { parseTagPattern } from '../routing/tag-pattern.ts';
import { checkFiles } from './file-check.ts';
import { checkLabels } from './label-check.ts';
import { type SystemSettings, systemOptions, systemSettings } from './system.ts';

interface Planned {
  readonly options: Readonly<Record<string, unknown>>;
  /** `@id`, or one made from type and place; unique in the plan. */
  readonly id: string;
  /** `@log_level`. */
  readonly logLevel?: LogLevel;
  readonly element: Element;
}

export interface PlannedInput extends Planned {
  readonly definition: InputDefinition;
  /** Where its events go: `@ROOT` is the top level. */
  readonly label: string;
}

export interface PlannedOutput extends Planned {
  readonly definition: OutputDefinition;
  /** `@label`, for outputs that send events on. */
  readonly label?: string;
  /** The outputs that it has in sections of its own, as `<store>`. */
  readonly outputs: readonly PlannedOutput[];
}

export interface PlannedMatch extends PlannedOutput {
  readonly kind: 'match';
  /** As in the configuration; an absent one is `**`. */
  readonly pattern: string;
}

export interface PlannedFilter extends Planned {
  readonly kind: 'filter';
  readonly pattern: string;
  readonly definition: FilterDefinition;
  readonly label?: string;
}

export type PlannedRule = PlannedMatch | PlannedFilter;

export interface Plan {
  readonly inputs: readonly PlannedInput[];
  /** The rules of each label in the order of the configuration; the top level is `@ROOT`. */
  readonly labels: ReadonlyMap<string, readonly PlannedRule[]>;
  /** What `<system>` says; undefined where there is none. */
  readonly system: SystemSettings | undefined;
}

export const rootLabel = '@ROOT';
/** Where events go that a plug-in refuses. */
export const errorLabel = '@ERROR';
/** Where the events of the own log go. */
export const ownLogLabel = '@FLUENT_LOG';

export interface PlanOptions {
  /** Refuses values that Fluentd would bend, as `strict_config_value true` in `<system>` does. */
  readonly strict?: boolean;
  /** Is told of each value that must not be shown. */
  readonly secret?: (attribute: Attribute) => void;
}

/** Plans the configuration. Where an error is reported the plan is not to be run. */
export async function plan(
  root: Element,
  registry: Registry,
  report: Report,
  options: PlanOptions = {},
): Promise<Plan> {
  return await new Planner(root, registry, report, options).plan();
}

const rootSections: readonly string[] = ['source', 'match', 'filter', 'label', 'system'];

class Planner {
  readonly #root: Element;
  readonly #registry: Registry;
  readonly #report: Report;
  readonly #options: PlanOptions;
  readonly #inputs: PlannedInput[] = [];
  readonly #labels = new Map<string, PlannedRule[]>([[rootLabel, []]]);
  readonly #labelPlaces = new Map<string, Position>();
  readonly #ids = new Map<string, Position>();
  readonly #madeIds = new Set<string>();
  #context: ReadContext;

  constructor(root: Element, registry: Registry, report: Report, options: PlanOptions) {
    this.#root = root;
    this.#registry = registry;
    this.#report = report;
    this.#options = options;
    this.#context = this.#readContext(options.strict === true);
  }

  async plan(): Promise<Plan> {
    const system = await this.#readSystem();
    await readOptions({ ...this.#root, elements: [] }, {}, this.#context);
    this.#findIds(this.#root);
    for (const element of this.#root.elements) {
      if (element.name === 'label') {
        this.#declareLabel(element);
      }
    }
    for (const element of this.#root.elements) {
      await this.#planSection(element);
    }
    checkLabels(this.#inputs, this.#labels, this.#report);
    checkFiles(this.#labels, this.#report);
    return { inputs: this.#inputs, labels: this.#labels, system };
  }

  #readContext(strict: boolean): ReadContext {
    const registry = this.#registry;
    const { secret } = this.#options;
    return {
      strict,
      report: this.#report,
      resolve: (kind, type, at) => this.#load(kind, type, at),
      known: (kind) => registry.known(kind),
      idOf: (section, type) => this.#idOf(section, type),
      beside: (definition, element) =>
        definition.kind === 'output' ? besideOutput(definition as OutputDefinition, element, this.#report) : undefined,
      ...(secret === undefined ? {} : { secret }),
    };
  }

  async #load(kind: string, type: string, at: Position): Promise<PluginDefinition | 'broken' | undefined> {
    try {
      return await this.#registry.load(kind, type);
    } catch (error) {
      this.#error(
        at,
        'CONFIG_PLUGIN_BROKEN',
        `The ${kind} "${type}" cannot be loaded: ${error instanceof Error ? error.message : String(error)}.`,
        'Its file is damaged, or a package that it needs is not installed.',
      );
      return 'broken';
    }
  }

  async #readSystem(): Promise<SystemSettings | undefined> {
    const [system, second] = this.#root.elements.filter(({ name }) => name === 'system');
    if (system === undefined) {
      return undefined;
    }
    if (second !== undefined) {
      this.#error(
        second.at,
        'CONFIG_SECTION_REPEATED',
        'The section <system> may stand only once.',
        `Put it together with the one on line ${system.at.line}.`,
      );
    }
    // Whether values are strict holds for this section itself too.
    const wanted = system.attributes.get('strict_config_value')?.value;
    if (typeof wanted === 'string' && convert('bool', wanted, { strict: false }).value === true) {
      this.#context = this.#readContext(true);
    }
    return systemSettings(await readOptions(system, systemOptions, this.#context));
  }

  /** The ids that stand in the configuration, so that none is made that is there already. */
  #findIds(element: Element): void {
    for (const child of element.elements) {
      const id = child.attributes.get('@id')?.value;
      if (typeof id === 'string') {
        this.#madeIds.add(id);
      }
      this.#findIds(child);
    }
  }

  #declareLabel(element: Element): void {
    const name = element.arg;
    const earlier = this.#labelPlaces.get(name);
    if (name === '') {
      this.#error(element.at, 'CONFIG_LABEL_NAMELESS', 'A <label> needs a name.', 'Write it as <label @NAME>.');
    } else if (name === rootLabel) {
      this.#error(
        element.at,
        'CONFIG_LABEL_RESERVED',
        `${rootLabel} is the name of the top level.`,
        'Write the sections at the top level, or take another name.',
      );
    } else if (earlier !== undefined) {
      this.#error(
        element.at,
        'CONFIG_LABEL_REPEATED',
        `The label ${name} stands twice; the first is on line ${earlier.line} of ${earlier.file}.`,
        'Put the two sections together.',
      );
    } else {
      this.#labels.set(name, []);
      this.#labelPlaces.set(name, element.at);
    }
  }

  async #planSection(element: Element): Promise<void> {
    switch (element.name) {
      case 'source':
        await this.#planInput(element);
        break;
      case 'match':
      case 'filter':
        await this.#planRule(element, element.name, rootLabel);
        break;
      case 'label':
        await this.#planLabel(element);
        break;
      case 'system':
        break;
      case 'worker':
        this.#error(
          element.at,
          'CONFIG_WORKER_SECTION',
          'There are no <worker> sections here: one process does all.',
          'Move what is in it to the top level.',
        );
        break;
      default:
        this.#unknownSection(element, 'at the top level', rootSections);
    }
  }

  async #planLabel(element: Element): Promise<void> {
    for (const child of element.elements) {
      if (child.name === 'match' || child.name === 'filter') {
        await this.#planRule(child, child.name, element.arg);
      } else {
        this.#unknownSection(child, 'in <label>', ['match', 'filter']);
      }
    }
    await readOptions({ ...element, elements: [] }, {}, this.#context);
    if (!element.elements.some(({ name }) => name === 'match')) {
      this.#error(
        element.at,
        'CONFIG_LABEL_WITHOUT_MATCH',
        `The label ${element.arg} has no <match>: nothing would take its events.`,
        'Add a <match> section to it.',
      );
    }
  }

  #unknownSection(element: Element, where: string, known: readonly string[]): void {
    this.#report({
      code: 'CONFIG_UNKNOWN_SECTION',
      severity: 'warning',
      at: element.at,
      text: `The section <${element.name}> has no meaning ${where}.`,
      hint: suggestion(element.name, known, ''),
    });
  }

  async #planInput(element: Element): Promise<void> {
    const planned = await this.#planPlugin(element, 'input');
    if (planned !== undefined) {
      const { definition, ...rest } = planned;
      const label = this.#labelOf(element) ?? rootLabel;
      this.#inputs.push({ ...rest, definition: definition as InputDefinition, label });
    }
  }

  async #planRule(element: Element, kind: 'match' | 'filter', labelName: string): Promise<void> {
    const pattern = element.arg === '' ? '**' : element.arg;
    this.#checkPattern(pattern, element.at);
    const planned = await this.#planPlugin(element, kind === 'match' ? 'output' : 'filter');
    if (planned === undefined) {
      return;
    }
    const { definition, ...rest } = planned;
    const label = this.#labelOf(element);
    const common = { ...rest, pattern, ...(label === undefined ? {} : { label }) };
    this.#labels.get(labelName)?.push(
      kind === 'match'
        ? {
            kind,
            ...common,
            definition: definition as OutputDefinition,
            outputs: outputsOf(definition.options, rest.options),
          }
        : { kind, ...common, definition: definition as FilterDefinition },
    );
  }

  #labelOf(element: Element): string | undefined {
    const label = element.attributes.get('@label')?.value;
    return typeof label === 'string' ? label : undefined;
  }

  #checkPattern(pattern: string, at: Position): void {
    const parsed = parseTagPattern(pattern);
    for (const { code, severity, text, hint } of parsed.ok ? parsed.warnings : [parsed.problem]) {
      this.#report({ code, severity, at, text, hint });
    }
  }

  async #planPlugin(
    element: Element,
    kind: 'input' | 'output' | 'filter',
  ): Promise<(Planned & { readonly definition: PluginDefinition }) | undefined> {
    const type = reservedValue(element, '@type');
    if (type === undefined) {
      this.#report(missingType(element, kind, this.#registry.known(kind)));
      return undefined;
    }
    const at = typePlace(element);
    const definition = await this.#load(kind, type, at);
    if (definition === undefined) {
      this.#report(unknownType(kind, type, at, this.#registry.known(kind)));
    }
    if (definition === undefined || definition === 'broken') {
      return undefined;
    }
    const options = await readPlugin(definition, element, this.#context);
    const logLevel = readLogLevel(element, this.#report);
    const level = logLevel === undefined ? {} : { logLevel };
    return { definition, options, id: this.#idOf(element, type), ...level, element };
  }

  #idOf(element: Element, type: string): string {
    const id = reservedValue(element, '@id');
    if (id !== undefined && id !== '') {
      const at = (element.attributes.get('@id') ?? element.attributes.get('id'))?.valueAt ?? element.at;
      const earlier = this.#ids.get(id);
      if (earlier !== undefined) {
        this.#error(
          at,
          'CONFIG_ID_REPEATED',
          `The @id ${id} stands twice; the first is on line ${earlier.line} of ${earlier.file}.`,
          'Give each plug-in an @id of its own.',
        );
      }
      this.#ids.set(id, at);
      return id;
    }
    const file = element.at.file.replace(/^.*\//, '');
    const made = `${type}@${file}:${element.at.line}`;
    let unique = made;
    for (let n = 2; this.#madeIds.has(unique); n++) {
      unique = `${made}#${n}`;
    }
    this.#madeIds.add(unique);
    return unique;
  }

  #error(at: Position, code: string, text: string, hint: string): void {
    this.#report({ code, severity: 'error', at, text, hint });
  }
}

/** The outputs in the sections of an output. */
function outputsOf(options: Options, values: Readonly<Record<string, unknown>>): PlannedOutput[] {
  const declared = Object.entries(options).filter(([, { type, kind }]) => type === 'plugins' && kind === 'output');
  // Of an output that gets chunks; others have a section of that name which holds no plug-in.
  const secondary = Array.isArray(values['secondary']) ? ['secondary'] : [];
  return [...declared.map(([name]) => name), ...secondary]
    .flatMap((name) => (values[name] ?? []) as readonly PluginSection[])
    .map(({ definition, options: read, id, logLevel, element, label }) => ({
      definition: definition as OutputDefinition,
      options: read,
      id,
      ...(logLevel === undefined ? {} : { logLevel }),
      element,
      ...(label === undefined ? {} : { label }),
      outputs: outputsOf(definition.options, read),
    }));
}
