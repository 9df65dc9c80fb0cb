// A running program is given other configurations under load. The long form: RELOAD_EVENTS=500000 npx vitest run test/cli/reload.test.ts
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { encode } from '@msgpack/msgpack';
import { expect, onTestFinished, test } from 'vitest';
import { Client } from '../live/harness.ts';
import { compare, sendAcked } from '../support/acked-senders.ts';
import { type Forebay, runForebay, startForebay } from '../support/forebay.ts';

const events = Number(process.env['RELOAD_EVENTS'] ?? 20_000);

const source = '<source>\n  @type forward\n  bind 127.0.0.1\n  port PORT\n</source>\n';
const file = (name: string, more = '') =>
  `@type file\npath DIR/${name}\nappend true\n<format>\n@type json\n</format>\n${more}`;
const match = (body: string, pattern = '**') => `<match ${pattern}>\n${body}</match>\n`;

/** What it is changed to, one after the other: each line does another thing to the outputs. */
const variants = [
  match(file('out')),
  // Other options, the same file: it waits for the one before.
  match(file('out', 'pending_limit 1m\n')),
  // The same section in a copy: it is taken over.
  match(`@type copy\n<store>\n${file('out')}</store>\n<store>\n@type null\n</store>\n`),
  // Another file, behind a filter, by way of a label.
  `<filter app.**>\n@type grep\n<regexp>\nkey n\npattern /\\d/\n</regexp>\n</filter>\n` +
    `${match('@type relabel\n@label @OUT\n')}<label @OUT>\n${match(file('other'))}</label>\n`,
  // Two outputs by turns, half of it by a match of its own.
  match(`@type roundrobin\n<store>\n${file('out')}</store>\n<store>\n${file('third')}</store>\n`, 'app.{1,3,5,7,9}') +
    match(file('other')),
];

async function start(config: string, args: readonly string[] = []): Promise<Forebay & { put(text: string): void }> {
  const forebay = await startForebay({ config, args });
  onTestFinished(async () => void (await forebay.stop()));
  const path = join(forebay.folder, 'test.conf');
  return {
    ...forebay,
    put(text) {
      // As an editor that does not leave half a file to be read.
      writeFileSync(`${path}~`, text.replaceAll('PORT', String(forebay.port)).replaceAll('DIR', forebay.folder));
      renameSync(`${path}~`, path);
    },
  };
}

/** The lines of all files whose name begins with one of these. */
function written(folder: string, names: readonly string[]): string[] {
  return readdirSync(folder)
    .filter((file) => names.some((name) => file.startsWith(`${name}.`) && file.endsWith('.log')))
    .flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n').slice(0, -1));
}

test(`a reload every 100 ms during ${events} acked events over 20 connections: none lost, none doubled, no connection closed`, async () => {
  const forebay = await start(source + (variants[0] ?? ''));
  let asked = 0;
  const timer = setInterval(() => {
    asked++;
    forebay.put(source + (variants[asked % variants.length] ?? ''));
    forebay.signal('SIGHUP');
  }, 100);
  const sent = await sendAcked({
    port: forebay.port,
    connections: 20,
    chunk: 50,
    goOn: (acked) => acked < events || asked < 2 * variants.length,
  });
  clearInterval(timer);
  expect(sent.broken).toBe(0);
  expect(compare(written(forebay.folder, ['out', 'other', 'third']), sent.events)).toEqual({ lost: [], more: [] });
  expect(sent.acked).toBe(sent.events.length);
  expect(await forebay.stop(60_000)).toBe(0);
  const log = forebay.stderr.text.map(
    (line) => JSON.parse(line) as { readonly level: number; readonly cause?: string },
  );
  expect(log.filter(({ cause }) => cause === 'SIGHUP').length).toBeGreaterThan(variants.length);
  expect(log.filter(({ level }) => level > 30)).toEqual([]);
}, 600_000);

/** Sends one event and resolves when its ack has come. */
async function send(socket: net.Socket, tag: string, n: number): Promise<void> {
  const acked = once(socket, 'data');
  socket.write(encode([tag, 1_700_000_000, { c: 0, n }, { chunk: String(n) }]));
  await acked;
}

const coded = (code: string) => (line: string) => line.includes(`"code":"${code}"`);
const taken = (line: string) => line.includes('was read again, and runs');

test('a configuration with errors changes nothing: all of them are printed as check prints them', async () => {
  const forebay = await start(source + match(file('out')));
  const socket = net.connect(forebay.port, '127.0.0.1');
  await send(socket, 'a', 1);
  forebay.put('<source>\n@type forwrd\n</source>\n<match **>\n@type stdot\n</match>\n');
  forebay.signal('SIGHUP');
  await forebay.stderr.waitForLine(coded('RELOAD_REFUSED'));
  const path = join(forebay.folder, 'test.conf');
  const text = forebay.stderr.text.join('\n');
  expect(text).toContain(`${path}:2:7: error: `);
  expect(text).toContain(`${path}:5:7: error: `);
  expect(text).toContain(`Nothing was changed: ${path}: 2 errors.`);
  await send(socket, 'a', 2);
  forebay.put(source + match(file('other')));
  forebay.signal('SIGUSR2');
  await forebay.stderr.waitForLine(taken);
  await send(socket, 'a', 3);
  socket.destroy();
  expect(written(forebay.folder, ['out'])).toEqual(['{"c":0,"n":1}', '{"c":0,"n":2}']);
  expect(written(forebay.folder, ['other'])).toEqual(['{"c":0,"n":3}']);
});

