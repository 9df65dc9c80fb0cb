// From a value's text to the value, as Fluentd converts it (lib/fluent/config/types.rb). Where Fluentd silently makes something of a
// text that means nothing, the value is the same and `doubt` says so. Arrays, hashes and expressions are collections.ts's.
import { arrayValue, hashValue, regexpValue } from './collections.ts';
import { type Converted, shorten } from './converted.ts';
import { nearest } from './nearest.ts';
import type { ScalarType } from './options.ts';
import { float, integer, toF, toI } from './ruby-number.ts';

export interface ConvertOptions {
  /** `strict_config_value true` in `<system>`. */
  readonly strict: boolean;
  /** Of an enum. */
  readonly values?: readonly string[];
}

/** Converts the text of a value. */
export function convert(type: ScalarType | 'symbol', text: string, options: ConvertOptions): Converted {
  switch (type) {
    case 'string':
      return { value: text };
    case 'symbol':
      return { value: text === '' ? null : text.replace(/^:/, '') };
    case 'bool':
      return boolValue(text, options.strict);
    case 'integer':
      return integerValue(text, options.strict, 'integer');
    case 'float':
      return floatValue(text, options.strict, 'number');
    case 'size':
      return sizeValue(text, options.strict);
    case 'time':
      return timeValue(text, options.strict);
    case 'enum':
      return enumValue(text, options.values ?? []);
    case 'array':
      return arrayValue(text);
    case 'hash':
      return hashValue(text);
    case 'regexp':
      return regexpValue(text);
  }
}

const sizeHint = 'Write a number of bytes, with k, m, g or t behind it if wanted: 8m.';
const timeHint = 'Write a number of seconds, or a whole number with s, m, h or d behind it: 60s.';

function sizeValue(text: string, strict: boolean): Converted {
  for (const [index, unit] of ['k', 'm', 'g', 't'].entries()) {
    const digits = digitsBefore(unit, 'i', text);
    if (digits !== undefined) {
      const value = Number(digits) * 1024 ** (index + 1);
      return /^\s*\d+[kmgt](?:i?b)?\s*$/i.test(text)
        ? exact(value, text)
        : { value, doubt: `"${shorten(text)}" is no size, and is read as ${digits}${unit}`, hint: sizeHint };
    }
  }
  return integerValue(text, strict, 'size', sizeHint);
}

const timeUnits = [
  ['s', 1],
  ['m', 60],
  ['h', 3_600],
  ['d', 86_400],
] as const;

function timeValue(text: string, strict: boolean): Converted {
  for (const [unit, seconds] of timeUnits) {
    const digits = digitsBefore(unit, '', text);
    if (digits !== undefined) {
      const value = Number(digits) * seconds;
      return /^\s*\d+(?:s|secs?|seconds?|m|mins?|minutes?|h|hours?|d|days?)\s*$/.test(text)
        ? { value }
        : { value, doubt: `"${shorten(text)}" is no duration, and is read as ${digits}${unit}`, hint: timeHint };
    }
  }
  return floatValue(text, strict, 'duration', timeHint);
}

/** Fluentd takes them wherever they stand. Texts that no number is as long as are left alone: the search would be quadratic. */
function digitsBefore(unit: string, flags: string, text: string): string | undefined {
  return text.length > 256 ? undefined : new RegExp(`(\\d+)${unit}`, flags).exec(text)?.[1];
}

function integerValue(text: string, strict: boolean, what: string, hint = 'Write a whole number.'): Converted {
  const value = strict ? integer(text) : toI(text);
  if (value === undefined) {
    return { value: null, fault: `"${shorten(text)}" is no ${what}`, hint };
  }
  return strict || /^\s*[+-]?\d+(?:_\d+)*\s*$/.test(text)
    ? exact(value, text)
    : { value, doubt: `"${shorten(text)}" is no ${what}, and is read as ${value}`, hint };
}

function floatValue(text: string, strict: boolean, what: string, hint = 'Write a number.'): Converted {
  const value = strict ? float(text) : toF(text);
  if (value === undefined) {
    return { value: null, fault: `"${shorten(text)}" is no ${what}`, hint };
  }
  return strict || float(text) === value
    ? { value }
    : { value, doubt: `"${shorten(text)}" is no ${what}, and is read as ${value}`, hint };
}

function exact(value: number, text: string): Converted {
  return Number.isSafeInteger(value)
    ? { value }
    : { value, doubt: `${shorten(text)} is larger than can be counted exactly`, hint: 'Write a smaller number.' };
}

function boolValue(text: string, strict: boolean): Converted {
  if (text === 'true' || text === 'yes' || text === '') {
    return { value: true };
  }
  if (text === 'false' || text === 'no') {
    return { value: false };
  }
  if (text.startsWith('#')) {
    // A comment where the value would stand: the parameter alone means true.
    return { value: true };
  }
  const said = `"${shorten(text)}" is neither true nor false`;
  const hint = 'Write true or false.';
  return strict ? { value: null, fault: said, hint } : { value: null, doubt: said, hint };
}

function enumValue(text: string, values: readonly string[]): Converted {
  if (values.includes(text)) {
    return { value: text };
  }
  const meant = nearest(text, values);
  const known = `Known are ${values.join(', ')}.`;
  return {
    value: null,
    fault: `"${shorten(text)}" is none of the values that this option takes`,
    hint: meant === undefined ? known : `Did you mean ${meant}? ${known}`,
  };
}
