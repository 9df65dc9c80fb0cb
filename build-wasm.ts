// Compiles src/msgpack/assembly and src/page/columns/assembly to WebAssembly and writes each into wasm-module.ts beside it as text, so that
// nobody needs a path to find it and the program runs from its sources too. `npm run build` does this; the tests wasm-module.test.ts fail
// where it was forgotten.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { main } from 'assemblyscript/asc';

const rooms = ['src/msgpack', 'src/page/columns'] as const;
const flags = [
  ...['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd'],
  ...['--importMemory', '--noExportMemory', '--initialMemory', '1', '--maximumMemory', '65536', '--zeroFilledMemory'],
  // Vectors are passed between files, not between the module and its host.
  ...['--disableWarning', '112'],
];

/** Tells one state of the sources from another. */
export function sourcesHash(room: (typeof rooms)[number] = 'src/msgpack'): string {
  const folder = `${room}/assembly`;
  const hash = createHash('sha256').update(flags.join(' '));
  for (const name of readdirSync(folder).sort()) {
    if (name.endsWith('.ts')) {
      hash.update(`\n${name}\n`).update(readFileSync(`${folder}/${name}`));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

async function compile(folder: string): Promise<Uint8Array> {
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
  for (const room of rooms) {
    const text = Buffer.from(await compile(`${room}/assembly`)).toString('base64');
    writeFileSync(
      `${room}/wasm-module.ts`,
      `// Written by build-wasm.ts from assembly/, which is where to look: WebAssembly in base64. Not edited by hand.

export const sourcesHash = '${sourcesHash(room)}';

export const moduleText =
  '${text}';
`,
    );
  }
}
