// `<inject>`: puts host name, worker, tag and time into each record as fields of their own, by editing the record's bytes. Declared and done
// here for every output that has the section.
import type { Element } from '../config/element.ts';
import { type Options, p, type Values } from '../config/options.ts';
import type { Report } from '../config/problem.ts';
import type { Batch, Tag } from '../core/batch.ts';
import type { Counter } from '../core/counters.ts';
import { isMap } from '../msgpack/entries.ts';
import { areaSlack } from '../msgpack/event-areas.ts';
import { FieldAdder } from '../msgpack/field-adder.ts';
import { packMapHead } from '../msgpack/pack.ts';
import { Skip } from '../msgpack/skip.ts';
import { type Span, stringSpan } from '../msgpack/text.ts';
import { ReadView } from '../msgpack/view.ts';
import { EventView } from '../msgpack/view-event.ts';
import { mapBody, mapLength, matches } from '../msgpack/view-field.ts';
import type { Wasm } from '../msgpack/wasm.ts';
import type { PluginContext } from './context.ts';
import { reportThrown, timeOptions, zoneOf } from './formatter-options.ts';
import { InjectedField, packNumber, packString, TimeValue } from './inject-values.ts';

const injectOptions = {
  hostname_key: p.string({ desc: 'The field that gets the host name.' }),
  hostname: p.string({ desc: 'The host name; by default that of this machine.' }),
  worker_id_key: p.string({ desc: 'The field that gets the number of the worker.' }),
  tag_key: p.string({ desc: 'The field that gets the tag.' }),
  time_key: p.string({ desc: 'The field that gets the time.' }),
  time_type: p.enum({
    desc: 'Whether that is a number of seconds (float, unixtime), of parts of a second, or a text.',
    values: ['float', 'unixtime', 'unixtime_millis', 'unixtime_micros', 'unixtime_nanos', 'string'],
    default: 'float',
  }),
  ...timeOptions,
  time_format_fallbacks: p.array({
    desc: 'Other formats.',
    ignored: 'They are for reading times, not for writing them.',
  }),
} satisfies Options;

type Section = Values<typeof injectOptions>;

/** Of a section, what stands in it. */
export type InjectValues = { readonly [K in keyof Section]?: Section[K] | undefined };

/** The option `inject` of an output. */
export const injectSection = p.section({
  desc: 'Fields to add to each record: host name, worker, tag, time.',
  options: injectOptions,
});

/** Reports what is wrong with the section of `element`. */
export function checkInject(options: InjectValues | undefined, element: Element, report: Report): void {
  const section = element.elements.find(({ name }) => name === 'inject');
  if (options !== undefined && section !== undefined) {
    reportThrown(section, report, () => zoneOf(options));
  }
}

const oldSpelling = 'Write it into an <inject> section.';

/** The same beside `@type`, as in Fluentd's first years; options of an output that had them then. */
export const flatInjectOptions = {
  include_tag_key: p.bool({ desc: 'Whether the tag is injected.', deprecated: oldSpelling }),
  include_time_key: p.bool({ desc: 'Whether the time is injected.', deprecated: oldSpelling }),
  tag_key: p.string({ desc: 'The field that gets the tag.', deprecated: oldSpelling }),
  time_key: p.string({ desc: 'The field that gets the time.', deprecated: oldSpelling }),
} satisfies Options;

/** What flat options come to as a section; undefined where there are none. */
export function flatInject(options: Values<typeof flatInjectOptions>): InjectValues | undefined {
  const tag = options.include_tag_key ? (options.tag_key ?? 'tag') : options.tag_key;
  const time = options.include_time_key ? (options.time_key ?? 'time') : options.time_key;
  return tag === undefined && time === undefined
    ? undefined
    : { tag_key: tag, time_key: time, time_type: options.include_time_key ? 'string' : 'float' };
}

