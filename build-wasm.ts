// Compiles src/msgpack/assembly to WebAssembly and writes it into src/msgpack/wasm-module.ts as text, so that the program needs no path to
// find it and runs from its sources too. `npm run build` does this; test/msgpack/wasm-module.test.ts fails where it was forgotten.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { main } from 'assemblyscript/asc';

const folder = 'src/msgpack/assembly';
const flags = [
  ...['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd'],
  ...['--importMemory', '--noExportMemory', '--initialMemory', '1', '--maximumMemory', '65536', '--zeroFilledMemory'],
  // Vectors are passed between files, not between the module and its host.
  ...['--disableWarning', '112'],
];

/** Tells one state of the sources from another. */
export function sourcesHash(): string {
  const hash = createHash('sha256').update(flags.join(' '));
  for (const name of readdirSync(folder).sort()) {
    if (name.endsWith('.ts')) {
      hash.update(`\n${name}\n`).update(readFileSync(`${folder}/${name}`));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

async function compile(): Promise<Uint8Array> {
  let module: Uint8Array | undefined;
  const { error, stderr } = await main([`${folder}/index.ts`, '--outFile', 'module.wasm', ...flags], {
    readFile: (name, base) => {
      try {
        return readFileSync(`${base}/${name}`, 'utf8');
      } catch {
        return null; // the compiler tries several names
      }
    },
    writeFile: (_, contents) => {
      module = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  const said = stderr.toString();
  if (error || said !== '' || module === undefined) {
    throw new Error(said, { cause: error });
  }
  return module;
}

if (import.meta.main) {
  const text = Buffer.from(await compile()).toString('base64');
  writeFileSync(
    'src/msgpack/wasm-module.ts',
    `// Written by build-wasm.ts from assembly/, which is where to look: WebAssembly in base64. Not edited by hand.

export const sourcesHash = '${sourcesHash()}';

export const moduleText =
  '${text}';
`,
  );
}
