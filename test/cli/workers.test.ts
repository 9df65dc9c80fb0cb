// Several processes behind one listener: real ones, under load, killed, and given other configurations.
// The long form: WORKER_EVENTS=500000 npx vitest run test/cli/workers.test.ts
import { once } from 'node:events';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { encode } from '@msgpack/msgpack';
import { expect, onTestFinished, test } from 'vitest';
import { askControl } from '../../src/engine/control-client.ts';
import { Client } from '../live/harness.ts';
import { compare, sendAcked } from '../support/acked-senders.ts';
import { type Forebay, runForebay, type StartOptions, startForebay } from '../support/forebay.ts';
import { freePort } from '../support/ports.ts';
import { tempFolder } from '../support/temp.ts';

const events = Number(process.env['WORKER_EVENTS'] ?? 20_000);
const system = (workers: number, more = '') => `<system>\nworkers ${workers}\n${more}</system>\n`;
const source = '<source>\n@type forward\nbind 127.0.0.1\nport PORT\n</source>\n';
const match = (body: string, pattern = '**') => `<match ${pattern}>\n${body}</match>\n`;
/** A file for each worker. */
const file = (name: string) =>
  `@type file\npath "DIR/${name}.#{worker_id}"\nappend true\n<format>\n@type json\n</format>\n`;

async function start(options: StartOptions): Promise<Forebay & { put(text: string): void }> {
  const forebay = await startForebay(options);
  onTestFinished(async () => void (await forebay.stop()));
  const path = join(forebay.folder, 'test.conf');
  return {
    ...forebay,
    put(text) {
      writeFileSync(`${path}~`, text.replaceAll('PORT', String(forebay.port)).replaceAll('DIR', forebay.folder));
      renameSync(`${path}~`, path);
    },
  };
}

/** The lines of all files whose names begin like this. */
function linesOf(folder: string, name: string): string[] {
  return readdirSync(folder)
    .filter((each) => each.startsWith(`${name}.`) && each.endsWith('.log'))
    .flatMap((each) => readFileSync(join(folder, each), 'utf8').split('\n').slice(0, -1));
}

/** Those of one worker. */
function written(folder: string, name: string, worker: number): string[] {
  return linesOf(folder, `${name}.${worker}`);
}

interface Health {
  readonly healthy: boolean;
  readonly reasons: readonly string[];
  readonly workers: readonly { readonly worker: number; readonly pid: number; readonly ready: boolean }[];
  readonly counters: readonly { readonly name: string; readonly labels: object; readonly value: number }[];
}

async function health({ folder }: Forebay): Promise<Health> {
  const folderOfSockets = join(folder, 'forebay');
  const [name = ''] = readdirSync(folderOfSockets).filter((each) => each.endsWith('.sock'));
  const answer = await askControl(join(folderOfSockets, name), { op: 'health' }, 15_000);
  if (!answer.ok) {
    throw new Error(answer.error);
  }
  return answer.body as unknown as Health;
}

/** Resolves when all workers take events in. */
const runs = (line: string) => line.includes('Forebay is running.');
const taken = (line: string) => line.includes('was read again, and runs');
const coded = (code: string) => (line: string) => line.includes(`"code":"${code}"`);

/** Resolves when a worker runs for the `times`-th time. */
async function runsAgain(forebay: Forebay, worker: number, times: number): Promise<void> {
  let left = times;
  await forebay.stderr.waitForLine(
    (line) => line.includes(`"worker":${worker}`) && line.includes('A worker runs.') && --left === 0,
  );
}

async function text(url: string): Promise<string> {
  const [response] = (await once(http.get(url, { agent: false }), 'response')) as [http.IncomingMessage];
  return (await response.toArray()).join('');
}

