// Which errors mean that a chunk will never be taken.
import { expect, test } from 'vitest';
import { ForebayError } from '../../src/core/errors.ts';
import { isUnrecoverable } from '../../src/flush/failure.ts';

test.each([
  ['an error', new Error('down'), false],
  ['one that says it', Object.assign(new Error('bad'), { retryable: false }), true],
  ['one that says the other', Object.assign(new TypeError('bad'), { retryable: true }), false],
  ['a mistake of the program', new TypeError('x is not a function'), true],
  [
    'what fetch throws when the network is down',
    new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') }),
    false,
  ],
  ['a number out of its range', new RangeError('bad'), true],
  ['no word about a delivery', new ForebayError('BUFFER_COMMIT_TIMEOUT'), false],
  ['a text', 'down', false],
  ['nothing', undefined, false],
])('%s', (_, error, expected) => {
  expect(isUnrecoverable(error)).toBe(expected);
});
