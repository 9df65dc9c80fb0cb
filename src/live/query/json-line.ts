// Lines that are a JSON object, and lines of `name=value`: their level, message and fields.
import { type Level, levelFields, levelOfValue } from './levels.ts';

const fieldsOfJson = ['message', 'msg', 'log', 'event'];
const timesOfJson = new Set(['time', 'timestamp', 'ts', '@timestamp']);

export interface JsonLine {
  readonly text: string;
  readonly level: Level | undefined;
  /** What is neither text, level nor time. */
  readonly fields: readonly (readonly [string, string])[];
}

export function looksLikeJson(text: string): boolean {
  return /^\s*\{\s*"/.test(text);
}

/** The object of a line, or undefined. */
export function objectOf(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The line's message first, its level, and at most `most` fields of at most `longest` characters. */
export function readJsonLine(line: string, most: number, longest: number): JsonLine | undefined {
  const value = objectOf(line);
  if (value === undefined) {
    return undefined;
  }
  const pairs = new Map<string, unknown>(Object.entries(value));
  const message = fieldsOfJson.find((name) => typeof pairs.get(name) === 'string');
  let level: Level | undefined;
  const fields: [string, string][] = [];
  for (const [name, part] of pairs) {
    if (name === message || timesOfJson.has(name)) {
      continue;
    }
    const named = isLevelField(name) ? levelOfValue(jsonText(part)) : undefined;
    if (named !== undefined) {
      level ??= named;
    } else if (fields.length < most) {
      fields.push([name, jsonText(part).slice(0, longest)]);
    }
  }
  return { text: message === undefined ? '' : String(pairs.get(message)), level, fields };
}

const pairs = /\s*([\p{L}_@][\p{L}\p{N}_@./-]*)=("(?:\\.|[^"\\])*"|[^\s"]*)(?=\s|$)/uy;

/** The same of a line that is all `name=value` and has a message among them (logfmt). */
export function readLogfmt(line: string, most: number, longest: number): JsonLine | undefined {
  const found: [string, string][] = [];
  pairs.lastIndex = 0;
  for (let at = 0; at < line.length; at = pairs.lastIndex) {
    const match = pairs.exec(line);
    if (match === null) {
      if (line.slice(at).trim() !== '') {
        return undefined;
      }
      break;
    }
    const [, name = '', value = ''] = match;
    found.push([name, value.startsWith('"') ? value.slice(1, -1).replace(/\\(["\\])/g, '$1') : value]);
  }
  const message = found.find(([name]) => fieldsOfJson.includes(name));
  if (found.length < 2 || message === undefined) {
    return undefined;
  }
  let level: Level | undefined;
  const fields: [string, string][] = [];
  for (const pair of found) {
    const named = isLevelField(pair[0]) ? levelOfValue(pair[1]) : undefined;
    level ??= named;
    if (pair !== message && named === undefined && !timesOfJson.has(pair[0]) && fields.length < most) {
      fields.push([pair[0], pair[1].slice(0, longest)]);
    }
  }
  return { text: message[1], level, fields };
}

/** The level of an object, as `readJsonLine` finds it. */
export function levelOfObject(value: object): Level | undefined {
  for (const [name, part] of Object.entries(value)) {
    const level = isLevelField(name) ? levelOfValue(jsonText(part)) : undefined;
    if (level !== undefined) {
      return level;
    }
  }
  return undefined;
}

export function isLevelField(name: string): boolean {
  return name.length >= 3 && name.length <= 8 && levelFields.includes(name.toLowerCase());
}

/** A field of an object, by its name or by a way of names and dots; undefined where there is none. */
export function fieldOfObject(value: object, name: string): string | undefined {
  if (Object.hasOwn(value, name)) {
    return jsonText((value as Readonly<Record<string, unknown>>)[name]);
  }
  let part: unknown = value;
  for (const step of name.split('.')) {
    if (typeof part !== 'object' || part === null || !Object.hasOwn(part, step)) {
      return undefined;
    }
    part = (part as Readonly<Record<string, unknown>>)[step];
  }
  return jsonText(part);
}

function jsonText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** Of `a=1 name="b c"` the value of a name; undefined where the line has no such pair. */
export function fieldOfText(line: string, name: string): string | undefined {
  for (let at = line.indexOf(name); at >= 0; at = line.indexOf(name, at + 1)) {
    const from = at + name.length + 1;
    if (line[from - 1] !== '=' || (at > 0 && !/[\s,;({[|]/.test(line[at - 1] as string))) {
      continue;
    }
    if (line[from] === '"') {
      const end = line.indexOf('"', from + 1);
      return line.slice(from + 1, end < 0 ? undefined : end);
    }
    pair.lastIndex = from;
    return pair.exec(line)?.[0] ?? '';
  }
  return undefined;
}

const pair = /[^\s,;)}\]|]*/y;
