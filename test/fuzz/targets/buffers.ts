// The files of a buffer, ours and those that Fluentd left: a folder with one of them, mutated, is opened, and read as a delivery reads it. Whatever
// stands in it, the store opens, or says in a sentence why it does not.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ForebayError } from '../../../src/core/errors.ts';
import { batchOf, entriesOf, filesIn, noKeys, openStore } from '../../chunks/store.ts';
import { capturesFolder } from '../../support/project.ts';
import { tempFolder } from '../../support/temp.ts';
import { inProcess } from '../in-process.ts';
import { mutateBytes } from '../mutate.ts';
import type { FuzzTarget } from '../target.ts';

interface Seed {
  readonly name: string;
  readonly bytes: Buffer;
}

export function buffersTarget(patience: number): FuzzTarget {
  const temp = tempFolder('fuzz');
  process.once('exit', () => temp.remove());
  const folder = join(temp.path, 'buffer');
  let seeds: readonly Seed[] = [];
  let name = '';
  const target = inProcess(
    {
      name: 'buffers',
      past: /^delivered/,
      share: 0.5,
      mutant(random) {
        const seed = random.pick(seeds);
        name = seed.name;
        return mutateBytes(
          random,
          seed.bytes,
          seeds.map(({ bytes }) => bytes),
        );
      },
      async run(mutant) {
        rmSync(folder, { recursive: true, force: true });
        mkdirSync(folder);
        writeFileSync(join(folder, name), mutant);
        return await open(folder);
      },
    },
    patience,
  );
  return {
    ...target,
    async start() {
      seeds = [...(await ownSeeds(join(temp.path, 'own'))), ...leftSeeds()];
      return await target.start();
    },
  };
}

async function open(folder: string): Promise<string> {
  let opened: Awaited<ReturnType<typeof openStore>>;
  try {
    opened = await openStore(folder);
  } catch (error) {
    if (error instanceof ForebayError) return `refused: ${error.code}`;
    throw error;
  }
  let bytes = 0;
  for (const chunk of opened.chunks) {
    if (chunk.text === undefined) {
      bytes += (await entriesOf(chunk)).length;
    } else {
      for await (const text of chunk.text()) bytes += text.length;
    }
  }
  await opened.store.close();
  const damaged = opened.log.some(({ code }) => code === 'BUFFER_CHUNK_DAMAGED');
  return `${bytes > 0 ? 'delivered' : 'nothing delivered'}${damaged ? ', damage named' : ''}`;
}

async function ownSeeds(folder: string): Promise<Seed[]> {
  const seeds: Seed[] = [];
  for (const codec of ['none', 'gzip', 'zstd'] as const) {
    const here = join(folder, codec);
    const { store } = await openStore(here, { codec });
    for (const sealed of [true, false]) {
      const chunk = store.create(noKeys);
      for (let n = 0; n < 5; n++) await chunk.append(batchOf(n * 10, 10, { size: 30 }));
      if (sealed) await chunk.seal();
    }
    await store.close();
    seeds.push(...filesIn(here).map((name) => ({ name, bytes: readFileSync(join(here, name)) })));
  }
  return seeds;
}

function leftSeeds(): Seed[] {
  return readdirSync(capturesFolder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.log$/.test(entry.name))
    .map(({ name, parentPath }) => ({ name, bytes: readFileSync(join(parentPath, name)) }));
}
