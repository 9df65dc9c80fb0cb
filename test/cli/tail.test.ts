// `forebay tail --url` as a user of the page: by a file or by the environment, and no more than the tags that are theirs. Real processes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from '@msgpack/msgpack';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readLogin } from '../../src/cli/tail-login.ts';
import { type Forebay, runForebay, startForebay } from '../support/forebay.ts';
import { Lines } from '../support/lines.ts';
import { projectEnv, projectNode, projectRoot } from '../support/project.ts';
import { type TempFolder, tempFolder } from '../support/temp.ts';
import { sendUntilAcked } from '../support/until-acked.ts';

const config = `<source>
  @type forward
  bind 127.0.0.1
  port PORT
</source>
<match **>
  @type viewer
  port PORT1
  <user>
    name ann
    password open:sesame
  </user>
  <user>
    name bob
    password hushed
    tags app.**
  </user>
</match>
`;

let temp: TempFolder;
let forebay: Forebay;
let url: string;
beforeAll(async () => {
  temp = tempFolder('tail');
  forebay = await startForebay({ config });
  url = `http://127.0.0.1:${forebay.ports[1]}`;
  // What comes together is printed by time: `secret.b` before `app.a`.
  const events = ['app.a', 'secret.b', 'app.c', 'last'].map((tag, n) =>
    encode([tag, 1_700_000_000 + n - (tag === 'secret.b' ? 10 : 0), { n }, { chunk: tag }]),
  );
  await sendUntilAcked(forebay.port, Buffer.concat(events), 'last');
}, 60_000);
afterAll(async () => {
  await forebay.stop();
  temp.remove();
});

const children: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of children.splice(0)) await end();
});

/** The tags that it prints of what is there, up to `last`, in order. */
async function tagsSeen(args: readonly string[], env: Record<string, string>, count: number): Promise<string[]> {
  const child = spawn(
    projectNode(),
    [join(projectRoot, 'bin/forebay.js'), 'tail', '--json', '--since', '2000-01-01', '--url', url, ...args],
    {
      env: projectEnv(env),
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const exited = once(child, 'exit');
  children.push(async () => {
    child.kill('SIGTERM');
    await exited;
  });
  const lines = new Lines(child.stdout);
  await expect.poll(() => lines.text.length, { timeout: 50_000 }).toBe(count);
  return lines.text.map((line) => (JSON.parse(line) as { tag: string }).tag);
}

test('a user sees the tags that are theirs, by the environment or by a file', async () => {
  expect(await tagsSeen([], { FOREBAY_LOGIN: 'ann:open:sesame' }, 4)).toEqual(['secret.b', 'app.a', 'app.c', 'last']);
  const file = join(temp.path, 'bob');
  writeFileSync(file, 'bob:hushed\n', { mode: 0o600 });
  expect(await tagsSeen(['--login-file', file], { FOREBAY_LOGIN: 'ann:open:sesame' }, 2)).toEqual(['app.a', 'app.c']);
}, 60_000);

test.each<[string, string[], Record<string, string>, RegExp]>([
  ['nothing', [], {}, /--login-file/],
  ['a wrong password', [], { FOREBAY_LOGIN: 'bob:wrong-secret' }, /--login-file/],
  ['no login', [], { FOREBAY_LOGIN: 'bob' }, /FOREBAY_LOGIN has no login/],
  ['a file that is not there', ['--login-file', '/nonexistent'], {}, /cannot be read/],
])('%s is told, and the secret is not', async (_what, args, env, said) => {
  const { code, stdout, stderr } = await runForebay(['tail', '--url', url, ...args], { env, timeout: 60_000 });
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(said);
  expect(stderr).not.toContain('wrong-secret');
});

test('a password in the URL, or in a file that others may read, is refused', async () => {
  const inUrl = await runForebay(['tail', '--url', url.replace('//', '//bob:hushed@')], { timeout: 60_000 });
  expect([inUrl.code, /login-file/.test(inUrl.stderr), inUrl.stderr.includes('hushed')]).toEqual([1, true, false]);
  const file = join(temp.path, 'open');
  writeFileSync(file, 'bob:hushed\n');
  chmodSync(file, 0o644);
  const open = await runForebay(['tail', '--url', url, '--login-file', file], { timeout: 60_000 });
  expect([open.code, /chmod 600/.test(open.stderr), open.stderr.includes('hushed')]).toEqual([1, true, false]);
});

describe('who it says it is', () => {
  const env = { FOREBAY_LOGIN: 'a:b', FOREBAY_TOKEN: 'c' };

  test('what is said on the command line goes first, then a login of the environment, then its token', () => {
    expect(readLogin({ token: 't', loginFile: undefined, env })).toEqual({ header: 'Bearer t' });
    expect(readLogin({ token: undefined, loginFile: undefined, env })).toEqual({ header: 'Basic YTpi' });
    expect(readLogin({ token: undefined, loginFile: undefined, env: { FOREBAY_TOKEN: 'c' } })).toEqual({
      header: 'Bearer c',
    });
    expect(readLogin({ token: undefined, loginFile: undefined, env: { FOREBAY_LOGIN: '' } })).toEqual({});
  });
});
