// The property that the file output stands on: whatever the pieces say, the path stays below its folder.
import { posix } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { safePath } from '../../src/plugin/safe-name.ts';

const nasty = fc.constantFrom(
  '..',
  '.',
  '/',
  '//',
  '',
  '../',
  '/..',
  '\0',
  '\\',
  '%2E',
  'x'.repeat(300),
  '\u202e',
  '~',
  'a',
);
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.array(nasty, { maxLength: 30 }).map((all) => all.join('')),
);
const literal = fc.constantFrom('', '/', '.', 'log', '/x/', '_', '.20231114');
const piece = fc.oneof(
  text.map((each) => ({ text: each, event: true })),
  literal.map((each) => ({ text: each, event: false })),
);

test('no pieces lead out of the folder, and every part is one that a file system takes', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const path = safePath(pieces);
      const resolved = posix.resolve('/base', path);
      expect(resolved === '/base' || resolved.startsWith('/base/')).toBe(true);
      expect(path.startsWith('/')).toBe(false);
      for (const part of path.split('/')) {
        expect(Buffer.byteLength(part)).toBeLessThanOrEqual(255);
        expect(part).not.toMatch(/[\p{Cc}\\]/u);
      }
    }),
    { numRuns: 2000 },
  );
});

test('what is harmless stays as it is', () => {
  const value = fc.string({ unit: fc.constantFrom(...'abcé日 :-_%$"'), minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(value, (each) => {
      expect(
        safePath([
          { text: 'x/', event: false },
          { text: each, event: true },
        ]),
      ).toBe(`x/${each}`);
    }),
  );
});
