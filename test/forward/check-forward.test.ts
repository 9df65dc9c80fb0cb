// Options of the forward input that do not go together: what Fluentd refuses, and what is ours.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadPlan } from '../../src/cli/load-plan.ts';
import { type CertificateFiles, makeCa, makeLeaf, opensslMissing } from '../support/openssl.ts';
import { tempFolder } from '../support/temp.ts';

const temp = tempFolder('check-forward');
afterAll(() => temp.remove());

async function check(text: string) {
  const file = join(temp.path, 'c.conf');
  writeFileSync(file, text.replaceAll('DIR', temp.path));
  const { plan, problems, secrets } = await loadPlan(file);
  return { accepted: plan !== undefined, problems, secrets };
}

/** A source with `body`; its first line is line 3. */
async function problemsOf(body: string): Promise<string[]> {
  const { problems } = await check(`<source>\n@type forward\n${body}\n</source>\n<match **>\n@type null\n</match>\n`);
  return problems.map(({ code, at }) => `${code} ${at.line}:${at.column}`);
}

interface CheckCase {
  readonly name: string;
  readonly text: string;
  readonly accepted: boolean;
}

const { cases } = JSON.parse(readFileSync(new URL('../vectors/config_check.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly CheckCase[];
};

describe('accepts and refuses what Fluentd 1.19.3 does', () => {
  const ours = cases.filter(({ name }) => name.startsWith('forward '));

  test('there are cases', () => expect(ours.length).toBe(13));

  test.each(ours.map((one) => [one.name, one] as const))('%s', async (_, { text, accepted }) => {
    expect((await check(text)).accepted).toBe(accepted);
  });
});

test.each([
  'decompression_size_limit 0',
  'decompression_ratio_limit 0',
  'json_size_limit -1',
  'pending_limit 0',
  'tag_size_limit 0',
  'distinct_tags_limit 1',
  'entries_limit 0',
  'connections_limit 0',
  'connections_per_address_limit -5',
  'idle_timeout 0.5',
  'message_timeout -1',
  'unread_acks_timeout 400d',
  'handshake_timeout 0',
  'handshake_size_limit 10',
  'datagram_size_limit 1m',
  'join_pieces_timeout 0',
  'join_pieces_limit 0',
  'join_pieces_lines_limit 0',
])('%s is out of its bounds', async (line) => {
  expect(await problemsOf(line)).toEqual([`CONFIG_VALUE_INVALID 3:${line.indexOf(' ') + 2}`]);
});

describe('<security>', () => {
  const security = (more: string) => `<security>\nself_hostname a\nshared_key b\n${more}\n</security>`;

  test('what is wrong is said where it stands', async () => {
    expect(await problemsOf('<security>\n</security>')).toEqual([
      'CONFIG_OPTION_REQUIRED 3:1',
      'CONFIG_OPTION_REQUIRED 3:1',
    ]);
    expect(await problemsOf(security('user_auth true'))).toEqual(['CONFIG_OPTION_REFUSED 3:1']);
    expect(await problemsOf(security('allow_anonymous_source false'))).toEqual(['CONFIG_OPTION_REFUSED 3:1']);
    expect(await problemsOf(security('<client>\nnetwork 10.0.0.0/33\n</client>'))).toEqual([
      'CONFIG_OPTION_REFUSED 7:9',
    ]);
    const both = '<client>\nhost a\n</client>\n<client>\nhost a\nnetwork 10.0.0.0/8\n</client>';
    expect(await problemsOf(security(both))).toEqual(['CONFIG_OPTION_REFUSED 9:1']);
  });

  test('an empty key or password is a mistake, wherever it stands', async () => {
    const empty = 'CONFIG_SECRET_EMPTY';
    expect(await problemsOf('<security>\nself_hostname a\nshared_key ""\n</security>')).toEqual([`${empty} 5:12`]);
    expect(await problemsOf('<security>\nself_hostname a\nshared_key "#{ENV[\'UNSET_KEY\']}"\n</security>')).toEqual([
      `${empty} 5:12`,
    ]);
    expect(await problemsOf(security('shared_keys c, ""'))).toEqual([]);
    expect(await problemsOf(security('shared_keys ["c", ""]'))).toEqual([`${empty} 6:13`]);
    expect(await problemsOf(security('<user>\nusername u\npassword ""\n</user>'))).toEqual([`${empty} 8:10`]);
    expect(await problemsOf(security('<client>\nhost 127.0.0.1\nshared_key ""\n</client>'))).toEqual([`${empty} 8:12`]);
    expect(await problemsOf(security('<client>\nhost 127.0.0.1\nshared_keys [""]\n</client>'))).toEqual([
      `${empty} 8:13`,
    ]);
  });

  test('all of it together is fine', async () => {
    const all = `shared_keys c, d
user_auth true
allow_anonymous_source false
<user>
username u
password p
</user>
<client>
host localhost
shared_key e
users u
</client>
<client>
network fd00::/8
</client>`;
    expect(await problemsOf(security(all))).toEqual([]);
  });

  test('keys and passwords are secret', async () => {
    const text = security(
      `shared_keys k2\n<user>\nusername u\npassword k3\n</user>\n<client>\nhost a\nshared_key k4\n</client>`,
    );
    const { secrets } = await check(`<source>\n@type forward\n${text}\n</source>\n`);
    expect([...secrets].map(({ value }) => value).sort()).toEqual(['b', 'k2', 'k3', 'k4']);
  });
});

describe('<transport tls>', () => {
  const tls = (body: string) => `<transport tls>\n${body}\n</transport>`;

  test.each([
    ['', 'CONFIG_OPTION_REFUSED 3:1'],
    ['cert_path /nope', 'CONFIG_OPTION_REFUSED 4:11'],
    ['ca_cert_path /nope', 'CONFIG_OPTION_REFUSED 4:14'],
    ['insecure true\nclient_cert_auth true', 'CONFIG_OPTION_REFUSED 5:18'],
    ['insecure true\ncert_verifier /x.rb', 'CONFIG_OPTION_REFUSED 5:15'],
    ['insecure true\nensure_fips true', 'CONFIG_OPTION_REFUSED 5:13'],
    ['insecure true\nmin_version TLS1_3\nmax_version TLS1_2', 'CONFIG_OPTION_REFUSED 5:13'],
    ['insecure true\nversion TLSv1', 'CONFIG_VALUE_INVALID 5:9'],
    ['insecure true\nciphers NO-SUCH', 'CONFIG_TLS_FILES 5:9'],
    ['cert_path /nope\nprivate_key_path /nope', 'CONFIG_TLS_FILES 4:11'],
    ['ca_cert_path /nope\nca_private_key_path /nope', 'CONFIG_TLS_FILES 4:14'],
  ])('refused: %s', async (body, problem) => {
    expect(await problemsOf(tls(body))).toEqual([problem]);
  });

  test.each([
    'insecure true',
    'insecure true\nversion TLSv1_1',
    'insecure true\nmax_version TLS1_1',
    'insecure true\nciphers ALL:!aNULL',
  ])('accepted: %s', async (body) => {
    expect(await problemsOf(tls(body))).toEqual([]);
  });

  test('plain ones need nothing, and take no other name', async () => {
    expect(await problemsOf('<transport>\n</transport>')).toEqual([]);
    expect(await problemsOf('<transport tcp>\nlinger_timeout 0\n</transport>')).toEqual([]);
    expect(await problemsOf('<transport udp>\n</transport>')).toEqual(['CONFIG_VALUE_INVALID 3:1']);
  });

  describe.skipIf(opensslMissing)('with files', () => {
    let ca: CertificateFiles;
    let leaf: CertificateFiles;
    let locked: CertificateFiles;
    beforeAll(() => {
      ca = makeCa(temp.path, 'ca');
      leaf = makeLeaf(temp.path, 'leaf', ca);
      locked = makeLeaf(temp.path, 'locked', ca, 'open sesame');
    });

    const reason = async (body: string) => {
      const text = `<source>\n@type forward\n${tls(body)}\n</source>\n<match **>\n@type null\n</match>\n`;
      return (await check(text)).problems.map(({ code, at, text }) => `${code} ${at.line} ${text}`);
    };

    test('good ones', async () => {
      expect(await reason(`cert_path ${leaf.cert}\nprivate_key_path ${leaf.key}`)).toEqual([]);
      expect(
        await reason(`cert_path ${locked.cert}\nprivate_key_path ${locked.key}\nprivate_key_passphrase open sesame`),
      ).toEqual([]);
      expect(await reason(`ca_cert_path ${ca.cert}\nca_private_key_path ${ca.key}`)).toEqual([]);
    });

    test('bad ones are refused with the reason', async () => {
      const refused = (why: string, line = 4) => [`CONFIG_TLS_FILES ${line} TLS cannot begin: ${why}.`];
      expect(await reason(`cert_path ${leaf.cert}\nprivate_key_path ${ca.key}`)).toEqual(
        refused('the key is not that of the certificate'),
      );
      expect(await reason(`cert_path ${locked.cert}\nprivate_key_path ${locked.key}`)).toEqual([
        expect.stringContaining("TLS cannot begin: the key's passphrase is missing or wrong"),
      ]);
      expect(
        await reason(`cert_path ${locked.cert}\nprivate_key_path ${locked.key}\nprivate_key_passphrase x`),
      ).toEqual(refused("the key's passphrase is missing or wrong"));
      expect(await reason(`cert_path DIR/c.conf\nprivate_key_path ${leaf.key}`)).toEqual(
        refused('a file holds no PEM'),
      );
      expect(await reason(`cert_path ${leaf.cert}\nprivate_key_path DIR/gone`)).toEqual([
        expect.stringMatching(/^CONFIG_TLS_FILES 5 .*gone cannot be read: ENOENT/),
      ]);
      expect(await reason(`insecure true\nclient_cert_auth true\nca_path DIR/gone`)).toEqual([
        expect.stringMatching(/^CONFIG_TLS_FILES 6 /),
      ]);
    });
  });
});

describe('ours', () => {
  test('allow takes addresses and networks only, and not nobody', async () => {
    expect(await problemsOf('allow 172.16.0.0/12, ::1')).toEqual([]);
    expect(await problemsOf('allow ["10.0.0.1"]')).toEqual([]);
    expect(await problemsOf('allow localhost')).toEqual(['CONFIG_OPTION_REFUSED 3:7']);
    expect(await problemsOf('allow []')).toEqual(['CONFIG_OPTION_REFUSED 3:7']);
  });

  test('events by UDP do not come in beside a key or TLS', async () => {
    const key = '<security>\nself_hostname a\nshared_key b\n</security>';
    expect(await problemsOf(`udp_events true\n${key}`)).toEqual(['CONFIG_OPTION_REFUSED 3:12']);
    expect(await problemsOf('udp_events true\n<transport tls>\ninsecure true\n</transport>')).toEqual([
      'CONFIG_OPTION_REFUSED 3:12',
    ]);
    expect(await problemsOf(`udp_events true\nallow 10.0.0.0/8`)).toEqual([]);
  });

  test('host names that are wanted and not asked for', async () => {
    expect(await problemsOf('source_hostname_key h\nresolve_hostname false')).toEqual(['CONFIG_OPTION_REFUSED 4:18']);
  });
});
