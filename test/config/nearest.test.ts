// The name that somebody meant is found, and nothing is guessed that is far away.
import { expect, test } from 'vitest';
import { nearest, suggestion } from '../../src/config/nearest.ts';

const names = ['forward', 'stdout', 'file', 'null', 'chunk_limit_size', 'tag'];

test.each([
  ['forwrd', 'forward'],
  ['fowrard', 'forward'],
  ['STDOUT', 'stdout'],
  ['chunk-limit-size', 'chunk_limit_size'],
  ['chunk_size_limit', 'chunk_limit_size'],
  ['chunk_limit', 'chunk_limit_size'],
  ['nul', 'null'],
  ['tga', 'tag'],
  ['xyz', undefined],
  ['', undefined],
  ['x'.repeat(100_000), undefined],
])('%s', (name, expected) => {
  expect(nearest(name, names)).toBe(expected);
});

test('without a near name the known ones are listed', () => {
  expect(suggestion('xyz', names, '')).toContain('forward, stdout');
  expect(suggestion('xyz', [], 'None.')).toBe('None.');
});
