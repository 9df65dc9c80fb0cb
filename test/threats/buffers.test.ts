// Threats A26 and A27: what happens to the folder of a buffer while nobody looks, and who else writes to it. Each against the real process, with
// an honest sender beside it.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { encode } from '@msgpack/msgpack';
import { expect, test } from 'vitest';
import { runForebay, startForebay } from '../support/forebay.ts';
import { freePort } from '../support/ports.ts';
import { tempFolder } from '../support/temp.ts';
import { sendUntilAcked } from '../support/until-acked.ts';
import { besiege } from './siege.ts';

const seconds = 1_700_000_000;
const perTag = 20;

/** `flush`: when what is in the buffer goes to the files. */
function rulesOf(folder: string, flush: string): string {
  return `<match honest>
  @type stdout
</match>
<match **>
  @type file
  path ${folder}/out/\${tag}
  append true
  <buffer tag>
    @type file
    path ${folder}/buffer
    ${flush}
    flush_at_shutdown false
  </buffer>
</match>
`;
}

const later = 'flush_mode interval\n    flush_interval 1d';
const soon = 'flush_mode interval\n    flush_interval 1s';

function message(tag: string): Uint8Array {
  const events = Array.from({ length: perTag }, (_, n) => [seconds, { tag, n }]);
  return encode([tag, events, { chunk: tag }]);
}

const countOf = (folder: string, tag: string) =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.startsWith(`${tag}.`))
        .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
        .filter((line) => line.includes(`"tag":"${tag}"`)).length
    : 0;

/** Files of the buffer that hold what was sent, in the order of their names. */
const chunksIn = (folder: string) =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:open|queued)$/.test(entry.name))
    .map(({ name }) => join(folder, name));

test('A27 buffer files that were changed, cut, replaced or made up: the rest is delivered, start after start', async () => {
  const temp = tempFolder('threat');
  const buffer = join(temp.path, 'buffer');
  const out = join(temp.path, 'out');
  const tags = Array.from({ length: 9 }, (_, n) => `kept.t${n}`);
  try {
    const source = '<source>\n  @type forward\n  bind 127.0.0.1\n  port PORT\n</source>\n';
    const before = await startForebay({ config: source + rulesOf(temp.path, later) });
    for (const tag of tags) {
      await sendUntilAcked(before.port, message(tag), tag);
    }
    expect(await before.stop()).toBe(0);
    const files = chunksIn(buffer);
    expect(files).toHaveLength(tags.length);
    const tagOf = (file: string) => tags.find((tag) => readFileSync(file).includes(`${tag}`)) ?? '';
    const harmed = files.slice(0, 6);
    const whole = files.slice(6).map(tagOf);
    const [cut = '', emptied = '', rubbish = '', flipped = '', linked = '', fifo = ''] = harmed;
    truncateSync(cut, Math.floor(readFileSync(cut).length / 2));
    truncateSync(emptied, 0);
    writeFileSync(rubbish, Buffer.alloc(100_000, 0xdf));
    const bytes = readFileSync(flipped);
    for (let at = 0; at < bytes.length; at += 7) bytes.writeUInt8(bytes.readUInt8(at) ^ 0x55, at);
    writeFileSync(flipped, bytes);
    rmSync(linked);
    symlinkSync('/etc/passwd', linked);
    rmSync(fifo);
    execFileSync('/usr/bin/env', ['mkfifo', fifo]);
    const pwned = join(temp.path, 'pwned');
    const code = `"#{\`touch ${pwned}\`}" \${\`touch ${pwned}\`}`;
    writeFileSync(join(buffer, 'buffer.q5f0c0ffee0c0ffee0c0ffee0c0ffee00.log'), code);
    writeFileSync(join(buffer, 'buffer.q5f0c0ffee0c0ffee0c0ffee0c0ffee00.log.meta'), code);
    writeFileSync(join(buffer, 'unknown.file'), code);
    mkdirSync(join(buffer, 'buffer.5f0c0ffee0c0ffee0c0ffee0c0ffee01.queued'));
    const passwd = readFileSync('/etc/passwd', 'utf8');
    for (const start of [1, 2]) {
      await besiege({ rules: rulesOf(temp.path, soon) }, async ({ port, codes, metrics, honest }) => {
        for (const tag of whole) {
          await expect.poll(() => countOf(out, tag), { timeout: 60_000 }).toBe(perTag);
        }
        await sendUntilAcked(port, message(`new.s${start}`), `new.s${start}`);
        await expect.poll(() => countOf(out, `new.s${start}`), { timeout: 60_000 }).toBe(perTag);
        await honest(10);
        if (start === 1) {
          expect(codes()).toContain('BUFFER_CHUNK_DAMAGED');
          expect(Number(/forebay_buffer_damaged_total\{[^}]*\} (\d+)/.exec(await metrics())?.[1])).toBeGreaterThan(2);
        }
      });
    }
    expect(existsSync(pwned)).toBe(false);
    expect(readFileSync('/etc/passwd', 'utf8')).toBe(passwd);
    for (const name of readdirSync(out)) expect(readFileSync(join(out, name), 'utf8')).not.toContain('root:');
    // What of the damaged ones was whole came through once; nothing is counted twice.
    for (const tag of tags) expect(countOf(out, tag)).toBeLessThanOrEqual(perTag);
  } finally {
    temp.remove();
  }
}, 180_000);

test('A26 a second process on the same buffer does not start, and the first goes on', async () => {
  const temp = tempFolder('threat');
  try {
    await besiege({ rules: rulesOf(temp.path, soon) }, async ({ port, honest }) => {
      await sendUntilAcked(port, message('first'), 'first');
      const file = join(temp.path, 'second.conf');
      const source = `<source>\n  @type forward\n  bind 127.0.0.1\n  port ${await freePort()}\n</source>\n`;
      writeFileSync(file, source + rulesOf(temp.path, soon));
      for (let times = 0; times < 2; times++) {
        const { code, stderr } = await runForebay(['run', '-c', file, '--log-format', 'json'], { timeout: 60_000 });
        expect([code, /BUFFER_IN_USE/.test(stderr)]).toEqual([1, true]);
      }
      await honest(10);
      await sendUntilAcked(port, message('after'), 'after');
      await expect.poll(() => countOf(join(temp.path, 'out'), 'after'), { timeout: 60_000 }).toBe(perTag);
      expect(countOf(join(temp.path, 'out'), 'first')).toBe(perTag);
    });
  } finally {
    temp.remove();
  }
}, 120_000);
