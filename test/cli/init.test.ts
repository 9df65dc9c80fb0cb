// The configurations to begin with: each is right as it is, and does what it says in the real program.

import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { FluentClient } from '@fluent-org/logger';
import { encode } from '@msgpack/msgpack';
import { afterAll, describe, expect, test } from 'vitest';
import { check } from '../../src/cli/check.ts';
import { init } from '../../src/cli/init.ts';
import { startForebay } from '../support/forebay.ts';
import { tempFolder } from '../support/temp.ts';

const folder = new URL('../../config/starters/', import.meta.url);
const temp = tempFolder('init');
afterAll(() => temp.remove());

async function run(which?: string, file?: string) {
  let output = '';
  let complaint = '';
  const code = await init({
    folder,
    which,
    file,
    write: (text) => {
      output += text;
    },
    complain: (text) => {
      complaint += text;
    },
  });
  return { code, output, complaint };
}

describe.for(['docker', 'sidecar', 'kubernetes', 'aggregator'])('%s', (which) => {
  test('check --strict finds nothing wrong in it', async () => {
    const file = join(temp.path, `${which}.conf`);
    expect((await run(which, file)).code).toBe(0);
    let said = '';
    const env = { FOREBAY_SHARED_KEY: 'k' };
    const code = await check({
      ...{ file, json: true, strict: true, env },
      write: (text) => {
        said += text;
      },
    });
    const { problems } = JSON.parse(said) as { readonly problems: readonly { readonly code: string }[] };
    expect(problems.map((problem) => problem.code)).toEqual([]);
    expect(code).toBe(0);
  });

  test('what is commented out is right too', async () => {
    const { output } = await run(which);
    const file = join(temp.path, `${which}-all.conf`);
    // Sections in comments begin with a tag and end with its end.
    const text = output.replace(/^ *# (?=<(\w+)[^>]*>$)[\s\S]*?^ *# <\/\1>$/gm, (section) =>
      section.replace(/^( *)# ?/gm, '$1'),
    );
    writeFileSync(file, text.replaceAll('/etc/forebay/tls', '/nowhere'));
    let said = '';
    await check({
      ...{ file, json: true, env: { FOREBAY_SHARED_KEY: 'k' } },
      write: (part) => {
        said += part;
      },
    });
    const { problems } = JSON.parse(said) as { readonly problems: readonly { readonly code: string }[] };
    const expected: Readonly<Record<string, readonly string[]>> = {
      aggregator: ['CONFIG_TLS_FILES'],
      // The files are an alternative to the section above them.
      kubernetes: ['LINT_MATCH_UNREACHABLE'],
    };
    expect(problems.map((problem) => problem.code)).toEqual(expected[which] ?? []);
  });
});

test('without a case, or with one that is not there, the cases are named', async () => {
  expect(await run()).toEqual({ code: 2, output: '', complaint: expect.stringContaining('docker') });
  expect(await run('../forebay')).toEqual({ code: 2, output: '', complaint: expect.stringContaining('sidecar') });
});

test('a file that is there is not written over', async () => {
  const file = join(temp.path, 'mine.conf');
  writeFileSync(file, 'mine');
  expect(await run('docker', file)).toEqual({ code: 2, output: '', complaint: expect.stringContaining('mine.conf') });
  expect(readFileSync(file, 'utf8')).toBe('mine');
  expect((await run('docker', join(temp.path, 'no', 'such.conf'))).code).toBe(2);
});

/** Runs a starter in the real program on free ports, with its files in DIR. */
async function started(which: string, env: Readonly<Record<string, string>> = {}) {
  const { output } = await run(which);
  const config = output
    .replaceAll('port 24224', 'port PORT')
    .replaceAll('port 8080', 'port PORT1')
    .replaceAll('/var/log/forebay', 'DIR');
  return await startForebay({ config, env: { TZ: 'UTC', ...env } });
}

/** The first line that comes of one event. */
async function lines(which: string, tag: string, record: unknown) {
  const forebay = await started(which);
  try {
    const socket = net.connect(forebay.port, '127.0.0.1');
    socket.write(encode([tag, 1_700_000_000, record, { chunk: 'c' }]));
    await once(socket, 'data');
    socket.destroy();
    return (await forebay.stdout.waitForCount(1))[0];
  } finally {
    expect(await forebay.stop()).toBe(0);
  }
}

test('docker: an event comes out on stdout, with the fields of a JSON line', async () => {
  expect(await lines('docker', 'docker.web', { log: '{"a":1}', container_name: '/web' })).toBe(
    '2023-11-14 22:13:20.000000000 +0000 docker.web: {"log":"{\\"a\\":1}","container_name":"/web","a":1}',
  );
  expect(await lines('docker', 'docker.web', { log: 'hello' })).toContain('{"log":"hello"}');
});

test('sidecar: an event comes out as JSON with tag, time and host', async () => {
  expect(JSON.parse((await lines('sidecar', 'app.x', { m: 1 })) ?? '')).toEqual({
    m: 1,
    host: expect.any(String),
    tag: 'app.x',
    time: '2023-11-14T22:13:20.000000000+0000',
  });
});

test('kubernetes: the parts of the tag become fields', async () => {
  expect(JSON.parse((await lines('kubernetes', 'kube.shop.web-1.app', { m: 1 })) ?? '')).toMatchObject({
    m: 1,
    namespace: 'shop',
    pod: 'web-1',
    container: 'app',
    node: '127.0.0.1',
  });
});

test('aggregator: who has the key may send; events stand in files, and what needs attention in one more', async () => {
  const forebay = await started('aggregator', { FOREBAY_SHARED_KEY: 'secret' });
  try {
    const client = new FluentClient('app', {
      ack: { ackTimeout: 20_000 },
      socket: { host: '127.0.0.1', port: forebay.port },
      security: { clientHostname: 'client', sharedKey: 'secret' },
    });
    const time = 1_700_000_000_000;
    await Promise.all([
      client.emit('web', { level: 'error', m: 1 }, time),
      client.emit('web', { level: 'info', m: 2 }, time),
    ]);
    await client.disconnect();
    const read = (path: string) => readFileSync(join(forebay.folder, path), 'utf8').trim().split('\n');
    expect(read('app/20231114.log').map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ level: 'error', m: 1, tag: 'app.web', sender: '127.0.0.1' }),
      expect.objectContaining({ level: 'info', m: 2 }),
    ]);
    expect(read('attention/20231114.log')).toEqual([expect.stringContaining('"m":1')]);
  } finally {
    expect(await forebay.stop()).toBe(0);
  }
});
