// Templates with places for what an event says: `${tag}`, `${tag[0]}`, `${tag[-1]}`, `${field}`, `${$.a.b}`, and `%Y%m%d` for the time key.
// As Fluentd's extract_placeholders and placeholder_validate! (lib/fluent/plugin/output.rb).

import type { RefuseOption } from '../config/refuse-option.ts';
import { TimeFormat } from '../core/time-format.ts';
import { utcZone } from '../core/zone.ts';
import type { ChunkKeys } from './buffer-options.ts';
import type { NamePiece } from './safe-name.ts';

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'tag'; readonly index: number | undefined }
  | { readonly kind: 'field'; readonly index: number };

const placeholder = /\$\{(?:(tag)(?:\[(-?\d+)\])?|([-_.@$a-zA-Z0-9]+))\}/g;

/** What an event says. */
export interface PlaceholderValues {
  /** When its piece of time begins, seconds since the epoch. */
  readonly time: number;
  readonly tag: string;
  /** Of the chunk keys that are fields, in their order. */
  readonly fields: readonly string[];
}

export class Template {
  readonly #parts: readonly Part[];
  readonly #times: readonly (TimeFormat | undefined)[];

  /** Placeholders that stand for none of the `keys` stay as they are: `checkTemplate` refuses them. */
  constructor(text: string, keys: ChunkKeys) {
    this.#parts = parse(text, keys);
    const { time } = keys;
    this.#times = this.#parts.map((part) =>
      part.kind === 'text' && part.text.includes('%') && time !== undefined
        ? new TimeFormat(part.text, time.zone)
        : undefined,
    );
  }

  /** What its text may become, as sources of regular expressions: those before, between and behind what events say. */
  get patterns(): string[] {
    const patterns = [''];
    for (const [index, part] of this.#parts.entries()) {
      if (part.kind !== 'text') {
        patterns.push('');
        continue;
      }
      // Empty parts of a path are left out of names.
      const text = part.text.replace(/\/{2,}/g, '/');
      const pieces = this.#times[index] === undefined ? [text] : text.split(/(%[-0^#_:]*\d*[a-zA-Z%])/);
      patterns[patterns.length - 1] += pieces
        .map((piece, at) => (at % 2 === 0 ? piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') : directivePattern(piece)))
        .join('');
    }
    return patterns;
  }

  /** Whether a time is in it. */
  get hasTime(): boolean {
    return this.#times.some((time) => time !== undefined);
  }

  /** The text in pieces, with what events say apart. */
  render(values: PlaceholderValues): NamePiece[] {
    const tagParts = partsOf(values.tag);
    return this.#parts.map((part, index) => {
      if (part.kind === 'text') {
        return { text: this.#times[index]?.text(values.time, 0) ?? part.text, event: false };
      }
      if (part.kind === 'field') {
        return { text: values.fields[part.index] ?? '', event: true };
      }
      return { text: part.index === undefined ? values.tag : (tagParts.at(part.index) ?? ''), event: true };
    });
  }
}

/** What stands for one directive of a time in a name, as a regular expression. */
function directivePattern(directive: string): string {
  const kind = directive.at(-1) ?? '';
  const digits = kind === 'Y' ? 4 : kind === 'j' ? 3 : 'ymdHIMS'.includes(kind) ? 2 : 0;
  return kind === '%' ? '%' : digits > 0 && directive.length === 2 ? `\\d{${digits}}` : '[^/]{1,32}';
}

