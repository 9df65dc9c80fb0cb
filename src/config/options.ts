// How a plug-in declares its options: once, with type, default and description. From this one declaration follow the values' types,
// validation and the reference. Reading values out of a configuration is reader.ts.
import type { Element, Position } from './element.ts';
import type { LogLevel } from './log-levels.ts';
import type { Report } from './problem.ts';

interface Common {
  /** One sentence for the reference, that ends with a full stop. */
  readonly desc: string;
  /** Never shown in logs, pages or dumps. */
  readonly secret?: boolean;
  /** Still taken, with a warning that says this sentence. */
  readonly deprecated?: string;
  /** Older names of the option. */
  readonly aliases?: readonly string[];
  /** Taken so that people's files load, without any effect here: named in one line at the start, with this reason. */
  readonly ignored?: string;
  /** Says what is wrong with a value that is of the right type, and what to write: without full stops. */
  readonly invalid?: (value: never) => { readonly fault: string; readonly hint: string } | undefined;
}

/** `default` is written as in a configuration file (`'8m'`, `'60s'`, `'true'`). Without one, a missing option is undefined, or an error if `required`. */
interface ScalarSpec extends Common {
  readonly default?: string;
  readonly required?: boolean;
}

export type ScalarType =
  | 'string'
  | 'integer'
  | 'float'
  | 'size'
  | 'time'
  | 'bool'
  | 'enum'
  | 'array'
  | 'hash'
  | 'regexp';

/** A plug-in that a section names with `@type` (or with the parameter that `inline` names, as `format json`). */
export interface PluginChoice {
  readonly kind: string;
  readonly type: string;
  readonly definition: Optioned;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What the definitions of all plug-ins have for the reader. */
export interface Optioned {
  readonly kind: string;
  readonly options: Options;
  /** Reports what is wrong with options that are each right by themselves. Not called where one of them is not. */
  check?(options: Readonly<Record<string, unknown>>, element: Element, report: Report): void;
}

/** One section of a `p.plugins` option. */
export interface PluginSection extends PluginChoice {
  /** `@id`, or one made from type and place; unique in the plan. */
  readonly id: string;
  /** `@log_level`. */
  readonly logLevel: LogLevel | undefined;
  /** What stands behind the section's name: `<store ignore_error>`. */
  readonly arg: string;
  /** `@label`. */
  readonly label: string | undefined;
  /** The values of the options that the owner of the section has in it, beside the plug-in's own. */
  readonly own: Readonly<Record<string, unknown>>;
  readonly element: Element;
}

/** One parameter of a `p.pairs` section. The value is null where an embedded expression gives none. */
export interface Pair {
  readonly name: string;
  readonly value: string | null;
  readonly at: Position;
  readonly valueAt: Position;
}

export interface Option<T> extends Common {
  readonly type: ScalarType | 'section' | 'sections' | 'pairs' | 'plugin' | 'plugins';
  readonly default?: string;
  readonly required?: boolean;
  readonly values?: readonly string[];
  /** Of a section: its own options; of a section that names a plug-in, those beside the plug-in's. */
  readonly options?: Options;
  /** Of a section: the one of its options that stands behind its name, as in `<buffer tag,time>`. */
  readonly argument?: string;
  /** Of a plug-in section: what kind it names. */
  readonly kind?: string;
  /** Of a plug-in section: the parameter that names the plug-in where there is no section, if not that of the section's name. */
  readonly inline?: string;
  /** Carries the value's type; never there at run time. */
  readonly $value?: T;
}

export type Options = Readonly<Record<string, Option<unknown>>>;
export type Values<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

type Value<S extends ScalarSpec, T> = S extends { default: string } | { required: true } ? T : T | undefined;

function scalar<T>(type: ScalarType) {
  return <const S extends ScalarSpec>(spec: S): Option<Value<S, T>> => ({ type, ...spec });
}

export const p = {
  string: scalar<string>('string'),
  integer: scalar<number>('integer'),
  float: scalar<number>('float'),
  /** Bytes: `8m`. */
  size: scalar<number>('size'),
  /** Seconds: `60s`. */
  time: scalar<number>('time'),
  bool: scalar<boolean>('bool'),
  array: scalar<readonly unknown[]>('array'),
  hash: scalar<Readonly<Record<string, unknown>>>('hash'),
  regexp: scalar<{ readonly source: string; readonly ignorecase: boolean; readonly multiline: boolean }>('regexp'),
  enum<const V extends string, const S extends ScalarSpec>(
    spec: S & { readonly values: readonly V[] },
  ): Option<Value<S, V>> {
    return { type: 'enum', ...spec };
  },
  /** A section of its own, at most once: undefined when it is absent. */
  section<const O extends Options>(
    spec: Common & { readonly options: O; readonly argument?: string },
  ): Option<Values<O> | undefined> {
    return { type: 'section', ...spec };
  },
  /** A section that may stand several times. */
  sections<const O extends Options>(spec: Common & { readonly options: O }): Option<readonly Values<O>[]> {
    return { type: 'sections', ...spec };
  },
  /** A section whose parameters have names of the user's own. It may stand several times: all that is in them, in order. */
  pairs(spec: Common): Option<readonly Pair[]> {
    return { type: 'pairs', ...spec };
  },
  /** A section that names a plug-in of `kind`, `default` where it is absent or has no `@type`; without a default it is required. */
  plugin(
    spec: Common & {
      readonly kind: string;
      readonly default?: string;
      readonly inline?: string;
      readonly options?: Options;
      readonly argument?: string;
    },
  ): Option<PluginChoice> {
    return { type: 'plugin', ...spec };
  },
  /**
   * A section that names a plug-in of `kind` with `@type`, `default` where it has none, and may stand several times. `options` stand in it beside
   * the plug-in's.
   */
  plugins<const O extends Options = Record<never, never>>(
    spec: Common & {
      readonly kind: string;
      readonly required?: boolean;
      readonly default?: string;
      readonly options?: O;
    },
  ): Option<readonly (PluginSection & { readonly own: Values<O> })[]> {
    return { type: 'plugins', ...spec };
  },
};
