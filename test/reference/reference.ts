// The reference of the configuration, as pages in Markdown, from the declarations that also drive validation: nothing is said twice.
import { readFileSync } from 'node:fs';
import type { Option, Options } from '../../src/config/options.ts';
import { errorTable } from '../../src/core/errors.ts';
import { systemOptions } from '../../src/engine/system.ts';
import { heldOptions } from '../../src/flush/buffer-section.ts';
import { counterHelp, gaugeHelp } from '../../src/http/metric-help.ts';
import { type PluginDefinition, pluginFolders, Registry } from '../../src/plugin/registry.ts';
import type { Difference } from '../support/differences.ts';

/** How a plug-in of each kind is named in a configuration. */
const sections: Readonly<Record<string, string>> = {
  input: '<source>',
  filter: '<filter>',
  output: '<match>',
  parser: '<parse>',
  formatter: '<format>',
  buffer: '<buffer>',
};

const generated = '<!-- Written by `npm run docs:reference` from the declarations in src/; changes are made there. -->';

/** All pages, by their names. */
export async function referencePages(): Promise<ReadonlyMap<string, string>> {
  const registry = new Registry();
  const pages = new Map<string, string>();
  const index: string[] = [];
  for (const kind of Object.keys(pluginFolders)) {
    const rows: string[] = [];
    for (const type of registry.known(kind)) {
      const definition = await registry.load(kind, type);
      if (definition !== undefined) {
        const name = `${kind}-${type}.md`;
        pages.set(name, pluginPage(definition));
        rows.push(`| [\`${type}\`](${name}) | ${cell(definition.summary)} |`);
      }
    }
    if (rows.length > 0) {
      index.push(`## \`${sections[kind]}\`\n\n| \`@type\` | |\n|---|---|\n${rows.join('\n')}\n`);
    }
  }
  pages.set('system.md', systemPage());
  pages.set('errors.md', errorsPage());
  pages.set('metrics.md', metricsPage());
  pages.set('README.md', indexPage(index));
  return pages;
}

/** The list of what Forebay refuses and Fluentd takes, for config/README.md. */
export function refusedList(): string {
  const all = JSON.parse(
    readFileSync(new URL('../vectors/differences.json', import.meta.url), 'utf8'),
  ) as readonly Difference[];
  const refused = all.filter(({ ours, file }) => isRefusal(ours) || (file === 'config_check.json' && ours === false));
  return [...new Set(refused.map(({ reason }) => `- ${plain(reason)}`))].join('\n');
}

function isRefusal(ours: unknown): boolean {
  return typeof ours === 'object' && ours !== null && ('refused' in ours || 'codes' in ours);
}

/** The page with the list put between its marks. */
export function withList(page: string, list: string): string {
  const marks = /(<!-- refused -->\n)[\s\S]*?(\n<!-- \/refused -->)/;
  if (!marks.test(page)) {
    throw new Error('The marks for the list are missing.');
  }
  return page.replace(marks, (_, begin: string, end: string) => begin + list + end);
}

function indexPage(kinds: readonly string[]): string {
  return `# Reference

${generated}

Every option of every plug-in that Forebay has. What each section may hold beside: \`@type\`, \`@id\`, \`@label\`, \`@log_level\`.

Values are written as in Fluentd: a size as \`8m\` (bytes, or k, m, g, t), a duration as \`60s\` (seconds, or s, m, h, d), a list as \`a, b\` or JSON, a hash as \`a:1, b:2\` or JSON, a regular expression between slashes.

${kinds.join('\n')}
## The rest

- [\`<system>\`](system.md)
- [What the log and \`check\` say](errors.md)
- [Metrics](metrics.md)
`;
}

function pluginPage(definition: PluginDefinition): string {
  const { kind, type, summary, options } = definition;
  return `# \`@type ${type}\` in \`${sections[kind]}\`

${generated}

${plain(summary)}

${describe(kind === 'buffer' ? { ...options, ...heldOptions } : options, 2, new Set())}`;
}

function systemPage(): string {
  return `# \`<system>\`

${generated}

What holds for the whole program. It stands once, at the top level.

${describe(systemOptions, 2, new Set())}`;
}

function metricsPage(): string {
  const rows = [
    ...Object.entries(counterHelp).map(([name, help]) => `| \`${name}\` | counter | ${cell(help)} |`),
    ...Object.entries(gaugeHelp).map(([name, help]) => `| \`${name}\` | gauge | ${cell(help)} |`),
  ];
  return `# Metrics

${generated}

What \`/metrics\` at the \`http_port\` of [\`<system>\`](system.md) has, beside the figures of the process that every Node program has (\`process_…\`, \`nodejs_…\`). The label \`id\` is the plug-in's \`@id\`, or its type, file and line. What is said with a [code](errors.md) on the way of a connection is counted as \`forebay_<code>_total\`.

| metric | type | |
|---|---|---|
${rows.join('\n')}
`;
}

