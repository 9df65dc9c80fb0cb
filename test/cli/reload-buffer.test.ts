// A reload beside a buffer on disk: an unchanged one goes on with its chunks, a changed one hands the folder over, and no acked event is lost.
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { compare, sendAcked } from '../support/acked-senders.ts';
import { type Forebay, startForebay } from '../support/forebay.ts';

const patience = 120_000;

interface Section {
  readonly output?: string;
  readonly buffer: string;
  readonly beside?: string;
}

function config({ output = '', buffer, beside = '' }: Section): string {
  return `<source>
@type forward
bind 127.0.0.1
port PORT
</source>
${beside}<match **>
@type file
path DIR/out
append true
${output}<format>
@type json
</format>
<buffer []>
@type file
${/^path /m.test(buffer) ? '' : 'path DIR/buffer\n'}${buffer}
</buffer>
</match>
`;
}

const staged = 'flush_mode interval\nflush_interval 1h';

async function start(section: Section): Promise<Forebay & { reload(changed: Section): Promise<void> }> {
  const forebay = await startForebay({ config: config(section) });
  onTestFinished(async () => void (await forebay.stop()));
  const path = join(forebay.folder, 'test.conf');
  return {
    ...forebay,
    async reload(changed) {
      const from = forebay.stderr.raw.length;
      const text = config(changed).replaceAll('PORT', String(forebay.port)).replaceAll('DIR', forebay.folder);
      writeFileSync(`${path}~`, text);
      renameSync(`${path}~`, path);
      forebay.signal('SIGHUP');
      await forebay.stderr.waitForLine((line) => line.includes('was read again, and runs'), 40_000, from);
    },
  };
}

function written({ folder }: Forebay): string[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith('out') && name.endsWith('.log'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1));
}

const chunksOf = ({ folder }: Forebay) => readdirSync(join(folder, 'buffer')).filter((name) => !name.startsWith('.'));

const loudIn = (forebay: Forebay) =>
  forebay.stderr.text
    .filter((line) => line.startsWith('{')) // others are remarks on the configuration
    .map((line) => JSON.parse(line) as { readonly level: number; readonly code?: string; readonly place?: string })
    .filter(({ level }) => level > 30);

const send = ({ port }: Forebay, connections: number, enough: number) =>
  sendAcked({ port, connections, chunk: 20, goOn: (acked) => acked < enough });

test(
  'a buffer whose section is the same goes on: its chunk takes what comes after the reload, and is delivered once',
  async () => {
    const forebay = await start({ buffer: staged });
    const before = await send(forebay, 1, 100);
    const chunks = chunksOf(forebay);
    expect(chunks).toHaveLength(1);
    await forebay.reload({ buffer: staged, beside: '<match nobody.**>\n@type null\n</match>\n' });
    const after = await send(forebay, 1, 100);
    expect(chunksOf(forebay)).toEqual(chunks);
    expect(written(forebay)).toEqual([]);
    forebay.signal('SIGUSR1');
    await expect.poll(() => written(forebay).length, { timeout: 40_000 }).toBe(before.acked + after.acked);
    expect(compare(written(forebay).slice(0, before.acked), before.events)).toEqual({ lost: [], more: [] });
    expect(await forebay.stop()).toBe(0);
    expect(loudIn(forebay)).toEqual([]);
  },
  patience,
);

test(
  'a buffer whose section is changed hands its folder over, again and again under load: nothing acked is lost or doubled',
  async () => {
    const forebay = await start({ buffer: staged });
    let done = false;
    const sending = sendAcked({ port: forebay.port, connections: 5, chunk: 20, goOn: () => !done });
    const changed = [
      { buffer: `${staged}\nchunk_limit_records 300` },
      { buffer: 'flush_mode interval\nflush_interval 0.1s' },
      { output: 'pending_limit 1m\n', buffer: staged },
      { buffer: `${staged}\ncompress zstd` },
      { buffer: staged },
    ];
    for (const section of [...changed, ...changed]) {
      await forebay.reload(section);
    }
    done = true;
    const sent = await sending;
    expect(sent.broken).toBe(0);
    // What is staged is delivered with no event coming and no signal.
    await forebay.reload({ buffer: 'flush_mode immediate' });
    await expect.poll(() => written(forebay).length, { timeout: 60_000 }).toBeGreaterThanOrEqual(sent.acked);
    expect(compare(written(forebay), sent.events)).toEqual({ lost: [], more: [] });
    await expect.poll(() => chunksOf(forebay), { timeout: 40_000 }).toEqual([]);
    expect(await forebay.stop()).toBe(0);
    expect(loudIn(forebay)).toEqual([]);
  },
  patience,
);

test(
  'a buffer whose path no configuration has any more is named, with what it holds, and delivered when one has it again',
  async () => {
    const forebay = await start({ buffer: staged });
    const { acked } = await send(forebay, 1, 100);
    await forebay.reload({ buffer: `${staged}\npath DIR/other` });
    await expect.poll(() => loudIn(forebay), { timeout: 40_000 }).toHaveLength(1);
    expect(loudIn(forebay)).toMatchObject([{ code: 'BUFFER_LEFT', place: join(forebay.folder, 'buffer') }]);
    await forebay.reload({ buffer: 'flush_mode immediate' });
    await expect.poll(() => written(forebay).length, { timeout: 40_000 }).toBe(acked);
    expect(await forebay.stop()).toBe(0);
  },
  patience,
);
