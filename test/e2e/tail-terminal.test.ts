// `forebay tail` on a terminal of its own: colours, what is held first, then what comes; nothing that a terminal would obey.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Sender, type Sent } from '../page/sender.ts';
import { startForebay } from '../support/forebay.ts';
import { freePort } from '../support/ports.ts';
import { projectEnv, projectNode, projectRoot } from '../support/project.ts';
import { reasonToSkip, requireProgram } from '../support/system.ts';

const esc = '\u001b';
const line = (log: string, container: string, more: Partial<Sent> = {}): Sent => ({ container, log, ...more });
const held: readonly Sent[] = [
  line('ERROR of an hour ago', 'web-1', { time: Math.floor(Date.now() / 1000) - 3600 }),
  line(`ERROR held ${esc}[2J${esc}]0;title\u0007 \u009b2J`, 'web-1'),
  line('INFO held', 'web-1'),
];

/** A collector that holds some events, and `tail` on a terminal; what the terminal gets. */
async function onTerminal(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const web = await freePort();
  const config = `<source>\n@type forward\nbind 127.0.0.1\nport PORT\n</source>\n<match **>\n@type viewer\nport ${web}\n</match>\n`;
  const forebay = await startForebay({ config, open: [web] });
  onTestFinished(() => void forebay.stop());
  const sender = await new Sender(forebay.port).open();
  onTestFinished(() => sender.close());
  await sender.sendAll(held);
  const command = [projectNode(), join(projectRoot, 'bin', 'forebay.js'), 'tail', ...args, '--url', `127.0.0.1:${web}`];
  const quoted = command.map((part) => `'${part}'`).join(' ');
  const child = spawn(requireProgram('script'), ['--quiet', '--return', '--command', `exec ${quoted}`, '/dev/null'], {
    env: projectEnv({ TERM: 'xterm-256color', SHELL: '/bin/sh', ...env }),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  return {
    sender,
    async until(wanted: string): Promise<string> {
      while (!text.includes(wanted)) await once(child.stdout, 'data');
      return text;
    },
    /** Ctrl-C; resolves with the exit code. */
    async interrupt(): Promise<number> {
      const ended = once(child, 'exit');
      child.stdin.write('\u0003');
      const [code] = await ended;
      return code as number;
    },
  };
}

describe.skipIf(reasonToSkip('tail on a terminal', ['script']) !== undefined)('tail on a terminal', () => {
  test('has colours, follows after what is held, and escapes what a terminal would obey', async () => {
    const tail = await onTerminal(['--since', '15m', 'level>=warn container:web-*']);
    await tail.until('ERROR held');
    tail.sender.send(line('ERROR of another', 'db-1'));
    tail.sender.send(line('WARN comes now', 'web-2'));
    const text = await tail.until('comes now');
    expect(text).not.toMatch(/hour ago|INFO held|of another/);
    expect(text.indexOf('ERROR held')).toBeLessThan(text.indexOf('WARN comes now'));
    const [, ...controls] = text.split(esc);
    expect(controls.length).toBeGreaterThan(3);
    // Colours, and no other control.
    expect(controls.filter((rest) => !/^\[[\d;]*m/.test(rest))).toEqual([]);
    expect(text.replace(/[\r\n]/g, '').replaceAll(esc, '')).not.toMatch(/\p{Cc}/u);
    expect(await tail.interrupt()).toBe(0);
  });

  test('has none where NO_COLOR is set, nor as JSON', async () => {
    const plain = await onTerminal(['--since', '15m', 'held'], { NO_COLOR: '1' });
    expect(await plain.until('INFO held')).not.toContain(esc);
    const json = await onTerminal(['--since', '15m', '--json', 'held']);
    const text = await json.until('INFO held');
    expect(text).not.toContain(esc);
    const [first = ''] = text.split('\r\n');
    expect(JSON.parse(first)).toMatchObject({
      tag: expect.stringContaining('docker.web-1'),
      record: { source: 'stdout' },
    });
  });
});
