// Plain scalars of YAML, value by value.
import { describe, expect, test } from 'vitest';
import { plainValue } from '../../../src/config/yaml/scalar.ts';

describe('plain scalars are what Psych makes of them', () => {
  test.for<[string, unknown, string | null]>([
    ['', null, null],
    ['~', null, null],
    ['Null', null, null],
    ['yes', true, 'true'],
    ['Off', false, 'false'],
    ['y', 'y', 'y'],
    ['123', 123, '123'],
    ['-1', -1, '-1'],
    ['+1', 1, '1'],
    ['1_000', 1000, '1000'],
    ['1,000', 1000, '1000'],
    ['0x1f', 31, '31'],
    ['0b101', 5, '5'],
    ['014', 12, '12'],
    ['0o14', 12, '12'],
    ['089', '089', '089'],
    ['1:30', 90, '90'],
    ['-1:30', -90, '-90'],
    ['1.5', 1.5, '1.5'],
    ['1.0', 1, '1.0'],
    ['1.5e+3', 1500, '1500.0'],
    ['1e3', '1e3', '1e3'],
    ['.5', 0.5, '0.5'],
    ['.', '.', '.'],
    ['.inf', 'Infinity', 'Infinity'],
    ['-.inf', '-Infinity', '-Infinity'],
    ['.nan', 'NaN', 'NaN'],
    [':sym', 'sym', 'sym'],
    [':"a b"', 'a b', 'a b'],
    [':', ':', ':'],
    ['8m', '8m', '8m'],
    ['2024-01-31', '2024-01-31', '2024-01-31'],
    ['127.0.0.1', '127.0.0.1', '127.0.0.1'],
    ['99999999999999999999', '99999999999999999999', '99999999999999999999'],
  ])('%s', ([source, json, text]) => {
    const { doubt: _, ...value } = plainValue(source);
    expect(value).toEqual({ json, text });
  });
});