test(`two workers share ${events} acked events: none lost, none doubled; page and metrics show both`, async () => {
  const store = (body: string) => `<store>\n${body}</store>\n`;
  // Files of one worker each; one that both append to; and numbered ones, of which each takes its own.
  const together = file('together').replace('.#{worker_id}', '');
  const numbered = together.replace('together', 'numbered').replace('append true\n', '');
  const stores = [file('out'), together, numbered, '@type viewer\nport PORT1\n'];
  const forebay = await start({
    config: `${system(2, 'http_port PORT2\n')}${source}${match(`@type copy\n${stores.map(store).join('')}`)}`,
  });
  await forebay.stderr.waitForLine(runs);
  const [, page, metrics] = forebay.ports;
  const reader = new Client(`http://127.0.0.1:${page}`, {}, false);
  await reader.start();
  const sent = await sendAcked({ port: forebay.port, connections: 20, chunk: 50, goOn: (acked) => acked < events });
  expect(sent.broken).toBe(0);
  const lines = [0, 1].map((worker) => written(forebay.folder, 'out', worker));
  expect(compare(lines.flat(), sent.events)).toEqual({ lost: [], more: [] });
  expect(Math.min(...lines.map(({ length }) => length))).toBeGreaterThan(0);
  for (const shared of ['together', 'numbered']) {
    expect(compare(linesOf(forebay.folder, shared), sent.events)).toEqual({ lost: [], more: [] });
  }
  await reader.until(() => reader.events + reader.dropped === sent.events.length);
  const told = await text(`http://localhost:${metrics}/metrics`);
  const inputs = [...told.matchAll(/^forebay_input_events_total\{[^}]*\} (\d+)$/gm)].map(([, value]) => Number(value));
  expect(inputs).toEqual([sent.events.length]);
  expect(told).toContain('\nforebay_workers 2\n');
  expect(await text(`http://localhost:${metrics}/healthz`)).toBe('{"healthy":true,"reasons":[]}\n');
  reader.socket.close();
  expect(await forebay.stop(30_000)).toBe(0);
}, 300_000);

test('kill -9 of one worker: the other serves on, it comes back, nothing that was not acked is lost, and the page stays', async () => {
  const config = `${system(2)}${source}${match(`@type copy\n<store>\n@type viewer\nport PORT1\n</store>\n<store>\n${file('out')}</store>\n`)}`;
  const forebay = await start({ config });
  await forebay.stderr.waitForLine(runs);
  const reader = new Client(`http://127.0.0.1:${forebay.ports[1]}`, {}, false);
  await reader.start();
  const before = await health(forebay);
  expect(before.workers.map(({ worker, ready }) => [worker, ready])).toEqual([
    [0, true],
    [1, true],
  ]);
  const victim = before.workers[1]?.pid ?? 0;
  let killed = false;
  let back = false;
  const sent = await sendAcked({
    port: forebay.port,
    connections: 8,
    chunk: 20,
    again: true,
    goOn(acked) {
      if (!killed && acked > 1000) {
        killed = true;
        process.kill(victim, 'SIGKILL');
        void runsAgain(forebay, 1, 2).then(() => {
          back = true;
        });
      }
      return !back;
    },
  });
  // Those of the one that was killed, and no others.
  expect(sent.broken).toBeGreaterThan(0);
  expect(sent.broken).toBeLessThan(8);
  const after = await health(forebay);
  expect(after.workers.map(({ ready }) => ready)).toEqual([true, true]);
  expect(after.workers[0]?.pid).toBe(before.workers[0]?.pid);
  expect(after.workers[1]?.pid).not.toBe(victim);
  expect(after.counters.filter(({ name }) => name === 'forebay_worker_exits_total')).toMatchObject([
    { labels: { worker: '1' }, value: 1 },
  ]);
  const line = JSON.parse(await forebay.stderr.waitForLine(coded('WORKER_ENDED'))) as object;
  expect(line).toMatchObject({ level: 50, worker: 1, how: 'SIGKILL' });
  // What was written and not acked is sent again, so some of it may stand there twice, and half a line where the other was killed.
  const lines = [0, 1].flatMap((worker) => written(forebay.folder, 'out', worker));
  expect(compare(lines, sent.events).lost).toEqual([]);
  const seen = reader.events;
  const late = await sendAcked({ port: forebay.port, connections: 4, chunk: 1, goOn: (acked) => acked < 4 });
  await reader.until(() => reader.events >= seen + late.acked);
  reader.socket.close();
  expect(await forebay.stop(30_000)).toBe(0);
}, 60_000);

