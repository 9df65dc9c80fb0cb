// The loops that all events pass: taking them into columns, finding texts in their lines, picking and counting them by their columns.
// WebAssembly where there is SIMD, else the same in TypeScript.
import { PlainKernel } from './kernel-plain.ts';
import type { SearchKernel } from './kernel-search.ts';
import { Memory } from './memory.ts';
import { moduleText } from './wasm-module.ts';

export interface Kernel extends SearchKernel {
  /** Takes events of the input into the block that the context is about (layout.ts); returns one of `scanned`. */
  scan(context: number, start: number, end: number): number;
}

export interface KernelAndMemory {
  readonly kernel: Kernel;
  readonly memory: Memory;
}

/** What the module exports. `lineLevel` is what scan asks for the level of a line; the tests do too. */
export interface WasmKernel extends Kernel {
  lineLevel(at: number, size: number): number;
}

export function loadKernel(): KernelAndMemory {
  return loadWasmKernel() ?? loadPlainKernel();
}

export function loadPlainKernel(fixed?: number): KernelAndMemory {
  const memory = new Memory(false, fixed);
  return { kernel: new PlainKernel(memory), memory };
}

/** Undefined where the browser has no SIMD, or a policy forbids it. */
export function loadWasmKernel(): { readonly kernel: WasmKernel; readonly memory: Memory } | undefined {
  try {
    const bytes = Uint8Array.from(atob(moduleText), (sign) => sign.charCodeAt(0));
    const memory = new Memory(true);
    if (memory.wasm === undefined) {
      return undefined;
    }
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory: memory.wasm } });
    return { kernel: instance.exports as unknown as WasmKernel, memory };
  } catch {
    return undefined;
  }
}
