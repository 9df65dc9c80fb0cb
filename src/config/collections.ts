// Values of several parts: arrays, hashes, and regular expressions with their flags.
import { type Converted, shorten } from './converted.ts';
import { compileRubyRegexp } from './ruby-regexp.ts';

/** `a, b` or a JSON array. */
export function arrayValue(text: string): Converted {
  if (!text.startsWith('[')) {
    return { value: list(text) };
  }
  return jsonValue(text, 'array', '["a", "b"], or a, b');
}

/** `a:1, b:2` or a JSON object. The keys are own properties of an object without a prototype. */
export function hashValue(text: string): Converted {
  if (text.startsWith('{')) {
    return jsonValue(text, 'hash', '{"a": "b"}, or a:b');
  }
  const result: Record<string, string | null> = Object.create(null);
  for (const entry of list(text)) {
    if (entry === '') {
      return { value: null, fault: `"${shorten(text)}" has an empty entry`, hint: 'Write a:b, c:d.' };
    }
    const colon = entry.indexOf(':');
    if (colon < 0) {
      result[entry] = null;
    } else {
      result[entry.slice(0, colon)] = entry.slice(colon + 1);
    }
  }
  return { value: result };
}

/** The parts between commas without blanks around them, as Ruby's split gives them: empty parts at the end are not there. */
function list(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim());
  while (parts.at(-1) === '') {
    parts.pop();
  }
  return parts;
}

function jsonValue(text: string, what: 'array' | 'hash', example: string): Converted {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  // What begins with a bracket and is JSON is an array or an object.
  return value === undefined
    ? { value: null, fault: `"${shorten(text)}" is no JSON ${what}`, hint: `Write ${example}.` }
    : { value: what === 'hash' ? Object.assign(Object.create(null), value) : value };
}

/** `/source/flags`, or the source alone. */
export function regexpValue(text: string): Converted {
  let source = text;
  let flags = '';
  if (text.startsWith('/')) {
    const end = text.lastIndexOf('/');
    if (end < text.length - 3) {
      return {
        value: null,
        fault: `The regular expression ${shorten(text)} has no slash at its end`,
        hint: 'Write it between slashes, with i or m behind them if wanted: /^a+$/i.',
      };
    }
    source = text.slice(1, Math.max(1, end));
    flags = text.slice(end + 1);
  }
  const value = { source, ignorecase: flags.includes('i'), multiline: flags.includes('m') };
  const compiled = compileRubyRegexp(source, value);
  if (!compiled.ok) {
    return {
      value: null,
      fault: `The regular expression ${shorten(text)} cannot be used: ${compiled.reason}`,
      hint: 'Mend the expression; it is read as Ruby reads it.',
    };
  }
  return { value };
}