/** The injector of a section; undefined where there is nothing to inject. Throws CONFIG_INVALID_VALUE. */
export function createInjector(context: PluginContext, options: InjectValues | undefined): Injector | undefined {
  if (options === undefined) {
    return undefined;
  }
  const zone = zoneOf(options);
  if (options.time_format !== undefined && options.time_key === undefined) {
    context.log.warn({}, 'time_format in <inject> does nothing without time_key.');
  }
  const { hostname_key: host, worker_id_key: worker, tag_key: tag, time_key: time } = options;
  const fields = [
    host && new InjectedField(host, 'constant', packString(Buffer.from(options.hostname ?? context.hostname))),
    worker && new InjectedField(worker, 'constant', packNumber(context.workerId)),
    tag && new InjectedField(tag, 'tag'),
    time && new InjectedField(time, 'time'),
  ].filter((field) => field instanceof InjectedField);
  return fields.length === 0
    ? undefined
    : new Injector(
        context,
        withoutRepeats(fields),
        new TimeValue(options.time_type ?? 'float', options.time_format, zone),
      );
}

/** Of a name that stands there twice, the last value stays, in the first one's place. */
function withoutRepeats(fields: readonly InjectedField[]): InjectedField[] {
  const byName = new Map<string, InjectedField>();
  for (const field of fields) {
    byName.set(Buffer.from(field.name).toString('latin1'), field);
  }
  return [...byName.values()];
}

/** More events than fit into this are edited in several pieces, bytes. */
const pieceSize = 256 * 1024;
/** With fewer events in a batch, to show the module the fields costs more than it saves. */
const worthWhile = 8;
/** Larger batches are let go of when they are done, bytes. */
const keepBelow = 1 << 20;

export class Injector {
  readonly #fields: readonly InjectedField[];
  readonly #time: TimeValue;
  readonly #unprintable: Counter;
  readonly #from = new ReadView();
  readonly #event = new EventView();
  readonly #skip = new Skip();
  readonly #span: Span = { start: 0, end: 0 };
  readonly #piece = new Uint8Array(pieceSize);
  /** Where edited events go. */
  #out: Uint8Array = this.#piece;
  readonly #wasm: Wasm | undefined;
  /** For the fields as they are with the tag; undefined where it is not made, null where there can be none. */
  #adder: FieldAdder | null | undefined;
  /** Memory of the module, in use until `release`. */
  #area: Uint8Array | undefined;
  #edited: Batch | undefined;
  #tag: Tag | undefined;

  constructor(context: PluginContext, fields: readonly InjectedField[], time: TimeValue) {
    this.#fields = fields;
    this.#time = time;
    this.#wasm = fields.some(({ kind }) => kind === 'time') ? undefined : context.wasm;
    this.#unprintable = context.counters.get('forebay_unprintable_events_total', { id: context.id });
  }

  /** What the last `inject` made: valid until `release`, which is called before the next one. */
  get edited(): Batch | undefined {
    return this.#edited;
  }

  /** Nobody uses what the last `inject` made. */
  release(): void {
    if (this.#area !== undefined) {
      this.#wasm?.areas.give(this.#area);
      this.#area = undefined;
    }
  }

  /** Edits as many events of the batch from byte `from` on as fit into a piece, at least one. Returns where the next one begins. */
  inject(batch: Batch, from: number): number {
    const events = this.#from;
    events.set(batch.entries);
    if (batch.tag !== this.#tag) {
      this.#setTag(batch.tag);
    }
    let at = events.start + from;
    let used = 0;
    let count = 0;
    let adder = this.#open(batch);
    while (at < events.end) {
      if (adder !== undefined) {
        const begin = this.#out.byteOffset;
        at = adder.run(at, events.end, begin + used, begin + this.#out.length);
        used = adder.end - begin;
        count += adder.copied;
        if (at === events.end) {
          break;
        }
      }
      const record = this.#event.open(events, at);
      const next = record < 0 ? -1 : this.#skip.run(events.bytes, record, events.end);
      if (next < 0 || !isMap(events.bytes[record] as number)) {
        // The walk lets nothing like it through: the rest of the batch is left out.
        this.#skip.reset();
        this.#unprintable.value++;
        at = events.end;
        break;
      }
      const needed = next - at + this.#addedBytes();
      if (used + needed > this.#out.length) {
        if (used > 0) {
          break;
        }
        this.#out = new Uint8Array(needed);
        adder = undefined;
      }
      used = this.#edit(at, record, next, used);
      count++;
      at = next;
    }
    this.#edited = { ...batch, entries: this.#out.subarray(0, used), count };
    const done = at - events.start;
    if (batch.entries.length > keepBelow) {
      events.forget();
    }
    return done;
  }

  /** Says where edited events go. Returns what adds the fields to those in the module's memory, where it is worth while. */
  #open(batch: Batch): FieldAdder | undefined {
    this.release();
    this.#out = this.#piece;
    const wasm = this.#wasm;
    if (wasm === undefined || batch.count < worthWhile || batch.entries.buffer !== wasm.memory.buffer) {
      return undefined;
    }
    if (this.#adder === undefined) {
      const fields = this.#fields.map(({ name, value, length }) => ({ name, value: value.subarray(0, length) }));
      this.#adder = FieldAdder.of(wasm, fields) ?? null;
    }
    const area = this.#adder === null ? undefined : wasm.areas.take(pieceSize);
    if (area === undefined) {
      return undefined;
    }
    this.#area = area;
    this.#out = area.subarray(0, area.length - areaSlack);
    return this.#adder ?? undefined;
  }

