// What a parser is: the text of an event goes in, records come out, in msgpack.
import type { Element } from '../config/element.ts';
import type { Options, PluginChoice, Values } from '../config/options.ts';
import type { Report } from '../config/problem.ts';
import type { ErrorCode } from '../core/errors.ts';
import { GrowingBytes } from '../msgpack/growing-bytes.ts';
import type { PluginContext } from './context.ts';

/** What a text may fail for. */
export type ParseFault = Extract<ErrorCode, `PARSE_${string}`>;

/** One record of a text, or why there is none. */
export interface Parsed {
  /** Where the record, a map, begins and ends in `bytes` of the whole. */
  readonly start: number;
  readonly end: number;
  /** Whether the text said when it was, and so `sec` and `nsec` count. */
  readonly timed: boolean;
  /** Whole seconds since the epoch. */
  readonly sec: number;
  readonly nsec: number;
  readonly fault: ParseFault | undefined;
}

/** The records of a text in order; reused for the next text. */
export class ParsedRecords {
  readonly bytes = new GrowingBytes();
  readonly list: Parsed[] = [];

  clear(): void {
    this.bytes.length = 0;
    this.list.length = 0;
  }

  /** Adds the record that stands in `bytes` from `start` on. Without a moment the text did not say when it was. */
  add(start: number, moment?: { readonly sec: number; readonly nsec: number }): void {
    const { sec, nsec } = moment ?? { sec: 0, nsec: 0 };
    this.list.push({ start, end: this.bytes.length, timed: moment !== undefined, sec, nsec, fault: undefined });
  }

  fail(fault: ParseFault): void {
    this.list.push({ start: 0, end: 0, timed: false, sec: 0, nsec: 0, fault });
  }
}

export interface Parser {
  /**
   * Appends what the text between `start` and `end` of `bytes` comes to. A text that is not of the parser's form adds PARSE_UNMATCHED; one
   * with no records in it adds nothing. The bytes need not stay.
   */
  parse(bytes: Uint8Array, start: number, end: number, out: ParsedRecords): void;
  /** Hears which texts are parsed next, in this order, for what is cheaper done for many at once. */
  prepare?(texts: readonly string[]): void;
  /** As `parse`, for a value that is no text, in msgpack between `start` and `end`. Parsers without it know texts only. */
  parseValue?(bytes: Uint8Array, start: number, end: number, out: ParsedRecords): void;
}

export interface ParserDefinition<O extends Options = Options> {
  readonly kind: 'parser';
  /** As in the configuration's `@type`. */
  readonly type: string;
  readonly summary: string;
  readonly options: O;
  /** Reports what is wrong with options that are each right by themselves. */
  check?(options: Values<O>, element: Element, report: Report): void;
  create(context: PluginContext, options: Values<O>): Parser;
}

export function defineParser<const O extends Options>(
  definition: Omit<ParserDefinition<O>, 'kind'>,
): ParserDefinition<O> {
  return { kind: 'parser', ...definition };
}

/** Makes the parser that a `p.plugin({ kind: 'parser', … })` option chose. */
export function createParser(context: PluginContext, choice: PluginChoice): Parser {
  return (choice.definition as ParserDefinition).create(context, choice.options);
}
