// How a record is written as text, by the name that `@type` and stdout's `output_type` give it. One plug-in file per name declares it; the
// choice stands here because the stdout formatter has to know them all.
import { ForebayError } from '../core/errors.ts';
import { oj, ruby } from '../msgpack/json-dialects.ts';
import { JsonTranscoder, type ValueWriter } from '../msgpack/transcode.ts';
import { InspectWriter, RawWriter, TextWriter } from '../msgpack/transcode-text.ts';
import { FieldPath, parseFieldPath } from '../msgpack/view-field.ts';
import { FieldsWriter, FieldWriter, LabelledWriter } from './field-writers.ts';
import type { FormatTarget } from './formatter.ts';
import { localTimeText } from './local-time-text.ts';

export const recordTypes = ['json', 'hash', 'ltsv', 'csv', 'tsv', 'single_value', 'msgpack'] as const;

export type RecordType = (typeof recordTypes)[number];

/** The options of all of them; each plug-in declares its own ones. */
export interface RecordOptions {
  readonly json_parser?: string | undefined;
  readonly message_key?: string | undefined;
  readonly fields?: readonly unknown[] | undefined;
  readonly keys?: readonly unknown[] | undefined;
  readonly delimiter?: string | undefined;
  readonly label_delimiter?: string | undefined;
  readonly replacement?: string | undefined;
  readonly force_quotes?: boolean | undefined;
}

/** Throws CONFIG_INVALID_VALUE or CONFIG_MISSING_OPTION where the options do not go with the type. */
export function recordWriter(type: RecordType, options: RecordOptions, target: FormatTarget): ValueWriter {
  const escapes = target.escape === 'all';
  switch (type) {
    case 'json':
      return new JsonTranscoder((options.json_parser ?? 'oj') === 'oj' ? oj : ruby, escapes);
    case 'hash':
      return new InspectWriter(localTimeText());
    case 'msgpack':
      return new RawWriter();
    case 'single_value':
      return new FieldWriter(plainField(options.message_key ?? 'message'), textWriter(escapes));
    case 'ltsv':
      return new LabelledWriter(textWriter(escapes), {
        delimiter: options.delimiter ?? '\t',
        labelDelimiter: options.label_delimiter ?? ':',
        replacement: options.replacement ?? ' ',
      });
    case 'tsv':
      return new FieldsWriter(fieldsOf('keys', options.keys, plainField), textWriter(escapes), {
        delimiter: options.delimiter ?? '\t',
        quotes: 'never',
      });
    case 'csv':
      return new FieldsWriter(fieldsOf('fields', options.fields, csvField), textWriter(escapes), {
        delimiter: ['\\t', 'TAB'].includes(options.delimiter ?? '') ? '\t' : (options.delimiter ?? ','),
        quotes: (options.force_quotes ?? true) ? 'always' : 'where needed',
      });
  }
}

export function textWriter(escapes: boolean): TextWriter {
  return new TextWriter(localTimeText(), escapes);
}

function plainField(name: string): FieldPath {
  return new FieldPath(name, [name]);
}

function csvField(text: string): FieldPath {
  const path = parseFieldPath(text);
  if (typeof path === 'string') {
    throw new ForebayError('CONFIG_INVALID_VALUE', { option: 'fields', value: text, reason: path });
  }
  return path;
}

function fieldsOf(
  option: string,
  value: readonly unknown[] | undefined,
  make: (name: string) => FieldPath,
): FieldPath[] {
  const names = (value ?? []).map(String).filter((name) => name !== '');
  if (names.length === 0) {
    throw new ForebayError('CONFIG_MISSING_OPTION', { option });
  }
  return names.map(make);
}
