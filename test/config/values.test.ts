// Texts become values as in Fluentd, and where Fluentd makes something of nothing, that is said.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ScalarType } from '../../src/config/options.ts';
import { convert } from '../../src/config/values.ts';
import { vectorsFolder } from '../support/project.ts';

interface Case {
  readonly type: ScalarType | 'symbol';
  readonly input: string;
  readonly strict: boolean;
  readonly value?: unknown;
  readonly error?: unknown;
}

const { values } = JSON.parse(readFileSync(join(vectorsFolder, 'config.json'), 'utf8')) as { values: readonly Case[] };

describe('values as Fluentd converts them', () => {
  test.each(values.map((one) => [`${one.type} "${one.input}"${one.strict ? ', strict' : ''}`, one] as const))(
    '%s',
    (_, { type, input, strict, value, error }) => {
      const converted = convert(type, input, { strict });
      if (error === undefined) {
        expect(converted.fault).toBeUndefined();
        expect(converted.value).toEqual(value);
      } else {
        expect(converted.fault).toBeTypeOf('string');
        expect(converted.value).toBeNull();
      }
    },
  );
});

describe('what Fluentd takes without a word', () => {
  test.each([
    ['size', 'abc', 0],
    ['size', '1.5m', 5 * 1024 * 1024],
    ['size', '-1k', 1024],
    ['size', '1m1k', 1024],
    ['size', '0x10', 0],
    ['time', '100ms', 6_000],
    ['time', '1h30m', 1_800],
    ['time', '1w', 1],
    ['time', '5 s', 5],
    ['integer', '12abc', 12],
    ['integer', '', 0],
    ['float', 'Infinity', 0],
    ['bool', 'on', null],
    ['size', '9007199254740993', 9007199254740992],
  ] as const)('%s "%s" has a doubt', (type, text, value) => {
    const converted = convert(type, text, { strict: false });
    expect(converted.value).toBe(value);
    expect(converted.doubt).toBeTypeOf('string');
    expect(converted.hint).toBeTypeOf('string');
  });

  test.each([
    ['size', '8m'],
    ['size', '8MiB'],
    ['size', '10MB'],
    ['size', ' 5 '],
    ['time', '60s'],
    ['time', '5min'],
    ['time', '5hours'],
    ['time', '1.5'],
    ['time', '1_0'],
    ['integer', '+1'],
    ['float', '-1.5e3'],
    ['bool', 'yes'],
  ] as const)('%s "%s" has none', (type, text) => {
    expect(convert(type, text, { strict: false })).toEqual({ value: expect.anything() });
  });
});

test('an enum takes its values only, and names the one that was meant', () => {
  const values = ['interval', 'immediate', 'lazy'];
  expect(convert('enum', 'lazy', { strict: false, values })).toEqual({ value: 'lazy' });
  const converted = convert('enum', 'imediate', { strict: false, values });
  expect(converted.value).toBeNull();
  expect(converted.hint).toContain('Did you mean immediate?');
});

test('keys of a hash are only keys', () => {
  for (const text of ['__proto__:1,constructor:2', '{"__proto__":"1","constructor":"2"}']) {
    const value = convert('hash', text, { strict: false }).value as Record<string, unknown>;
    expect(Object.entries(value)).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ]);
    expect('toString' in value).toBe(false);
  }
});

test('long runs of blanks and digits cost no time', () => {
  const text = `a${' '.repeat(1_000_000)}b`;
  const started = performance.now();
  expect(convert('array', text, { strict: false }).value).toHaveLength(1);
  expect(convert('float', text, { strict: false }).value).toBe(0);
  expect(convert('size', '1'.repeat(1_000_000), { strict: false }).value).toBe(Number.POSITIVE_INFINITY);
  expect(performance.now() - started).toBeLessThan(10_000);
});