test('a listener that cannot be opened changes nothing; one with other options takes the place of the old one', async () => {
  const forebay = await start(source + match(file('out')));
  const socket = net.connect(forebay.port, '127.0.0.1');
  await send(socket, 'a', 1);
  const holder = net.createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as net.AddressInfo;
  // The first one is the old one with another option, which has to let go of its port before it is known that the second cannot be.
  const both = `${source.replace('@type forward', '@type forward\nbacklog 100')}${source.replace('PORT', String(port))}`;
  forebay.put(both + match(file('other')));
  forebay.signal('SIGHUP');
  const line = await forebay.stderr.waitForLine(coded('RELOAD_FAILED'));
  expect(JSON.parse(line)).toMatchObject({ reasonCode: 'PORT_IN_USE', reason: expect.stringContaining(String(port)) });
  const again = net.connect(forebay.port, '127.0.0.1');
  await send(again, 'a', 2);
  holder.close();
  await once(holder, 'close');
  forebay.signal('SIGHUP');
  await forebay.stderr.waitForLine(taken);
  for (const [index, where] of [forebay.port, port].entries()) {
    const other = net.connect(where, '127.0.0.1');
    await send(other, 'a', 3 + index);
    other.destroy();
  }
  socket.destroy();
  again.destroy();
  expect(written(forebay.folder, ['out'])).toEqual(['{"c":0,"n":1}', '{"c":0,"n":2}']);
  expect(written(forebay.folder, ['other'])).toEqual(['{"c":0,"n":3}', '{"c":0,"n":4}']);
});

test('with --watch a change is taken at once: of the file, of one it includes, of one that a pattern takes in', async () => {
  const forebay = await start(`${source}@include sub/*.conf\n${match(file('out'))}`, ['--watch']);
  const folder = join(forebay.folder, 'sub');
  const socket = net.connect(forebay.port, '127.0.0.1');
  await send(socket, 'a', 1);
  mkdirSync(folder);
  writeFileSync(join(folder, 'a.conf'), '');
  let changes = 0;
  const next = async (change: () => void) => {
    change();
    let left = ++changes;
    await forebay.stderr.waitForLine((line) => taken(line) && --left === 0);
  };
  await next(() => forebay.put(`${source}@include sub/*.conf\n${match(file('one'))}`));
  await send(socket, 'a', 2);
  const put = (name: string, text: string) => {
    writeFileSync(join(folder, 'new'), text.replaceAll('DIR', forebay.folder));
    renameSync(join(folder, 'new'), join(folder, name));
  };
  await next(() => put('a.conf', match(file('two'), 'a')));
  await send(socket, 'a', 3);
  await next(() => put('b.conf', match(file('three'), 'b')));
  await send(socket, 'b', 4);
  socket.destroy();
  expect(['out', 'one', 'two', 'three'].map((name) => written(forebay.folder, [name]).length)).toEqual([1, 1, 1, 1]);
  expect(forebay.stderr.text.filter(taken).length).toBe(3);
});

test('forebay reload says what came of it', async () => {
  const forebay = await start(source + match(file('out')));
  const reload = () => runForebay(['reload'], { env: { XDG_RUNTIME_DIR: forebay.folder } });
  expect(await reload()).toMatchObject({ code: 0, stderr: '' });
  forebay.put('<source>\n');
  expect(await reload()).toMatchObject({ code: 1, stdout: '' });
});

test('who looks at the page goes on looking, and the buffers of its readers with it', async () => {
  const viewer = (port: string, title: string) => `@type viewer\nport ${port}\ntitle ${title}\n`;
  const forebay = await start(source + match(viewer('PORT1', 'x'), 'a') + match('@type null\n'));
  const [, page = 0] = forebay.ports;
  const reader = new Client(`http://127.0.0.1:${page}`);
  const { stream } = await reader.start();
  const socket = net.connect(forebay.port, '127.0.0.1');
  await send(socket, 'a', 1);
  forebay.put(source + match('@type stdout\n', 'b') + match(viewer(String(page), 'x'), 'a'));
  forebay.signal('SIGHUP');
  await forebay.stderr.waitForLine(taken);
  await send(socket, 'a', 2);
  await reader.until(() => reader.events === 2);
  // Another title is another viewer: at the same address, when the first is gone.
  forebay.put(source + match(viewer(String(page), 'y'), 'a'));
  forebay.signal('SIGHUP');
  await reader.closed;
  let pages = 0;
  await forebay.stderr.waitForLine((line) => line.includes('The page is at') && ++pages === 2);
  const second = new Client(`http://127.0.0.1:${page}`);
  const hello = await second.start();
  expect(hello.title).toBe('y');
  expect(hello.stream).not.toBe(stream);
  second.socket.close();
  socket.destroy();
});
