// What secondary_file takes is on the disk, with its name, before the chunk that it came from goes.
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { encode } from '@msgpack/msgpack';
import { expect, onTestFinished, test } from 'vitest';
import { startForebay } from '../support/forebay.ts';
import { projectRoot } from '../support/project.ts';
import { tempFolder } from '../support/temp.ts';
import { errno, Shim } from '../torture/shim.ts';

test.each([
  ['', 'dump.bin.0'],
  ['append true', 'dump.bin'],
])('its bytes are synced, then the names of file and folder (%s)', async (options, name) => {
  const temp = tempFolder('secondary-sync');
  onTestFinished(() => temp.remove());
  const dump = join(temp.path, 'dump');
  mkdirSync(dump);
  writeFileSync(join(temp.path, 'down'), '');
  const shim = new Shim(temp.path, dump);
  shim.follow(`sync ${errno.EIO} 1`);
  const forebay = await startForebay({
    args: ['-p', join(projectRoot, 'test', 'plugins')],
    env: shim.env,
    config: `<source>
@type forward
bind 127.0.0.1
port PORT
</source>
<match **>
@type switched
folder ${temp.path}
<buffer []>
@type file
path ${temp.path}/buffer
flush_mode immediate
retry_type periodic
retry_wait 0.1
retry_timeout 1h
retry_secondary_threshold 0.00001
</buffer>
<secondary>
@type secondary_file
directory ${dump}/of/today
${options}
</secondary>
</match>
`,
  });
  onTestFinished(async () => void (await forebay.stop()));
  const chunks = () => readdirSync(join(temp.path, 'buffer')).filter((each) => each.endsWith('.queued'));
  const until = async (what: () => boolean) => {
    while (!what()) await delay(20);
  };
  const socket = net.connect(forebay.port, '127.0.0.1');
  socket.write(encode(['t', 1_700_000_000, { n: 1 }, { chunk: 'c' }]));
  await new Promise((resolve) => socket.once('data', resolve));
  socket.destroy();
  // As long as nobody knows whether it is on the disk, the chunk stays.
  await forebay.stderr.waitForLine((line) => line.includes('"secondary":true') && line.includes('BUFFER_WRITE_FAILED'));
  expect(chunks()).toHaveLength(1);
  shim.follow();
  await until(() => chunks().length === 0);
  const lines = readFileSync(shim.log, 'utf8').trimEnd().split('\n');
  const { ino } = statSync(join(dump, 'of', 'today', name));
  const synced = lines.findLastIndex((line) => line.startsWith(`s ${ino} `));
  expect(synced).toBeGreaterThan(lines.findLastIndex((line) => line.startsWith(`w ${ino} `)));
  // Those of both folders that were made, though by the try before.
  expect(lines.slice(synced).filter((line) => line === 'd')).toHaveLength(3);
  expect(await forebay.stop()).toBe(0);
});
