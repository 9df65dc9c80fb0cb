// Threats A4 and A14: what events say to those who read them, and who they say they are. Each against the real process, with an honest sender
// beside it. Script in lines, keys and names (A21) is looked at in a real browser: test/page.
import { encode } from '@msgpack/msgpack';
import { expect, test } from 'vitest';
import { attackWith, besiege } from './siege.ts';

const seconds = 1_700_000_000;
const hostile = '\u001b[2J\u001b]0;title\u0007\u001bP+q\u001b\\\u009b31m\u0008\u0008overwritten\r';

test("A4 escapes steer no terminal: Fluentd's form, people's form, and the own log", async () => {
  for (const format of ['', '  <format>\n    @type pretty\n  </format>\n']) {
    const rules = `<match honest>\n  @type stdout\n</match>\n<match **>\n  @type stdout\n${format}</match>\n`;
    await besiege({ rules }, async ({ port, lines, forebay }) => {
      await attackWith(port, encode([`tag${hostile}`, seconds, { log: `x${hostile}`, [`key${hostile}`]: 1 }]), 500);
      await expect.poll(() => lines().length, { timeout: 20_000 }).toBeGreaterThan(0);
      const text = lines().join('\n');
      expect([...text].filter((char) => char !== '\n' && char < ' ')).toEqual([]);
      expect([...forebay.stderr.text.join('\n')].filter((char) => char !== '\n' && char < ' ')).toEqual([]);
    });
  }
});

test('A14 a record that names itself another container still has its sender beside it', async () => {
  await besiege({ input: '  source_address_key sender' }, async ({ port, lines }) => {
    const record = { log: 'x', container_id: 'of somebody else', container_name: '/admin', sender: '10.0.0.1' };
    await attackWith(port, encode(['docker.admin', seconds, record]), 500);
    await expect.poll(() => lines().length, { timeout: 20_000 }).toBe(1);
    expect(lines()[0]).toContain('"sender":"127.0.0.1"');
    expect(lines()[0]).not.toContain('10.0.0.1');
  });
});
