// Reads the command line: commands, options, and the flags that people know from Fluentd. What commands do is their own business.
import { parseArgs } from 'node:util';

export const commands = ['run', 'check', 'route', 'send', 'tail', 'health', 'init', 'reload'] as const;
export type Command = (typeof commands)[number];

/** Flags of Fluentd that are taken so that its command lines work, without any effect here. */
const ofFluentd = {
  'no-supervisor': { type: 'boolean' },
  supervisor: { type: 'boolean' },
  'under-supervisor': { type: 'boolean' },
  'log-rotate-age': { type: 'string' },
  'log-rotate-size': { type: 'string' },
  'suppress-config-dump': { type: 'boolean' },
  'emit-error-log-interval': { type: 'string' },
  'use-v1-config': { type: 'boolean' },
  // The form follows from the file's name.
  'config-file-type': { type: 'string' },
  'suppress-repeated-stacktrace': { type: 'string' },
  'without-source': { type: 'boolean' },
  workers: { type: 'string' },
  user: { type: 'string', short: 'u' },
  group: { type: 'string', short: 'g' },
  daemon: { type: 'string', short: 'd' },
  log: { type: 'string', short: 'o' },
} as const;

const options = {
  ...ofFluentd,
  config: { type: 'string', short: 'c' },
  control: { type: 'string' },
  'dry-run': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  host: { type: 'string' },
  json: { type: 'boolean' },
  'log-format': { type: 'string' },
  'login-file': { type: 'string' },
  plugin: { type: 'string', short: 'p', multiple: true },
  port: { type: 'string' },
  since: { type: 'string' },
  quiet: { type: 'boolean', short: 'q', multiple: true },
  strict: { type: 'boolean' },
  token: { type: 'string' },
  url: { type: 'string' },
  verbose: { type: 'boolean', short: 'v', multiple: true },
  version: { type: 'boolean' },
  viewer: { type: 'string' },
  watch: { type: 'boolean' },
} as const;

export interface Arguments {
  readonly command: Command;
  readonly help: boolean;
  readonly version: boolean;
  readonly config: string | undefined;
  readonly control: string | undefined;
  readonly json: boolean;
  readonly strict: boolean;
  readonly logFormat: 'text' | 'json' | undefined;
  /** How many steps more (or less, where negative) the log says than it would. */
  readonly verbosity: number;
  /** Folders with plug-ins of the user's. */
  readonly plugins: readonly string[];
  /** As it was written behind `--viewer`; '' where nothing was. */
  readonly viewer: string | undefined;
  readonly watch: boolean;
  /** Of send. */
  readonly host: string | undefined;
  readonly port: string | undefined;
  /** Of tail. */
  readonly url: string | undefined;
  readonly token: string | undefined;
  readonly loginFile: string | undefined;
  readonly since: string | undefined;
  readonly rest: readonly string[];
  /** Fluentd's flags that have no effect. */
  readonly ignored: readonly string[];
}

/** What is wrong with a command line, as a sentence. */
export class UsageError extends Error {}

/** `args` is what stands behind the program's name; `extra` are Fluentd's `FLUENTD_OPT`, which a command may not stand in. */
export function readArguments(args: readonly string[], extra: readonly string[] = []): Arguments {
  const [first = ''] = args;
  const named = commands.find((command) => command === first);
  if (named === undefined && first !== '' && !first.startsWith('-')) {
    throw new UsageError(`There is no command "${first}". Commands: ${commands.join(', ')}.`);
  }
  const { values, positionals } = parse(withViewer([...(named === undefined ? args : args.slice(1)), ...extra]));
  const command = values['dry-run'] === true ? 'check' : (named ?? 'run');
  const most = {
    route: Number.POSITIVE_INFINITY,
    send: 1,
    tail: Number.POSITIVE_INFINITY,
    run: 0,
    check: 0,
    health: 0,
    init: 2,
    reload: 0,
  }[command];
  if (positionals.length > most) {
    throw new UsageError(`"${positionals[most]}" is one word too many. A configuration file is given with -c.`);
  }
  const logFormat = values['log-format'];
  if (logFormat !== undefined && logFormat !== 'text' && logFormat !== 'json') {
    throw new UsageError(`--log-format takes text or json, not "${logFormat}".`);
  }
  return {
    command,
    help: values.help === true,
    version: values.version === true,
    config: values.config,
    control: values.control,
    json: values.json === true,
    strict: values.strict === true,
    logFormat,
    viewer: values.viewer,
    watch: values.watch === true,
    host: values.host,
    port: values.port,
    url: values.url,
    token: values.token,
    loginFile: values['login-file'],
    since: values.since,
    verbosity: (values.verbose?.length ?? 0) - (values.quiet?.length ?? 0),
    plugins: values.plugin ?? [],
    rest: positionals,
    ignored: Object.keys(ofFluentd).filter((name) => Object.hasOwn(values, name)),
  };
}

/** `--viewer` may stand alone, and with its address as one word or as two. */
function withViewer(args: readonly string[]): string[] {
  return args.flatMap((arg, index) => {
    if (arg === '--viewer') {
      const next = args[index + 1] ?? '';
      return /^(?:on|off|\d+|\S*:\d+)$/.test(next) && !next.startsWith('-') ? [arg] : ['--viewer='];
    }
    return [arg];
  });
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0]}. See forebay --help.`);
  }
}

export const usage = `Usage: forebay [command] [options]

Commands
  run      takes events in, routes them and hands them out (the default)
  check    says what is wrong with a configuration; exit code 0 or 2
  route    says which filters and which match a tag passes: forebay route -c FILE [TAG…]
  tail     follows the events of a running collector: forebay tail [QUERY]
  send     sends JSON lines from standard input as events: forebay send TAG
  health   asks a running collector whether all is well; exit code 0 or 1
  init     gives a configuration to begin with: forebay init docker|sidecar|kubernetes|aggregator [FILE]
  reload   has a running collector read its configuration again; exit code 0, or 1 where it runs on with the old one

Options
  -c, --config FILE         the configuration (else FOREBAY_CONF, else the one that ships)
      --control PATH        the control socket
      --log-format FORMAT   text or json (else text at a terminal, json elsewhere)
  -v, --verbose / -q, --quiet   the log says more, or less; may be repeated
      --viewer[=HOST:PORT]  run: shows the events in a browser (else FOREBAY_VIEWER; default 127.0.0.1:8080; off: not)
      --watch               run: a change of the configuration, or of what it includes, is taken at once
      --url URL, --token T  tail: the page of the collector (else asked over the control socket, or FOREBAY_TOKEN)
      --login-file FILE     tail: a user's NAME:PASSWORD (else FOREBAY_LOGIN)
      --since TIME          tail: begins with what came since then: 15m, 2h, 14:30, 2026-01-31
      --host H, --port P    send: where the collector listens (default 127.0.0.1, 24224)
      --json                check, route and tail: for programs
      --strict              check and run: warnings are errors
      --dry-run             as check
      --version, -h, --help
`;
