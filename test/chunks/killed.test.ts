// Processes that are killed, and disks that fail them: what was acked is there afterwards.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeMulti } from '@msgpack/msgpack';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { Lines } from '../support/lines.ts';
import { projectEnv, projectNode, projectRoot } from '../support/project.ts';
import { reasonToSkip } from '../support/system.ts';
import { tempFolder } from '../support/temp.ts';
import { chances } from '../torture/chances.ts';
import { errno, Shim } from '../torture/shim.ts';
import { forgetUnsynced } from '../torture/unsynced.ts';
import { batchOf, noKeys, type OpenedStore, openStore, read } from './store.ts';

const temp = tempFolder('killed');
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => temp.remove());

interface Feeder {
  readonly lines: Lines;
  kill(): Promise<void>;
}

function feed(args: readonly string[], env: Readonly<Record<string, string>> = {}, program = 'feeder.ts'): Feeder {
  const command = [join(projectRoot, 'test', 'chunks', program), ...args];
  const child = spawn(projectNode(), command, { stdio: ['ignore', 'pipe', 'inherit'], env: projectEnv(env) });
  children.push(child);
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    lines: new Lines(child.stdout),
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** The numbers of all events, and how often each is there. */
async function numbersIn({ chunks }: OpenedStore): Promise<Map<number, number>> {
  const numbers = new Map<number, number>();
  for (const chunk of chunks) {
    for (const { entries, tag } of await read(chunk)) {
      for (const event of decodeMulti(entries)) {
        const [, { n }] = event as [number, { n: number }];
        expect(['a', 'b', 'c'][n % 3]).toBe(tag.text);
        numbers.set(n, (numbers.get(n) ?? 0) + 1);
      }
    }
  }
  return numbers;
}

/** Acks beyond the last whole line may have been cut by the kill. */
function acked(lines: Lines): number[] {
  return lines.text.filter((line) => /^\d+$/.test(line)).map(Number);
}

test('a process that is killed again and again loses nothing that it acked', async () => {
  const folder = join(temp.path, 'none');
  const chance = chances(1124);
  const all: number[] = [];
  for (let round = 0; round < 3; round++) {
    const feeder = feed([folder, 'none', 'none', String(round * 1_000_000), '1000000']);
    await feeder.lines.waitForCount(200 + Math.floor(chance() * 3000));
    await feeder.kill();
    all.push(...acked(feeder.lines).slice(0, -1));
  }
  const opened = await openStore(folder);
  const numbers = await numbersIn(opened);
  expect(all.length).toBeGreaterThan(1000);
  expect(all.filter((n) => numbers.get(n) !== 1)).toEqual([]);
  await opened.store.close();
});

const skipped = reasonToSkip('a failing disk', ['gcc']);

describe.skipIf(skipped !== undefined)('a disk that fails', () => {
  let disks = 0;
  const disk = () => {
    const folder = join(temp.path, `disk-${disks++}`);
    mkdirSync(join(folder, 'buffer'), { recursive: true });
    return { buffer: join(folder, 'buffer'), shim: new Shim(folder, join(folder, 'buffer')) };
  };

  test('the machine dies: with sync always nothing acked is missing', async () => {
    const { buffer, shim } = disk();
    const chance = chances(815);
    const all: number[] = [];
    let bytes = 0;
    for (let round = 0; round < 3; round++) {
      const feeder = feed([buffer, 'none', 'always', String(round * 1_000_000), '1000000'], shim.env);
      await feeder.lines.waitForCount(100 + Math.floor(chance() * 400), 30_000);
      await feeder.kill();
      all.push(...acked(feeder.lines).slice(0, -1));
      bytes += forgetUnsynced(shim.log, buffer, chance).bytes;
      const opened = await openStore(buffer);
      const numbers = await numbersIn(opened);
      expect(all.filter((n) => numbers.get(n) !== 1)).toEqual([]);
      await opened.store.close();
    }
    expect(bytes).toBeGreaterThan(0);
  });

  test('the machine dies: with sync interval nothing is missing that was acked before the last sync', async () => {
    const { buffer, shim } = disk();
    const feeder = feed([buffer, 'none', 'interval', '0', '1000000'], shim.env);
    await feeder.lines.waitForCount(100, 30_000);
    const early = acked(feeder.lines);
    const syncs = () => readFileSync(shim.log, 'utf8').match(/^s /gm)?.length ?? 0;
    const before = syncs();
    // Three files and a few that are sealed are synced each time, the older ones first: the first time may have begun before.
    await expect.poll(syncs, { timeout: 40_000 }).toBeGreaterThan(before + 24);
    await feeder.kill();
    forgetUnsynced(shim.log, buffer, chances(7));
    const opened = await openStore(buffer);
    const numbers = await numbersIn(opened);
    expect(early.filter((n) => numbers.get(n) !== 1)).toEqual([]);
    await opened.store.close();
  });

  for (const [what, rules] of Object.entries({
    'full now and then': [`write ${errno.ENOSPC} 3`, `open ${errno.ENOSPC} 2`],
    'failing writes and syncs': [`write ${errno.EIO} 4`, 'short 3', `sync ${errno.EIO} 3`],
  })) {
    for (const sync of ['none', 'always'] as const) {
      test(`${what}: all is written in the end, once and in order (sync ${sync})`, async () => {
        const { buffer, shim } = disk();
        shim.follow(...rules);
        const feeder = feed([buffer, 'none', sync, '0', '60'], shim.env);
        await feeder.lines.waitForLine((line) => line === 'end', 30_000);
        expect(acked(feeder.lines).sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i));
        const opened = await openStore(buffer);
        const numbers = await numbersIn(opened);
        expect([...numbers.values()].every((times) => times === 1)).toBe(true);
        expect(numbers.size).toBe(60);
        expect(opened.counters.list().map(({ value }) => value)).toEqual([0, 0, 0]);
        await opened.store.close();
      });
    }
  }

  test('a sector that cannot be read costs the block that it is in, which is named', async () => {
    const { buffer, shim } = disk();
    const { store } = await openStore(buffer);
    const chunk = store.create(noKeys);
    for (let n = 0; n < 30; n++) {
      await chunk.append(batchOf(n, 1, { size: 10_000 }));
    }
    await store.close();
    shim.follow('read 96000 97000');
    const drainer = feed([buffer], shim.env, 'drainer.ts');
    await drainer.lines.waitForLine((line) => line === 'end', 30_000);
    const lost = Array.from({ length: 30 }, (_, n) => n).filter((n) => !acked(drainer.lines).includes(n));
    expect(lost).toEqual([9]);
    expect(drainer.lines.text.filter((line) => line === 'BUFFER_CHUNK_DAMAGED')).toHaveLength(1);
  });

  test('a full disk holds acks back, and goes on by itself when there is room again', async () => {
    const { buffer, shim } = disk();
    const feeder = feed([buffer, 'none', 'none', '0', '100000'], shim.env);
    await feeder.lines.waitForCount(50);
    shim.follow(`write ${errno.ENOSPC} 1`);
    await feeder.lines.waitForLine((line) => line === 'FILE_WRITE_FAILED');
    shim.follow();
    await feeder.lines.waitForLine((line) => line === 'FILE_WRITTEN_AGAIN');
    await feeder.lines.waitForCount(feeder.lines.raw.length + 500);
    await feeder.kill();
    const opened = await openStore(buffer);
    const numbers = await numbersIn(opened);
    expect(
      acked(feeder.lines)
        .slice(0, -1)
        .filter((n) => numbers.get(n) !== 1),
    ).toEqual([]);
    await opened.store.close();
  });
});