/** Where the first placeholder, or directive of a time, stands in a template; its length where there is none. */
export function constantLength(text: string, keys: ChunkKeys): number {
  const found = text.search(keys.time === undefined ? /\$\{/ : /\$\{|%/);
  return found < 0 ? text.length : found;
}

/** Refuses a template that does not tell apart what the chunk keys tell apart, or the other way round; the time only `withTime`. */
export function checkTemplate(
  option: string,
  text: string,
  keys: ChunkKeys,
  refuse: RefuseOption,
  withTime = true,
): boolean {
  const complaint =
    (withTime ? timeComplaint(text, keys) : undefined) ??
    tagComplaint(text, keys) ??
    fieldComplaint(text, keys) ??
    unknownComplaint(text);
  if (complaint !== undefined) {
    refuse(option, `${option}: ${text} ${complaint[0]}.`, complaint[1]);
  }
  return complaint === undefined;
}

/** Refuses placeholders that stand for what is no chunk key; not all chunk keys need a place. */
export function checkPlaces(option: string, text: string, keys: ChunkKeys, refuse: RefuseOption): boolean {
  const named = fieldNames(text);
  const complaint =
    (keys.time === undefined ? timeComplaint(text, keys) : undefined) ??
    (keys.tag ? undefined : tagComplaint(text, keys)) ??
    fieldComplaint(text, { ...keys, fields: keys.fields.filter((field) => named.includes(field.text)) }) ??
    unknownComplaint(text);
  if (complaint !== undefined) {
    refuse(option, `${option}: ${text} ${complaint[0]}.`, complaint[1]);
  }
  return complaint === undefined;
}

type Complaint = readonly [text: string, hint: string] | undefined;

const units = [
  [1, '%S'],
  [60, '%M'],
  [3600, '%H'],
  [86_400, '%d'],
] as const;
/** 2016-01-01 00:00:00 UTC, as in Fluentd. */
const someDay = 1_451_606_400;

function timeComplaint(text: string, keys: ChunkKeys): Complaint {
  const format = new TimeFormat(text, utcZone);
  const before = format.text(someDay, 0);
  const finest = units.find(([seconds]) => format.text(someDay + seconds, 0) !== before);
  const size = keys.time?.size;
  if (finest === undefined) {
    return size === undefined
      ? undefined
      : [`has no place for the time, and events are kept apart by it (timekey ${size})`, 'Add %Y%m%d, or %H, %M.'];
  }
  if (size === undefined) {
    return ['has a place for the time, but time is no chunk key', 'Write <buffer time> with a timekey.'];
  }
  return size < finest[0]
    ? [`has no place for ${finest[1]} and finer, but timekey is ${size}`, 'Add what is missing, or raise timekey.']
    : undefined;
}

function tagComplaint(text: string, keys: ChunkKeys): Complaint {
  const has = [...text.matchAll(placeholder)].some(([, tag]) => tag !== undefined);
  if (has === keys.tag) {
    return undefined;
  }
  return has
    ? ['has a place for the tag, but tag is no chunk key', 'Write <buffer tag>.']
    : ['has no place for the tag, and events are kept apart by it', `Add $\{tag} or $\{tag[0]}.`];
}

function fieldComplaint(text: string, keys: ChunkKeys): Complaint {
  const places = fieldNames(text);
  const names = keys.fields.map((field) => field.text);
  const missing = names.filter((name) => !places.includes(name));
  if (missing.length > 0) {
    return [
      `has no place for ${missing.join(', ')}, and events are kept apart by it`,
      `Add ${missing.map((name) => `$\{${name}}`).join(', ')}.`,
    ];
  }
  const unknown = places.filter((name) => !names.includes(name));
  return unknown.length === 0
    ? undefined
    : [`has a place for ${unknown.join(', ')}, which is no chunk key`, `Write <buffer ${unknown.join(',')}>.`];
}

function unknownComplaint(text: string): Complaint {
  const left = text.replace(placeholder, '');
  return left.includes('${')
    ? ['has a placeholder that is none', `Placeholders are $\{tag}, $\{tag[N]}, $\{field} and $\{$.field.below}.`]
    : undefined;
}

function fieldNames(text: string): string[] {
  return [...text.matchAll(placeholder)].flatMap(([, , , field]) => (field === undefined ? [] : [field]));
}

function parse(text: string, keys: ChunkKeys): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(placeholder)) {
    const [whole, tag, index, field] = match;
    const place = keys.fields.findIndex((each) => each.text === field);
    if (tag === undefined ? place < 0 : !keys.tag) {
      continue;
    }
    parts.push({ kind: 'text', text: text.slice(end, match.index) });
    parts.push(
      tag === undefined
        ? { kind: 'field', index: place }
        : { kind: 'tag', index: index === undefined ? undefined : Number(index) },
    );
    end = match.index + whole.length;
  }
  parts.push({ kind: 'text', text: text.slice(end) });
  return parts.filter((part) => part.kind !== 'text' || part.text !== '');
}

/** As Ruby's split: empty parts at the end are none. */
function partsOf(tag: string): string[] {
  const parts = tag.split('.');
  while (parts.at(-1) === '') {
    parts.pop();
  }
  return parts;
}