test('a worker that dies at once is started again later and later, until it lives', async () => {
  const plugin = `import { existsSync } from 'node:fs';
export default { kind: 'output', type: 'dies', summary: 'Dies.', options: { file: { type: 'string', desc: 'If it is there.', required: true } },
  create: (context, { file }) => {
    if (context.workerId === 1 && existsSync(file)) process.exit(7);
    return { emit: () => undefined, stop: async () => undefined };
  } };\n`;
  const folder = tempFolder('plugins');
  onTestFinished(() => folder.remove());
  writeFileSync(join(folder.path, 'dies.mjs'), plugin);
  const dead = join(folder.path, 'dead');
  const again = await start({
    config: `${system(2)}${source}${match(`@type dies\nfile ${dead}\n`)}`,
    args: ['-p', folder.path],
  });
  await again.stderr.waitForLine(runs);
  writeFileSync(dead, '');
  process.kill((await health(again)).workers[1]?.pid ?? 0, 'SIGKILL');
  let left = 4;
  await again.stderr.waitForLine((line) => coded('WORKER_ENDED')(line) && --left === 0);
  const ends = again.stderr.text.filter(coded('WORKER_ENDED')).map((line) => JSON.parse(line) as { again: number });
  expect(ends.slice(0, 4)).toMatchObject([
    { how: 'SIGKILL', again: 100 },
    { how: 'code 7', again: 200 },
    { how: 'code 7', again: 400 },
    { how: 'code 7', again: 800 },
  ]);
  expect(await health(again)).toMatchObject({ healthy: false, reasons: ['Worker 1 does not run.'] });
  const socket = net.connect(again.port, '127.0.0.1');
  socket.write(encode(['a', 1_700_000_000, {}, { chunk: 'c' }]));
  await once(socket, 'data');
  socket.destroy();
  rmSync(dead);
  await runsAgain(again, 1, 2);
  expect(await health(again)).toMatchObject({ healthy: true });
  // Without their parent they end too: its pipes are closed when the last of them is gone.
  process.kill(again.pid, 'SIGKILL');
  expect(await again.exited).toBe('SIGKILL');
}, 60_000);

test('a reload: all workers take it or none, and there may be more of them or fewer', async () => {
  const forebay = await start({ config: `${system(2)}${source}${match(file('a'))}` });
  await forebay.stderr.waitForLine(runs);
  let reloads = 0;
  const reload = async (config: string) => {
    forebay.put(config);
    forebay.signal('SIGHUP');
    let left = ++reloads;
    await forebay.stderr.waitForLine((line) => taken(line) && --left === 0);
  };
  const before = new Map<string, number>();
  const send = async (name: string, workers = 3) => {
    const { events: all } = await sendAcked({
      port: forebay.port,
      connections: 6,
      chunk: 1,
      goOn: (acked) => acked < 1,
    });
    const lines = Array.from({ length: workers }, (_, worker) => {
      const all = written(forebay.folder, name, worker);
      const fresh = all.slice(before.get(`${name}${worker}`) ?? 0);
      before.set(`${name}${worker}`, all.length);
      return fresh;
    });
    expect(compare(lines.flat(), all)).toEqual({ lost: [], more: [] });
  };
  const ready = async () => (await health(forebay)).workers.map(({ worker, ready: is }) => [worker, is]);
  await send('a');
  await reload(`${system(2)}${source}${match(file('b'))}`);
  await send('b');
  // Another option of the listener: all of them let go of it, and listen again.
  const changed = source.replace('port PORT', 'port PORT\nbacklog 100');
  await reload(`${system(2)}${changed}${match(file('b'))}`);
  await send('b');
  // Worker 1 alone cannot open it: nobody takes it.
  const holder = net.createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as net.AddressInfo;
  const only = `<worker 1>\n${source.replace('PORT', String(port))}</worker>\n`;
  forebay.put(`${system(2)}${source}${only}${match(file('c'))}`);
  forebay.signal('SIGHUP');
  await forebay.stderr.waitForLine(coded('RELOAD_FAILED'));
  holder.close();
  await send('b');
  forebay.put(`${system(2)}<worker 2>\n</worker>\n`);
  forebay.signal('SIGHUP');
  await forebay.stderr.waitForLine(coded('RELOAD_REFUSED'));
  await reload(`${system(3)}${source}${match(file('d'))}`);
  await send('d');
  expect(await ready()).toEqual([
    [0, true],
    [1, true],
    [2, true],
  ]);
  await reload(`${system(1)}${source}${match(file('e'))}`);
  await send('e');
  expect(await ready()).toEqual([[0, true]]);
  expect(await forebay.stop(30_000)).toBe(0);
}, 60_000);

