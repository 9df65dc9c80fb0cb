// One file of Fluentd's language, statement by statement: sections, parameters and `@include`. Follows lib/fluent/config/v1_parser.rb.
// A statement that cannot be read is reported, and reading goes on behind it as far as that makes sense.
import type { Attribute, Element, Position } from './element.ts';
import { useDefault } from './element.ts';
import type { ExpressionValue, Surroundings } from './expression.ts';
import { scanJson } from './json-value.ts';
import { scanPlainArgument, scanPlainKey, scanPlainValue } from './plain-string.ts';
import type { Report } from './problem.ts';
import { scanDoubleQuoted, scanSingleQuoted } from './quoted-string.ts';
import { type Scanner, SyntaxFault } from './scanner.ts';

export interface DocumentContext {
  readonly surroundings: Surroundings;
  readonly report: Report;
  /** Puts the statements of the files that an `@include` names into `target`. */
  include(argument: string, from: Scanner, at: Position, target: Section): void;
}

/** A section while it is read. */
export interface Section extends Element {
  readonly attributes: Map<string, Attribute>;
  readonly elements: Element[];
}

export function newSection(name: string, arg: string, at: Position): Section {
  return { name, arg, attributes: new Map(), elements: [], at };
}

const maxSectionDepth = 100;
const reserved: ReadonlySet<string> = new Set(['@type', '@id', '@label', '@log_level']);
/** Sections in which a parameter may not begin with `@`. */
const strictSections: ReadonlySet<string> = new Set(['match', 'source', 'filter', 'system']);

/** Reads a whole file into `target`. The file's own outermost level counts as the root, wherever it was included. */
export function readDocument(scanner: Scanner, target: Section, context: DocumentContext): void {
  const reader = new DocumentReader(scanner, target, context);
  for (;;) {
    try {
      reader.readStatements();
      return;
    } catch (error) {
      if (!(error instanceof SyntaxFault)) {
        throw error;
      }
      context.report(error.problem);
      if (error.fatal) {
        return;
      }
      // A fault that lies at the end of its line has nothing left of it to skip.
      if (scanner.pos === 0 || scanner.text[scanner.pos - 1] !== '\n') {
        scanner.skipLine();
      }
    }
  }
}

class DocumentReader {
  readonly #scanner: Scanner;
  readonly #context: DocumentContext;
  /** The open sections, the file's outermost level first. */
  readonly #open: Section[];

  constructor(scanner: Scanner, target: Section, context: DocumentContext) {
    this.#scanner = scanner;
    this.#context = context;
    this.#open = [target];
  }