  /** At most what the fields add to an event. Renders the time, which is one of them. */
  #addedBytes(): number {
    let added = 5;
    for (const field of this.#fields) {
      if (field.kind === 'time') {
        this.#time.write(this.#event, field);
      }
      added += 5 + field.name.length + field.length;
    }
    return added;
  }

  #edit(at: number, record: number, next: number, begin: number): number {
    const bytes = this.#from.bytes;
    const out = this.#out;
    const found = this.#findFields(record);
    let missing = 0;
    for (let i = 0; i < this.#fields.length; i++) {
      missing += (found >> i) & 1 ? 0 : 1;
    }
    out.set(bytes.subarray(at, record), begin);
    let used = packMapHead(out, begin + record - at, mapLength(this.#from, record) + missing);
    used = found === 0 ? this.#copy(mapBody(bytes, record), next, used) : this.#replace(record, next, used);
    for (let i = 0; i < this.#fields.length; i++) {
      const field = this.#fields[i] as InjectedField;
      if (((found >> i) & 1) === 0) {
        out.set(field.packedName, used);
        used += field.packedName.length;
        out.set(field.value.subarray(0, field.length), used);
        used += field.length;
      }
    }
    return used;
  }

  /** Which fields the record has already: a bit each. */
  #findFields(record: number): number {
    let found = 0;
    let pos = mapBody(this.#from.bytes, record);
    for (let left = mapLength(this.#from, record); left > 0; left--) {
      const index = this.#fieldAt(pos);
      found |= index < 0 ? 0 : 1 << index;
      pos = this.#skip.run(this.#from.bytes, this.#skip.run(this.#from.bytes, pos, this.#from.end), this.#from.end);
    }
    return found;
  }

  /** Copies the pairs, with new values for the fields that are there. */
  #replace(record: number, next: number, begin: number): number {
    const { bytes, end } = this.#from;
    let used = begin;
    let pos = mapBody(bytes, record);
    for (let left = mapLength(this.#from, record); left > 0; left--) {
      const field = this.#fields[this.#fieldAt(pos)];
      const value = this.#skip.run(bytes, pos, end);
      const behind = this.#skip.run(bytes, value, end);
      used = this.#copy(pos, field === undefined ? behind : value, used);
      if (field !== undefined) {
        this.#out.set(field.value.subarray(0, field.length), used);
        used += field.length;
      }
      pos = behind;
    }
    return pos === next ? used : begin;
  }

  #fieldAt(key: number): number {
    const span = this.#span;
    if (stringSpan(this.#from.bytes, key, span)) {
      for (let i = 0; i < this.#fields.length; i++) {
        if (matches(this.#from.bytes, span, (this.#fields[i] as InjectedField).name)) {
          return i;
        }
      }
    }
    return -1;
  }

  #copy(start: number, stop: number, used: number): number {
    this.#out.set(this.#from.bytes.subarray(start, stop), used);
    return used + stop - start;
  }

  #setTag(tag: Tag): void {
    this.#tag = tag;
    for (const field of this.#fields) {
      if (field.kind === 'tag') {
        field.value = packString(tag.bytes);
        field.length = field.value.length;
        this.#adder = undefined;
      }
    }
  }
}
