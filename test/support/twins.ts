// Both versions of the hot loop, for suites that run on each: what one does the other must.
import { IoMemory } from '../../src/core/io-memory.ts';
import { loadWasm, type Wasm } from '../../src/msgpack/wasm.ts';

export const io = new IoMemory();

const wasm = loadWasm(io, '1');
if (wasm === undefined) {
  throw new Error('This Node has no WebAssembly with SIMD: the module cannot be tested.');
}
export const module: Wasm = wasm;

export const twins: readonly (readonly [string, Wasm | undefined])[] = [
  ['WebAssembly', wasm],
  ['TypeScript', undefined],
];
