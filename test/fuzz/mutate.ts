// Makes mutants: of any bytes by changing bytes, of msgpack, JSON, YAML and lines of text also by changing what they say, so that many get past
// the first look at them.
import { decodeMulti, ExtData, encode } from '@msgpack/msgpack';
import { parse, stringify } from 'yaml';
import type { Random } from './random.ts';

/** Heads of msgpack values, ends of ranges, and bytes that mean something in text. */
const meaningful = [
  ...[0x00, 0x7f, 0x80, 0x8f, 0x90, 0x92, 0x93, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xc4, 0xc6, 0xc7, 0xc9, 0xca, 0xcb],
  ...[0xcc, 0xcf, 0xd0, 0xd3, 0xd4, 0xd7, 0xd8, 0xd9, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xe0, 0xff],
  ...[0x0a, 0x0d, 0x1b, 0x20, 0x22, 0x27, 0x2e, 0x2f, 0x3c, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d],
];

/** A few bytes changed, left out, doubled, moved, or taken from another seed. */
export function mutateBytes(random: Random, bytes: Uint8Array, others: readonly Uint8Array[] = []): Buffer {
  let out = Buffer.from(bytes);
  for (let left = 1 + random.int(4); left > 0; left--) {
    const at = random.int(out.length + 1);
    const length = 1 + random.int(random.once(4) ? 64 : 4);
    switch (random.int(7)) {
      case 0:
        if (at < out.length) out[at] = random.int(256);
        break;
      case 1:
        if (at < out.length) out[at] = random.pick(meaningful);
        break;
      case 2:
        if (at < out.length) out[at] = (out[at] as number) ^ (1 << random.int(8));
        break;
      case 3:
        out = Buffer.concat([out.subarray(0, at), out.subarray(at + length)]);
        break;
      case 4:
        out = Buffer.concat([out.subarray(0, at), out.subarray(at, at + length), out.subarray(at)]);
        break;
      case 5:
        out = Buffer.concat([out.subarray(0, at), Buffer.alloc(length, random.pick(meaningful)), out.subarray(at)]);
        break;
      default:
        out = splice(random, out, at, others);
    }
  }
  return out;
}

function splice(random: Random, out: Buffer, at: number, others: readonly Uint8Array[]): Buffer<ArrayBuffer> {
  if (others.length === 0) return Buffer.from(out.subarray(0, at));
  const other = random.pick(others);
  return Buffer.concat([out.subarray(0, at), other.subarray(random.int(other.length + 1))]);
}

const numbers = [0, -1, 127, 128, -33, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53, -(2 ** 53), 1e300, -0, 0.1];
const texts = [
  '',
  '.',
  '..',
  '../x',
  '/etc/x',
  '\0',
  '\u001b[31m',
  '\u009b',
  '"',
  '\\',
  '\n',
  '\u2028',
  '<b>',
  '__proto__',
];
const oddValues: readonly unknown[] = [
  ...[null, true, false, Number.NaN, Number.POSITIVE_INFINITY, 2n ** 63n, 2n ** 64n - 1n, -(2n ** 63n)],
  ...numbers,
  ...texts,
  ...['x'.repeat(300), 'chunk', 'compressed', 'gzip', 'zstd', 'size', 'log'],
  ...[Uint8Array.of(0xff, 0xfe, 0x80), new Uint8Array(0), new Uint8Array(1000).fill(0x92)],
  ...[
    new ExtData(0, new Uint8Array(8).fill(255)),
    new ExtData(0, new Uint8Array(3)),
    new ExtData(7, new Uint8Array(1)),
  ],
];

/** Values changed within messages that stay whole; bytes where they are no msgpack. */
export function mutateMessages(random: Random, bytes: Uint8Array, others: readonly Uint8Array[]): Buffer {
  let messages: unknown[];
  try {
    messages = [...decodeMulti(bytes, { useBigInt64: true })];
    for (let left = 1 + random.int(3); left > 0; left--) {
      messages = changed(random, messages, 0) as unknown[];
    }
    return Buffer.concat(
      messages.map((message) => Buffer.from(encode(message, { maxDepth: 2000, useBigInt64: true }))),
    );
  } catch {
    return mutateBytes(random, bytes, others);
  }
}

/** As mutateMessages, of a stream of JSON values that `bytes` is one of. */
export function mutateJson(random: Random, bytes: Uint8Array, others: readonly Uint8Array[]): Buffer {
  try {
    const value = changed(random, JSON.parse(Buffer.from(bytes).toString()), 0);
    return Buffer.from(JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? Number(each) : each)));
  } catch {
    return mutateBytes(random, bytes, others);
  }
}

/** As mutateMessages, of a document in YAML. Its tags and anchors do not come through; mutateValues leaves them alone. */
export function mutateYaml(random: Random, bytes: Uint8Array, others: readonly Uint8Array[]): Buffer {
  try {
    const read: unknown = parse(Buffer.from(bytes).toString(), { logLevel: 'silent' });
    // The list of sections stays one, most often.
    return Buffer.from(stringify(changed(random, read, random.once(8) ? 0 : -2)));
  } catch {
    return mutateBytes(random, bytes, others);
  }
}

