// Adds fields to records and takes others away. What texts with placeholders come to is plugin/record-values.ts; here the bytes of a record and
// those of its new fields become a record again. Nothing is decoded but what stands inside a text. Ruby is not run.
import { type Pair, p } from '../config/options.ts';
import type { Report } from '../config/problem.ts';
import type { Batch, Tag } from '../core/batch.ts';
import { type ErrorCode, errorText } from '../core/errors.ts';
import { OnceEach } from '../core/once-each.ts';
import { parseFieldPath } from '../msgpack/view-field.ts';
import { ConstantFields } from '../plugin/constant-fields.ts';
import { defineFilter, type Filter, type FilterContext } from '../plugin/filter.ts';
import { RecordEditor, type RecordEdits } from '../plugin/record-editor.ts';
import { knownPlaceholders, parseTemplate, parseText, type Template, unknownIn } from '../plugin/record-template.ts';

export default defineFilter({
  type: 'record_transformer',
  summary: 'Adds fields to records, and takes fields away.',
  options: {
    record: p.pairs({ desc: 'The fields to set: a name and a value each, with placeholders in them.' }),
    renew_record: p.bool({ desc: 'Whether only the fields of <record> (and keep_keys) stay.', default: 'false' }),
    keep_keys: p.array({ desc: 'The fields that renew_record leaves.' }),
    remove_keys: p.array({ desc: 'The fields to take away, at last: names, or ways to them like $.a.b.' }),
    renew_time_key: p.string({ desc: 'The field that becomes the time of the event: a number of seconds since 1970.' }),
    auto_typecast: p.bool({
      desc: "Whether a placeholder that is all of a value keeps its field's type; else it becomes text.",
      default: 'true',
    }),
    enable_ruby: p.bool({ desc: 'Only false: Ruby is not run.', default: 'false' }),
  },
  check(options, element, report) {
    if (options.enable_ruby) {
      report({
        code: 'CONFIG_RUBY',
        severity: 'error',
        at: element.attributes.get('enable_ruby')?.valueAt ?? element.at,
        text: 'enable_ruby runs Ruby in placeholders, and Forebay runs none.',
        hint: `Remove it, and write the values with what is understood: ${knownPlaceholders}.`,
      });
    }
    const keep = element.attributes.get('keep_keys');
    if (keep !== undefined && options.keep_keys !== undefined && !options.renew_record) {
      report({
        code: 'CONFIG_KEEP_KEYS',
        severity: 'error',
        at: keep.at,
        text: 'keep_keys says what renew_record leaves, and renew_record is not true.',
        hint: 'Add renew_record true, or remove keep_keys.',
      });
    }
    for (const key of options.remove_keys ?? []) {
      const path = parseFieldPath(String(key));
      if (typeof path === 'string') {
        report({
          code: 'CONFIG_FIELD_PATH',
          severity: 'error',
          at: element.attributes.get('remove_keys')?.valueAt ?? element.at,
          text: `A key in remove_keys cannot be used: ${path}.`,
          hint: "Write $.a.b, or $['a']['b'].",
        });
      }
    }
    if (!options.enable_ruby) {
      checkPlaceholders(options.record, report);
    }
  },
  create(context, options) {
    const paths = (options.remove_keys ?? []).map((key) => parseFieldPath(String(key)));
    return new RecordTransformer(context, {
      fields: fieldsOf(options.record),
      renew: options.renew_record,
      keep: (options.keep_keys ?? []).map(String),
      remove: paths.filter((path) => typeof path !== 'string'),
      timeKey: options.renew_time_key,
      typecast: options.auto_typecast,
    });
  },
});

/** Of a name that stands there twice, the last value counts. Text that begins as JSON and is none stays text. */
function fieldsOf(pairs: readonly Pair[]): RecordEdits['fields'] {
  const fields = new Map<string, Template>();
  for (const { name, value } of pairs) {
    fields.set(name, value === null ? nothing : (parseTemplate(value) ?? parseText(value)));
  }
  return [...fields].map(([name, value]) => ({ name: parseText(name), value }));
}

const nothing: Template = { kind: 'scalar', value: null, changes: 'never' };

function checkPlaceholders(pairs: readonly Pair[], report: Report): void {
  for (const { name, value, at, valueAt } of pairs) {
    const template = value === null ? nothing : parseTemplate(value);
    if (template === undefined) {
      report({
        code: 'CONFIG_RECORD_JSON',
        severity: 'warning',
        at: valueAt,
        text: `The value of ${name} begins as JSON does and is none: it is taken as text.`,
        hint: 'Mend the JSON, or begin the text in another way.',
      });
    }
    const wrong = [...unknownIn(parseText(name)), ...(template === undefined ? [] : unknownIn(template))];
    if (wrong.length > 0) {
      report({
        code: 'CONFIG_PLACEHOLDER_UNKNOWN',
        severity: 'warning',
        at: unknownIn(parseText(name)).length > 0 ? at : valueAt,
        text: `${wrong.join(', ')} has no meaning and becomes nothing.`,
        hint: `Understood are ${knownPlaceholders}.`,
      });
    }
  }
}

class RecordTransformer implements Filter {
  readonly #context: FilterContext;
  readonly #editor: RecordEditor;
  readonly #constant: ConstantFields;
  readonly #changesNothing: boolean;
  readonly #said = new OnceEach();
  #tag: Tag | undefined;

  constructor(context: FilterContext, edits: RecordEdits) {
    this.#context = context;
    this.#editor = new RecordEditor(edits, {
      hostname: context.hostname,
      typecast: edits.typecast,
      unknown: (placeholder) => this.#unknown(placeholder),
    });
    this.#constant = new ConstantFields(context.wasm, this.#editor);
    this.#changesNothing =
      edits.fields.length === 0 && !edits.renew && edits.remove.length === 0 && edits.timeKey === undefined;
  }

  filter(batch: Batch): Batch | undefined {
    if (this.#changesNothing) {
      return batch;
    }
    this.#tag = batch.tag;
    const edited = this.#constant.edit(batch);
    if (edited !== undefined) {
      return { ...batch, entries: edited };
    }
    this.#editor.open(batch);
    let first = -1;
    let seen = 0;
    let count = 0;
    for (let at = 0; at < batch.entries.length; seen++) {
      const next = this.#editor.edit(at);
      if (this.#editor.fault === undefined) {
        first = first < 0 ? seen : first;
        count++;
      } else {
        const { code, key } = this.#editor.fault;
        this.#refuse(
          { ...batch, entries: batch.entries.subarray(at, next), count: 1, seq: batch.seq + seen },
          code,
          key,
        );
      }
      at = next;
    }
    const entries = this.#editor.close();
    if (count === 0) {
      return undefined;
    }
    this.#constant.passBy();
    return { ...batch, entries, count, seq: batch.seq + first };
  }

  release(): void {
    this.#constant.release();
  }

  #refuse(event: Batch, code: ErrorCode, key: string): void {
    this.#context.refuse(event, code, { key });
  }

  #unknown(placeholder: string): void {
    if (this.#said.first(placeholder)) {
      const code = 'FILTER_RECORD_PLACEHOLDER';
      this.#context.log.warn({ code, tag: this.#tag?.text }, errorText(code, { placeholder }));
    }
  }
}