test('what stands in <worker> is that worker’s alone; a unix socket is shared; lines of all come whole through one pipe', async () => {
  const in1 = `<worker 1>\n<source>\n@type forward\nbind 127.0.0.1\nport PORT1\n@label @ONE\n</source>\n<label @ONE>\n${match(file('one'))}</label>\n</worker>\n`;
  const path = 'DIR/in.sock';
  const unix = `<source>\n@type unix\npath ${path}\n</source>\n`;
  const print = match('@type stdout\n<format>\n@type json\n</format>\n', 'long');
  const forebay = await start({
    config: `${system(2)}${in1}${source}${unix}${print}${match(file('out'))}`,
    open: [path],
  });
  await forebay.stderr.waitForLine(runs);
  const [, port = 0] = forebay.ports;
  const sent = await sendAcked({ port, connections: 4, chunk: 10, goOn: (acked) => acked < 40 });
  expect(compare(written(forebay.folder, 'one', 1), sent.events)).toEqual({ lost: [], more: [] });

  for (let n = 0; n < 6; n++) {
    const socket = net.connect(join(forebay.folder, 'in.sock'));
    socket.write(encode(['a', 1_700_000_000, { c: 0, n }, { chunk: 'c' }]));
    await once(socket, 'data');
    socket.destroy();
  }
  expect([0, 1].flatMap((worker) => written(forebay.folder, 'out', worker)).length).toBe(6);

  const long = 'x'.repeat(100_000);
  const each = 25;
  const sockets = Array.from({ length: 4 }, () => net.connect(forebay.port, '127.0.0.1'));
  for (const [c, socket] of sockets.entries()) {
    for (let n = 0; n < each; n++) {
      socket.write(encode(['long', 1_700_000_000, { c, n, long }]));
    }
  }
  const lines = await forebay.stdout.waitForCount(sockets.length * each);
  const found = lines.map((line) => JSON.parse(line) as { c: number; n: number; long: string });
  expect(found.every((record) => record.long === long)).toBe(true);
  expect(new Set(found.map(({ c, n }) => `${c}:${n}`)).size).toBe(sockets.length * each);
  for (const socket of sockets) {
    socket.destroy();
  }
});

test('a port in use: code 1, and who has it', async () => {
  const holder = net.createServer().listen(await freePort(), '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as net.AddressInfo;
  const folder = tempFolder('two');
  onTestFinished(() => folder.remove());
  const path = join(folder.path, 'two.conf');
  writeFileSync(path, `${system(2)}${source.replace('PORT', String(port))}${match('@type null\n')}`);
  const { code, stderr } = await runForebay(['-c', path]);
  holder.close();
  expect(code).toBe(1);
  expect(stderr).toContain('PORT_IN_USE');
  expect(stderr).toContain(`127.0.0.1:${port} is in use by`);
});