  get #section(): Section {
    return this.#open.at(-1) as Section;
  }

  get #atRoot(): boolean {
    return this.#open.length === 1;
  }

  readStatements(): void {
    const scanner = this.#scanner;
    for (;;) {
      scanner.skipSpacing();
      if (scanner.atEnd) {
        this.#checkEnd();
        return;
      }
      const start = scanner.pos;
      if (scanner.take('</')) {
        this.#readEndTag();
      } else if (scanner.take('<')) {
        this.#readTag(start);
      } else if (this.#atRoot && this.#takeInclude()) {
        this.#readInclude(start);
      } else {
        this.#readParameter(start);
      }
    }
  }

  #checkEnd(): void {
    if (!this.#atRoot) {
      const { name, at } = this.#section;
      throw this.#scanner.fault(
        'CONFIG_SECTION_UNCLOSED',
        `The section <${name}> that begins on line ${at.line} is not closed before the end of the file.`,
        `Write </${name}> where the section ends.`,
        true,
      );
    }
  }

  #readTag(start: number): void {
    const scanner = this.#scanner;
    const name = this.#takeName();
    scanner.skipSpacing();
    const arg = this.#readArgument();
    scanner.skipSpacing();
    const section = newSection(name, arg, scanner.place(start));
    if (!scanner.take('>')) {
      // What follows is most likely in this section all the same.
      if (name !== '') {
        this.#open.push(section);
      }
      throw scanner.fault(
        'CONFIG_TAG_UNCLOSED',
        `The tag <${name} is not closed.`,
        'Close it with > on its line, as <match pattern>.',
      );
    }
    if (!scanner.takeLineEnd()) {
      if (!scanner.restOfLine().includes('</')) {
        this.#open.push(section);
      }
      throw scanner.fault(
        'CONFIG_TAG_TRAILING',
        `Something follows the tag <${name}> on its line.`,
        'Write what is in the section on lines of its own.',
      );
    }
    if (this.#open.length > maxSectionDepth) {
      throw scanner.fault(
        'CONFIG_SECTION_TOO_DEEP',
        `More than ${maxSectionDepth} sections are open.`,
        'Check whether an end tag is missing.',
        true,
      );
    }
    this.#open.push(section);
  }

  #readArgument(): string {
    const scanner = this.#scanner;
    const { surroundings, report } = this.#context;
    let arg: ExpressionValue;
    if (scanner.take('"')) {
      arg = scanDoubleQuoted(scanner, surroundings, report);
    } else {
      arg = scanner.take("'") ? scanSingleQuoted(scanner) : scanPlainArgument(scanner);
    }
    return typeof arg === 'string' ? arg : '';
  }

  #readEndTag(): void {
    const scanner = this.#scanner;
    const name = this.#takeName();
    scanner.skipSpacing();
    if (!scanner.take('>')) {
      this.#closeWrong(name);
      throw scanner.fault('CONFIG_END_TAG_INVALID', 'An end tag holds more than a name.', 'Write it as </match>.');
    }
    if (!scanner.takeLineEnd()) {
      this.#closeWrong(name);
      throw scanner.fault(
        'CONFIG_END_TAG_TRAILING',
        `Something follows the end tag </${name}> on its line.`,
        'Begin a new line behind it.',
      );
    }
    const section = this.#section;
    if (this.#atRoot || section.name !== name) {
      const fault = this.#atRoot
        ? scanner.fault(
            'CONFIG_END_TAG_UNMATCHED',
            `The end tag </${name}> closes nothing: no section is open.`,
            'Remove it, or look for the section that was closed too early.',
          )
        : scanner.fault(
            'CONFIG_END_TAG_UNMATCHED',
            `The end tag </${name}> does not fit: <${section.name}> from line ${section.at.line} is open.`,
            section.name === ''
              ? 'A tag has no blank behind <: write <match pattern>.'
              : `Write </${section.name}>, or close the sections in their order.`,
          );
      this.#closeWrong(name);
      throw fault;
    }
    this.#close();
  }

  /** Behind a wrong end tag: the section of that name is over, or, if none has it, the innermost one. */
  #closeWrong(name: string): void {
    const named = this.#open.findLastIndex((section, index) => index > 0 && section.name === name);
    const count = named > 0 ? this.#open.length - named : Math.min(1, this.#open.length - 1);
    for (let i = 0; i < count; i++) {
      this.#close();
    }
  }

  #close(): void {
    const section = this.#open.pop();
    if (section !== undefined) {
      this.#section.elements.push(section);
    }
  }

  #takeName(): string {
    const name = /[a-zA-Z0-9_]*/y;
    name.lastIndex = this.#scanner.pos;
    const found = name.exec(this.#scanner.text)?.[0] ?? '';
    this.#scanner.pos += found.length;
    return found;
  }

  /** At the outermost level `@include` and `include` are statements, with anything blank behind them. */
  #takeInclude(): boolean {
    const scanner = this.#scanner;
    const start = scanner.pos;
    if (scanner.take('@include') || scanner.take('include')) {
      const end = scanner.spacingEnd(scanner.pos);
      if (end > scanner.pos || scanner.atEnd) {
        if (scanner.text[start] !== '@') {
          this.#warn(start, 'CONFIG_OPTION_DEPRECATED', 'include without @ is out of date.', 'Write @include.');
        }
        scanner.pos = end;
        return true;
      }
    }
    scanner.pos = start;
    return false;
  }

  #readInclude(start: number): void {
    const scanner = this.#scanner;
    const argument = scanner.atEnd ? null : this.#scanText();
    if (typeof argument !== 'string' || argument === '') {
      throw scanner.fault('CONFIG_INCLUDE_EMPTY', '@include names no file.', 'Write the path of a file behind it.');
    }
    scanner.takeLineEnd();
    this.#context.include(argument, scanner, scanner.place(start), this.#section);
  }

  #readParameter(start: number): void {
    const scanner = this.#scanner;
    const key = this.#readKey();
    const keyEnd = scanner.pos;
    scanner.pos = scanner.skipBlank(keyEnd);
    if (scanner.atEnd || scanner.text.slice(keyEnd, scanner.pos).includes('\n')) {
      this.#set(key, '', start, keyEnd);
      return;
    }
    if (scanner.pos === keyEnd) {
      throw scanner.fault('CONFIG_VALUE_TRAILING', 'A quoted key goes on behind its quote.', 'Put a blank behind it.');
    }
    if (key === '@include') {
      this.#readInclude(start);
      return;
    }
    if (key.startsWith('@') && !reserved.has(key)) {
      this.#checkReserved(key, start);
    }
    const valueStart = scanner.pos;
    const value = this.#readValue();
    if (!scanner.takeLineEnd()) {
      throw scanner.fault(
        'CONFIG_VALUE_TRAILING',
        `Something follows the value of ${key}.`,
        'A value in quotes or brackets ends with them; put the whole value into one pair of quotes.',
      );
    }
    this.#set(key, value, start, valueStart);
  }

  #readKey(): string {
    const scanner = this.#scanner;
    if (scanner.text[scanner.pos] !== '"' && scanner.text[scanner.pos] !== "'") {
      return scanPlainKey(scanner) ?? '';
    }
    const key = this.#scanText();
    return typeof key === 'string' ? key : '';
  }

  #checkReserved(key: string, start: number): void {
    const text = `Names that begin with @ are reserved, and ${key} is none of them.`;
    const hint = `Known are ${[...reserved].join(', ')} and @include; write other names without @.`;
    if (this.#atRoot || strictSections.has(this.#section.name)) {
      throw this.#scanner.fault('CONFIG_RESERVED_PREFIX', text, hint);
    }
    this.#warn(start, 'CONFIG_RESERVED_PREFIX', text, hint);
  }

  #readValue(): ExpressionValue {
    const scanner = this.#scanner;
    const first = scanner.text[scanner.pos];
    if (first === '[' || first === '{') {
      return scanJson(scanner, this.#context.surroundings, this.#context.report);
    }
    return this.#scanText();
  }

  /** A string in quotes, or what stands up to the end of the line. */
  #scanText(): ExpressionValue {
    const scanner = this.#scanner;
    if (scanner.take('"')) {
      return scanDoubleQuoted(scanner, this.#context.surroundings, this.#context.report);
    }
    return scanner.take("'") ? scanSingleQuoted(scanner) : scanPlainValue(scanner);
  }

  #set(key: string, value: ExpressionValue, start: number, valueStart: number): void {
    const scanner = this.#scanner;
    const { attributes } = this.#section;
    const at = scanner.place(start);
    const before = attributes.get(key)?.at;
    if (before !== undefined && before.file === at.file) {
      this.#warn(
        start,
        'CONFIG_OPTION_REPEATED',
        `${key} stands twice in this section: this value takes the place of the one on line ${before.line}.`,
        'Remove one of them.',
      );
    }
    attributes.set(key, { value: value === useDefault ? useDefault : value, at, valueAt: scanner.place(valueStart) });
  }

  #warn(offset: number, code: string, text: string, hint: string): void {
    this.#context.report({ code, severity: 'warning', at: this.#scanner.place(offset), text, hint });
  }
}