function errorsPage(): string {
  const rows = Object.entries(errorTable).map(
    ([code, { template, retryable, fatalFor }]) =>
      `| \`${code}\` | ${cell(template)} | ${fatalFor} | ${retryable ? 'yes' : 'no'} |`,
  );
  return `# What the running program says

${generated}

Codes of the log, with the sentence, how far the damage reaches, and whether the same may go well when it is tried again. What \`forebay check\` says of a configuration has codes of its own, which begin with \`CONFIG_\`, \`LINT_\` and \`TAG_PATTERN_\`; each says in its text what to do.

| code | sentence | ends | again |
|---|---|---|---|
${rows.join('\n')}
`;
}

/** A table of the options that have an effect, lists of the others, and the sections in them, one level deeper. */
function describe(options: Options, depth: number, above: ReadonlySet<Options>): string {
  const all = Object.entries(options);
  const current = all.filter(([, { ignored, deprecated }]) => ignored === undefined && deprecated === undefined);
  const plain = current.filter(([, option]) => !isSection(option));
  const parts: string[] = [];
  if (plain.length > 0) {
    parts.push(`| option | type | default | |\n|---|---|---|---|\n${plain.map(row).join('\n')}\n`);
  } else if (all.length === 0) {
    parts.push('It has no options of its own.\n');
  }
  parts.push(
    ...listOf('Out of date, and still taken', all, ({ deprecated }) => deprecated),
    ...listOf('Taken without effect', all, ({ ignored, deprecated }) =>
      deprecated === undefined ? ignored : undefined,
    ),
  );
  for (const [name, option] of current.filter(([, each]) => isSection(each))) {
    parts.push(sectionOf(name, option, depth, new Set([...above, options])));
  }
  return parts.join('\n');
}

function sectionOf(name: string, option: Option<unknown>, depth: number, above: ReadonlySet<Options>): string {
  const often =
    option.type === 'sections' || option.type === 'plugins' || option.type === 'pairs' ? ', as often as wanted' : '';
  const argument = option.argument === undefined ? '' : ` The option \`${option.argument}\` stands behind the name.`;
  const chosen =
    option.kind === undefined
      ? ''
      : ` It names a ${option.kind} with \`@type\`${option.default === undefined ? '' : `; without one, \`${option.default}\``}.`;
  const head = `${'#'.repeat(Math.min(6, depth))} \`<${name}>\`${often}\n\n${plain(option.desc)}${argument}${chosen}\n`;
  const inner = option.options;
  if (inner === undefined || above.has(inner) || Object.keys(inner).length === 0) {
    return head;
  }
  return `${head}\n${describe(inner, depth + 1, above)}`;
}

function row([name, option]: readonly [string, Option<unknown>]): string {
  const type = option.type === 'enum' ? (option.values ?? []).map((value) => `\`${value}\``).join(', ') : option.type;
  const value =
    option.required === true ? 'required' : option.default === undefined ? '' : `\`${shown(option.default)}\``;
  const old = option.aliases === undefined ? '' : ` Also \`${option.aliases.join('`, `')}\`.`;
  const secret = option.secret === true ? ' It is shown nowhere.' : '';
  return `| \`${name}\` | ${type} | ${value} | ${cell(option.desc)}${old}${secret} |`;
}

function listOf(
  title: string,
  all: readonly (readonly [string, Option<unknown>])[],
  why: (option: Option<unknown>) => string | undefined,
): string[] {
  const byReason = new Map<string, string[]>();
  for (const [name, option] of all) {
    const reason = why(option)?.replace(/\.$/, '');
    if (reason !== undefined) {
      byReason.set(reason, [...(byReason.get(reason) ?? []), isSection(option) ? `\`<${name}>\`` : `\`${name}\``]);
    }
  }
  const lines = [...byReason].map(([reason, names]) => `- ${namesOf(names)}: ${plain(reason)}.`);
  return lines.length === 0 ? [] : [`${title}:\n\n${lines.join('\n')}\n`];
}

/** Options that are numbered are not listed one by one. */
function namesOf(names: readonly string[]): string {
  const numbered = names.length > 8 && names.every((name) => /\d`$/.test(name));
  return numbered ? `${names[0]} to ${names.at(-1)}` : names.join(', ');
}

function isSection({ type }: Option<unknown>): boolean {
  return type === 'section' || type === 'sections' || type === 'plugin' || type === 'plugins' || type === 'pairs';
}

function shown(value: string): string {
  return value.replaceAll('\t', '\\t').replaceAll('\n', '\\n');
}

/** Text that no reader of Markdown takes for a tag. */
function plain(text: string): string {
  return text.replaceAll('<', '&lt;');
}

function cell(text: string): string {
  return plain(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
}
