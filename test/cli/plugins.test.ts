// Plug-ins of the user's own, loaded with -p.

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { encode } from '@msgpack/msgpack';
import { afterAll, expect, test } from 'vitest';
import { check } from '../../src/cli/check.ts';
import { startForebay } from '../support/forebay.ts';
import { tempFolder } from '../support/temp.ts';

const folder = tempFolder('plugins');
afterAll(() => folder.remove());

const tally = `import { writeSync } from 'node:fs';
export default {
  kind: 'output', type: 'tally', summary: 'Counts.',
  options: { prefix: { type: 'string', desc: 'Stands before the count.', default: 'n=' } },
  create(context, { prefix }) {
    return { emit(batch) { writeSync(1, prefix + batch.count + '\\n'); }, async stop() {} };
  },
};
`;

test('an output of the user takes events like any other', async () => {
  writeFileSync(join(folder.path, 'out_tally.mjs'), tally);
  const forebay = await startForebay({
    config:
      '<source>\n@type forward\nbind 127.0.0.1\nport PORT\n</source>\n<match **>\n@type tally\nprefix got\n</match>\n',
    args: ['-p', folder.path],
  });
  const socket = net.connect(forebay.port, '127.0.0.1');
  socket.write(Buffer.concat([encode(['a', 1, {}]), encode(['a', 1, {}, { chunk: 'c' }])]));
  await once(socket, 'data');
  expect(await forebay.stdout.waitForCount(1)).toEqual(['got2']);
  socket.destroy();
  expect(await forebay.stop()).toBe(0);
});

test('its options are checked, files in Ruby are named, a file that is none is an error', async () => {
  const config = join(folder.path, 'a.conf');
  writeFileSync(config, '<match **>\n@type tally\nprefxi 1\n</match>\n');
  writeFileSync(join(folder.path, 'filter_old.rb'), '# ruby');
  const first = await output(config);
  expect(first.code).toBe(0);
  expect(first.text).toContain('prefxi');
  expect(first.text).toContain('filter_old.rb');
  writeFileSync(join(folder.path, 'wrong.mjs'), 'export default 5;');
  const second = await output(config);
  expect(second.code).toBe(2);
  expect(second.text).toContain('wrong.mjs defines no plug-in');
});

async function output(file: string) {
  let text = '';
  const code = await check({
    file,
    json: false,
    plugins: [folder.path],
    write: (more) => {
      text += more;
    },
  });
  return { code, text };
}
