// The committed module is the one that the sources in assembly/ make, and it is loaded only where it may be.
import { expect, test } from 'vitest';
import { sourcesHash as current } from '../../build-wasm.ts';
import { IoMemory } from '../../src/core/io-memory.ts';
import { loadWasm } from '../../src/msgpack/wasm.ts';
import { sourcesHash } from '../../src/msgpack/wasm-module.ts';

test('the module was made from the sources as they are: else run `npm run build`', () => {
  expect(sourcesHash).toBe(current());
});

test('FOREBAY_WASM=0 leaves all to the TypeScript versions', () => {
  expect(loadWasm(new IoMemory(1 << 20), '0')).toBeUndefined();
  expect(loadWasm(new IoMemory(1 << 20), undefined)).toBeDefined();
});
