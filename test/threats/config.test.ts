// Threats A12, A18 to A20, A24, A25: what a configuration may say, and what those outside may find out of it. Where a process runs, an honest
// sender runs beside. No output takes a URL with placeholders yet (A25): the test comes with the first one.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { encode } from '@msgpack/msgpack';
import { describe, expect, test } from 'vitest';
import { runForebay } from '../support/forebay.ts';
import { tempFolder } from '../support/temp.ts';
import { greetWith } from './greeting.ts';
import { attackWith, besiege, closeOf } from './siege.ts';

const seconds = 1_700_000_000;

/** Checks the files, of which the first is the configuration. */
async function check(
  files: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
  json = false,
) {
  const temp = tempFolder('threat');
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(temp.path, name, '..'), { recursive: true });
      writeFileSync(join(temp.path, name), text);
    }
    const file = join(temp.path, Object.keys(files)[0] ?? '');
    return await runForebay(['check', '-c', file, ...(json ? ['--json'] : [])], { env, timeout: 60_000 });
  } finally {
    temp.remove();
  }
}

test('A12 an allow list is not passed by an IPv4-mapped address or a header', async () => {
  await besiege({ input: '  allow 127.0.0.1' }, async ({ port, counted, lines, codes }) => {
    for (const [localAddress, host] of [
      ['127.0.0.2', '127.0.0.1'],
      ['::ffff:127.0.0.3', '::ffff:127.0.0.1'],
    ] as const) {
      const socket = connect({ port, host, localAddress });
      socket.on('error', () => undefined);
      socket.write(`X-Forwarded-For: 127.0.0.1\r\n\r\n`);
      socket.write(encode(['attack', seconds, { log: 'x' }]));
      socket.resume();
      await closeOf(socket);
    }
    expect(lines()).toEqual([]);
    expect(await counted('FORWARD_ADDRESS_REFUSED')).toBe(2);
    expect(codes()).toContain('FORWARD_ADDRESS_REFUSED');
  });
});

describe('A18 expressions that backtrack without end', () => {
  test.each([
    ['grep', '<filter **>\n@type grep\n<exclude>\nkey log\npattern /^(a+)+$/\n</exclude>\n</filter>\n'],
    [
      'grep, what no linear engine runs',
      '<filter **>\n@type grep\n<exclude>\nkey log\npattern /^(?=a)(a+)+\\1$/\n</exclude>\n</filter>\n',
    ],
    ['a match', '<match /(x+x+)+y/>\n@type null\n</match>\n'],
  ])('%s: hostile lines, honest ones go on', async (_what, rules) => {
    await besiege({ rules: `${rules}<match **>\n@type stdout\n</match>\n` }, async ({ port, honest, lines }) => {
      const hostile = Buffer.concat(
        Array.from({ length: 50 }, (_, n) => encode([`${'x'.repeat(60)}${n}`, seconds, { log: `${'a'.repeat(60)}!` }])),
      );
      await attackWith(port, hostile, 500);
      await expect.poll(() => lines().length, { timeout: 60_000 }).toBe(50);
      await honest(10);
    });
  });
});

test('A19 what looks like code is data, or an error', async () => {
  const source = '<source>\n@type forward\n</source>\n';
  const evil = [
    '"#{`touch /tmp/forebay-pwned`}"',
    '"#{system(\'id\')}"',
    '"#{process.exit(1)}"',
    '"#{ENV.constructor}"',
    '"#{1+1}"',
  ];
  for (const text of evil) {
    const { code, stdout, stderr } = await check({
      'a.conf': `${source}<match **>\n@type stdout\n@id ${text}\n</match>\n`,
    });
    expect([code, /a\.conf:\d+:\d+/.test(stdout + stderr)]).toEqual([2, true]);
  }
  const rules =
    '<match honest>\n@type stdout\n</match>\n<filter **>\n@type record_transformer\n<record>\nvalue ${record["log"]}\n</record>\n</filter>\n<match **>\n@type stdout\n</match>\n';
  await besiege({ rules }, async ({ port, lines }) => {
    await attackWith(port, encode(['attack', seconds, { log: '${hostname} #{`id`} ${record["secret"]}' }]), 500);
    await expect.poll(() => lines().length, { timeout: 20_000 }).toBe(1);
    expect(lines()[0]).toContain('"value":"${hostname} #{`id`} ${record[\\"secret\\"]}"');
  });
});

