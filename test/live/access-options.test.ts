// What a configuration may say of a page's users and proxies.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { check } from '../../src/cli/check.ts';
import { tempFolder } from '../support/temp.ts';

const temp = tempFolder('access');
afterAll(() => temp.remove());

async function problems(options: string): Promise<string[]> {
  const file = join(temp.path, 'c.conf');
  writeFileSync(
    file,
    `<source>\n@type forward\nbind 127.0.0.1\n</source>\n<match **>\n@type viewer\n${options}\n</match>\n`,
  );
  let output = '';
  await check({
    file,
    json: true,
    hostname: 'h',
    write: (part) => {
      output += part;
    },
  });
  const { problems: found } = JSON.parse(output) as { problems: { code: string; line: number }[] };
  return found.map(({ code, line }) => `${code}:${line}`);
}

const user = (...lines: string[]) => `<user>\n${lines.join('\n')}\n</user>`;
const hash = `scrypt:${Buffer.alloc(16).toString('base64')}:${Buffer.alloc(32).toString('base64')}`;

test.each([
  user('name ann', 'password secret', 'tags app.** {web,db}.*'),
  user('name ann', `password ${hash}`),
  `trusted_proxies 10.0.0.0/8, ::1\nproxy_user_header X-Forwarded-User\n${user('name *', 'tags app.**')}`,
  'login_lifetime 8h',
])('%s is fine', async (options) => {
  expect(await problems(options)).toEqual([]);
});

test.each([
  [user('name ann'), 'CONFIG_OPTION_REFUSED:8'],
  [user('password x'), 'CONFIG_OPTION_REQUIRED:7'],
  [user('name a:b', 'password x'), 'CONFIG_OPTION_REFUSED:8'],
  [user('name ann', 'password scrypt:abc'), 'CONFIG_OPTION_REFUSED:9'],
  [user('name *', 'password x'), 'CONFIG_OPTION_REFUSED:9'],
  [user('name ann', 'password x', 'tags /a+/'), 'CONFIG_OPTION_REFUSED:10'],
  [`${user('name ann', 'password x')}\n${user('name ann', 'password y')}`, 'CONFIG_OPTION_REFUSED:12'],
  ['trusted_proxies 10.0.0.0/8', 'CONFIG_OPTION_REFUSED:5'],
  ['proxy_user_header X-User', 'CONFIG_OPTION_REFUSED:7'],
  ['proxy_user_header X-User\ntrusted_proxies proxy.example', 'CONFIG_OPTION_REFUSED:8'],
  ['proxy_user_header "X User"\ntrusted_proxies 10.0.0.1', 'CONFIG_OPTION_REFUSED:7'],
])('%s is refused with its place', async (options, expected) => {
  expect(await problems(options)).toEqual([expected]);
});