/**
 * In texts whose lines are names with values: values changed, or taken from another text, and names changed. What holds such a text together,
 * brackets of sections and the space in front of lines, stays.
 */
export function mutateValues(random: Random, bytes: Uint8Array, others: readonly Uint8Array[]): Buffer {
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  const places = lines.flatMap((line, at) => (nameAndValue.test(line) ? [at] : []));
  for (let left = 1 + random.int(3); left > 0 && places.length > 0; left--) {
    const at = random.pick(places);
    const [, name = '', between = ' ', value = ''] = nameAndValue.exec(lines[at] ?? '') ?? [];
    const line = random.pick(Buffer.from(random.pick(others)).toString('latin1').split('\n'));
    const [, otherName = name, , otherValue = value] = nameAndValue.exec(line) ?? [];
    lines[at] = random.pick([
      name + between + otherValue,
      name + between + otherValue,
      otherName.trim() === '' ? '' : name.replace(/\S.*/, '') + otherName.trim() + between + otherValue,
      name + between + alike(random, value),
      name + between + String(random.pick(oddValues)).replaceAll('\n', ' '),
      `${name}${between}${value}${value}`,
      `${name}${between}${value}\n${name}${between}${otherValue}`,
    ]);
  }
  return Buffer.from(lines.join('\n'), 'latin1');
}

/** Of lines that parsers read: letters and digits become others of their kind, many of them, so that the form of the line stays. */
export function mutateAlike(random: Random, bytes: Uint8Array): Buffer {
  return Buffer.from(alike(random, Buffer.from(bytes).toString('latin1')), 'latin1');
}

/** A line of a configuration, or of YAML, that has a name and a value. */
const nameAndValue = /^(\s*(?:- )?[@$\w]+)(:? +)([^\n]*)$/;
const kinds = [/[0-9]/, /[a-z]/, /[A-Z]/];
const ofKind = ['0123456789', 'abcxyz', 'ABCXYZ'];

function alike(random: Random, text: string): string {
  const chars = [...text];
  for (let left = 1 + random.int(4); left > 0 && chars.length > 0; left--) {
    const at = random.int(chars.length);
    const char = chars[at] ?? '';
    const kind = kinds.findIndex((each) => each.test(char));
    if (kind >= 0) {
      chars[at] = random.pick([...(ofKind[kind] ?? '')]).repeat(random.once(8) ? random.pick([2, 50, 3000]) : 1);
    }
  }
  return chars.join('');
}

/** Lines left out, doubled, moved or taken from another text, and words of a line changed. */
export function mutateLines(random: Random, bytes: Uint8Array, others: readonly Uint8Array[]): Buffer {
  let lines = Buffer.from(bytes).toString('latin1').split('\n');
  for (let left = 1 + random.int(2); left > 0 && lines.length > 0; left--) {
    const at = random.int(lines.length);
    const line = lines[at] ?? '';
    switch (random.int(5)) {
      case 0:
        lines = lines.toSpliced(at, 1);
        break;
      case 1:
        lines = lines.toSpliced(random.int(lines.length), 0, line);
        break;
      case 2:
        lines = lines.toSpliced(at, 0, random.pick(Buffer.from(random.pick(others)).toString('latin1').split('\n')));
        break;
      default: {
        const words = line.split(' ');
        const word = random.once(2)
          ? random.pick(Buffer.from(random.pick(others)).toString('latin1').split(/\s+/))
          : String(random.pick(oddValues));
        lines = lines.with(at, words.with(random.int(words.length), word).join(' '));
      }
    }
  }
  return Buffer.from(lines.join('\n'), 'latin1');
}

/** The value with one place in it changed; containers mostly below (always, and not their names, where `depth` is negative), others in themselves. */
function changed(random: Random, value: unknown, depth: number): unknown {
  if (Array.isArray(value) && value.length > 0 && (depth <= 0 || !random.once(6))) {
    const at = random.int(value.length);
    return value.with(at, changed(random, value[at], depth + 1));
  }
  if (isMap(value) && Object.keys(value).length > 0 && (depth < 0 || !random.once(6))) {
    const key = random.pick(Object.keys(value));
    const { [key]: old, ...rest } = value;
    return depth >= 0 && random.once(4)
      ? { ...rest, [String(random.pick(texts))]: old }
      : { ...value, [key]: changed(random, old, depth + 1) };
  }
  if (value instanceof Uint8Array && !random.once(6)) {
    // Entries of a PackedForward, most often: they are messages again.
    return random.once(2) ? mutateMessages(random, value, []) : mutateBytes(random, value);
  }
  if (depth === 0) return value;
  if (typeof value === 'string' && !random.once(3)) return value + random.pick(texts);
  return random.once(8) ? nested(random, value) : random.pick(oddValues);
}

function nested(random: Random, value: unknown): unknown {
  let out = value;
  for (let depth = random.pick([1, 30, 600]); depth > 0; depth--) out = random.once(2) ? [out] : { a: out };
  return out;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
