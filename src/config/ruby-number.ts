// Numbers as Ruby reads and prints them: what Fluentd makes of a value's text depends on it.

/** `String#to_i`: what of a number stands at the beginning, 0 if none does. */
export function toI(text: string): number {
  return Number((/^[\s\0]*([+-]?\d+(?:_\d+)*)/.exec(text)?.[1] ?? '0').replaceAll('_', '')) + 0;
}

/** `Integer()`: undefined when the text is not one number. Takes 0x, 0b, 0o, and octal with a leading 0. */
export function integer(text: string): number | undefined {
  const match = /^\s*([+-]?)(0x|0b|0o|0d|0_?(?=\d))?([\da-f]+(?:_[\da-f]+)*)\s*$/i.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, sign = '', prefix = '', digits = ''] = match;
  const radix = radixes[prefix.toLowerCase().replace('_', '')] ?? 10;
  if (![...digits].every((c) => c === '_' || Number.parseInt(c, 36) < radix)) {
    return undefined;
  }
  const plain = digits.replaceAll('_', '');
  const literal = radix === 10 ? plain : `${radix === 16 ? '0x' : radix === 2 ? '0b' : '0o'}${plain}`;
  return (sign === '-' ? -1 : 1) * Number(literal) + 0;
}

const radixes: Readonly<Record<string, number>> = { '0x': 16, '0b': 2, '0o': 8, '0d': 10, '0': 8 };

/** `String#to_f`: what of a number stands at the beginning, 0 if none does. */
export function toF(text: string): number {
  const match = /^\s*([+-]?(?:\d+(?:_\d+)*)?(?:\.\d+(?:_\d+)*)?(?:e[+-]?\d+(?:_\d+)*)?)/i.exec(text);
  const number = Number((match?.[1] ?? '').replaceAll('_', ''));
  if (!Number.isNaN(number)) {
    return number;
  }
  // A sign or an exponent without digits: take what stands before it.
  return Number((/^\s*([+-]?\d+(?:_\d+)*)/.exec(text)?.[1] ?? '0').replaceAll('_', ''));
}

/** `Float()`: undefined when the text is not one number. */
export function float(text: string): number | undefined {
  const decimal = /^\s*([+-]?(?:\d+(?:_\d+)*)?(?:\.\d+(?:_\d+)*)?(?:e[+-]?\d+(?:_\d+)*)?)\s*$/i.exec(text)?.[1];
  if (decimal !== undefined && /^[+-]?\.?\d/.test(decimal)) {
    return Number(decimal.replaceAll('_', ''));
  }
  const hex = /^\s*([+-]?)(0x[\da-f]+)\s*$/i.exec(text);
  return hex === null ? undefined : (hex[1] === '-' ? -1 : 1) * Number(hex[2]);
}

/** `Float#to_s`. */
export function printFloat(value: number): string {
  if (!Number.isFinite(value)) {
    return Number.isNaN(value) ? 'NaN' : value < 0 ? '-Infinity' : 'Infinity';
  }
  if (value === 0) {
    return Object.is(value, -0) ? '-0.0' : '0.0';
  }
  const size = Math.abs(value);
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  if (size < 1e-4 || size >= 1e16) {
    const digits = exponent.replace(/^[+-]/, '').padStart(2, '0');
    return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}e${exponent.startsWith('-') ? '-' : '+'}${digits}`;
  }
  // JavaScript turns to exponents only at 1e-7 and 1e21, so both ends are decimal here.
  const decimal = String(value);
  return decimal.includes('.') ? decimal : `${decimal}.0`;
}