describe('A20 includes', () => {
  test('a loop, of files and of links, is an error and no endless reading', async () => {
    const { code, stdout, stderr } = await check({ 'a.conf': '@include b.conf\n', 'b.conf': '@include a.conf\n' });
    expect([code, /a\.conf|b\.conf/.test(stdout + stderr)]).toEqual([2, true]);
  });

  test('a glob over a link to above is bounded, and a configuration of 100 MB is refused with a sentence', async () => {
    const temp = tempFolder('threat');
    try {
      symlinkSync('..', join(temp.path, 'up'));
      const main = join(temp.path, 'a.conf');
      writeFileSync(
        main,
        '@include up/**/*.nothing\n<source>\n@type forward\n</source>\n<match **>\n@type null\n</match>\n',
      );
      expect((await runForebay(['check', '-c', main], { timeout: 60_000 })).code).not.toBe('SIGKILL');
      writeFileSync(main, '# comment\n'.repeat(10_000_000));
      const { code, stdout, stderr } = await runForebay(['check', '-c', main], { timeout: 60_000 });
      expect(code).toBe(2);
      expect(stdout + stderr).toMatch(/MB|large|bytes/);
    } finally {
      temp.remove();
    }
  });
});

test('A24 secrets are in no log, no metric, no answer of check', async () => {
  const secret = 'correct-horse-battery';
  const input = `  <security>\n    self_hostname server\n    shared_key ${secret}\n  </security>`;
  const text = `<source>\n@type forward\n${input}\n</source>\n<match **>\n@type null\n</match>\n`;
  for (const json of [false, true]) {
    const { stdout, stderr } = await check({ 'a.conf': text }, {}, json);
    expect(stdout + stderr).not.toContain(secret);
  }
  const broken = await check({ 'a.conf': text.replace('self_hostname server', 'self_hostname') });
  expect(broken.stdout + broken.stderr).not.toContain(secret);
});

test('A24 secrets of a page that runs are in no log, no metric, no page, no answer', async () => {
  const [token, password, key] = ['token-of-the-page', 'password-of-ann', 'key-for-all'];
  const input = `  <security>\n    self_hostname server\n    shared_key ${key}\n  </security>`;
  const viewer = `    @type viewer\n    port PORT1\n    token ${token}\n    <user>\n      name ann\n      password ${password}\n    </user>\n`;
  const rules = `<match **>\n  @type copy\n  <store>\n    @type stdout\n  </store>\n  <store>\n${viewer}  </store>\n</match>\n`;
  const greet = (socket: Socket) => greetWith(socket, key);
  await besiege({ input, rules, greet }, async ({ ports, metrics, forebay, honest }) => {
    const base = `http://127.0.0.1:${ports[1]}`;
    const login = (body: object) => {
      const headers = { 'content-type': 'application/json' };
      return fetch(`${base}/login`, { method: 'POST', body: JSON.stringify(body), headers });
    };
    const authorization = `Basic ${Buffer.from(`ann:${password}`).toString('base64')}`;
    const answers = [
      await login({ token }),
      await login({ user: 'ann', password }),
      await login({ user: 'ann', password: 'wrong-guess' }),
      await fetch(`${base}/`, { headers: { authorization } }),
      await fetch(`${base}/session?token=${token}`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 401, 200, 200]);
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    // A token in the query lets nobody in.
    expect(JSON.parse(texts[4] ?? '')).toEqual({ tokenNeeded: true, authenticated: false });
    await honest(5);
    const shown = [...texts, ...answers.map(({ headers }) => JSON.stringify([...headers])), await metrics()];
    const told = [...shown, ...forebay.stderr.text, ...forebay.stdout.text].join('\n');
    for (const secret of [token, password, key, 'wrong-guess', authorization.slice(6)]) {
      expect([secret, told.includes(secret)]).toEqual([secret, false]);
    }
  });
});
