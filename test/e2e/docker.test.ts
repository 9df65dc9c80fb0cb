// A real Docker engine sends the lines of real containers to the real program, and each of them comes out on stdout.
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type DockerEngine, dockerPrograms, helloWorldLines, startDockerEngine } from '../support/docker.ts';
import { type FluentdLine, parseFluentdLine } from '../support/fluentd-line.ts';
import { type Forebay, type StartOptions, startForebay } from '../support/forebay.ts';
import { freePort, reservePort } from '../support/ports.ts';
import { reasonToSkip } from '../support/system.ts';

const firstRun = `<source>
  @type forward
</source>


<match docker.**>
  @type stdout
  @id output_stdout
</match>
`;
const tcp = '<source>\n  @type forward\n  port PORT\n</source>\n<match docker.**>\n  @type stdout\n</match>\n';
const unix = '<source>\n  @type unix\n  path DIR/fluent.sock\n</source>\n<match docker.**>\n  @type stdout\n</match>\n';

const skip = reasonToSkip('tests with a Docker engine', dockerPrograms, true);

describe.skipIf(skip !== undefined)('a Docker engine', () => {
  let engine: DockerEngine;
  const running: Forebay[] = [];
  beforeAll(async () => {
    engine = await startDockerEngine();
  });
  afterEach(async () => {
    for (const forebay of running.splice(0)) await forebay.stop();
  });
  afterAll(async () => engine?.stop());

  async function start(options: StartOptions): Promise<Forebay> {
    const forebay = await startForebay(options);
    running.push(forebay);
    return forebay;
  }

  /** Runs a shell script in a container that logs to `address`, and fails where the client does. */
  async function container(script: string, address: string, options: readonly string[], flags: readonly string[] = []) {
    const log = [`fluentd-address=${address}`, 'tag=docker.{{.ImageName}}.{{.Name}}.{{.ID}}', ...options];
    const args = [
      'run',
      '--rm',
      ...flags,
      '--log-driver',
      'fluentd',
      ...log.flatMap((option) => ['--log-opt', option]),
    ];
    return await engine.docker([...args, 'busybox', 'sh', '-c', script]);
  }

  /** All that came out, once `count` lines were seen and the program has ended: no line more than those is allowed. */
  async function linesOf(forebay: Forebay, count: number): Promise<FluentdLine[]> {
    await forebay.stdout.waitForCount(count);
    expect(await forebay.stop()).toBe(0);
    expect(forebay.stdout.text).toHaveLength(count);
    return forebay.stdout.text.map(parseFluentdLine);
  }

  const logs = (lines: readonly FluentdLine[]) => lines.map((line) => line.record['log']);
  const numbers = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

  test('hello-world comes out in the form of Fluentd, with npm start and the file of the first run', async () => {
    const giveBack = await reservePort(24224);
    const before = Math.floor(Date.now() / 1_000);
    const forebay = await start({ config: firstRun, npm: true, open: [24224] });
    const seen = await engine.docker([
      ...['run', '--rm', '--log-driver', 'fluentd', '--log-opt', 'fluentd-address=127.0.0.1:24224'],
      ...['--log-opt', 'tag=docker.{{.ImageName}}.{{.Name}}.{{.ID}}', '--name', 'hello', 'hello-world'],
    ]);
    expect(seen).toContain('Hello from Docker!');
    await forebay.stdout.waitForCount(helloWorldLines.length);
    await forebay.stop();
    await giveBack();
    const after = Math.ceil(Date.now() / 1_000);

    expect(forebay.stdout.raw).toHaveLength(helloWorldLines.length);
    for (const [index, text] of forebay.stdout.text.entries()) {
      expect(text).toMatch(
        /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.000000000 \+0000 docker\.hello-world\.hello\.[0-9a-f]{12}: \{"/,
      );
      const line = parseFluentdLine(text);
      const id = String(line.record['container_id']);
      expect(id).toMatch(/^[0-9a-f]{64}$/);
      expect(line.tag).toBe(`docker.hello-world.hello.${id.slice(0, 12)}`);
      const expected = { container_id: id, container_name: '/hello', source: 'stdout', log: helloWorldLines[index] };
      expect(line.record).toEqual(expected);
      // The driver's map has no order of its own: the fields come out as they were sent, without blanks.
      expect(line.json).toBe(JSON.stringify(line.record));
      const seconds = Date.parse(`${line.time.slice(0, 19).replace(' ', 'T')}Z`) / 1_000;
      expect(seconds).toBeGreaterThanOrEqual(before);
      expect(seconds).toBeLessThanOrEqual(after);
    }
    expect(logs(forebay.stdout.text.map(parseFluentdLine))).toContain('Hello from Docker!');
  }, 180_000);

  test('both streams of a container arrive over TCP', async () => {
    const forebay = await start({ config: tcp });
    await container('echo out; sleep 0.2; echo err >&2', `127.0.0.1:${forebay.port}`, [], ['--name', 'two']);
    const lines = await linesOf(forebay, 2);
    expect(lines.map((line) => [line.record['source'], line.record['log'], line.record['container_name']])).toEqual([
      ['stdout', 'out', '/two'],
      ['stderr', 'err', '/two'],
    ]);
    for (const line of lines) expect(line.tag).toMatch(/^docker\.busybox\.two\.[0-9a-f]{12}$/);
  });

  test('over a unix socket', async () => {
    const forebay = await start({ config: unix, open: ['DIR/fluent.sock'] });
    await container('seq 1 100', `unix://${join(forebay.folder, 'fluent.sock')}`, []);
    expect(logs(await linesOf(forebay, 100))).toEqual(numbers(1, 100));
  });

  test('with sub-second time the nanoseconds come out', async () => {
    const forebay = await start({ config: tcp });
    const options = ['fluentd-sub-second-precision=true'];
    const before = Date.now();
    await container('for i in 1 2 3; do echo $i; sleep 0.05; done', `127.0.0.1:${forebay.port}`, options);
    const after = Date.now();
    const lines = await linesOf(forebay, 3);
    const times = lines.map((line) => line.time);
    expect(times).toEqual([...times].sort());
    expect(new Set(times).size).toBe(3);
    for (const time of times) {
      const milliseconds = Date.parse(`${time.slice(0, 23).replace(' ', 'T')}Z`);
      expect(milliseconds).toBeGreaterThanOrEqual(before);
      expect(milliseconds).toBeLessThanOrEqual(after);
    }
    expect(times.some((time) => !time.endsWith('000000'))).toBe(true);
  });

  test('with request-ack each of 500 lines arrives once and in order', async () => {
    const forebay = await start({ config: tcp });
    await container('seq 1 500', `127.0.0.1:${forebay.port}`, ['fluentd-request-ack=true']);
    expect(logs(await linesOf(forebay, 500))).toEqual(numbers(1, 500));
  });

  test('with request-ack over a unix socket', async () => {
    const forebay = await start({ config: unix, open: ['DIR/fluent.sock'] });
    const options = ['fluentd-request-ack=true', 'fluentd-sub-second-precision=true'];
    await container('seq 1 50', `unix://${join(forebay.folder, 'fluent.sock')}`, options);
    expect(logs(await linesOf(forebay, 50))).toEqual(numbers(1, 50));
  });

  test('asynchronously each of 300 lines arrives once and in order', async () => {
    const forebay = await start({ config: tcp });
    // The engine drops what it has not sent when an asynchronous container ends: this one stays.
    const name = ['-d', '--name', 'async'];
    await container('seq 1 300; sleep 60', `127.0.0.1:${forebay.port}`, ['fluentd-async=true'], name);
    await forebay.stdout.waitForCount(300);
    await engine.docker(['rm', '-f', 'async']);
    expect(logs(await linesOf(forebay, 300))).toEqual(numbers(1, 300));
  });

  test('a line of 40 KB arrives as three pieces with their partial_ fields, the next line whole', async () => {
    const forebay = await start({ config: tcp });
    const script = "head -c 40960 /dev/zero | tr '\\0' a; echo; echo short";
    await container(script, `127.0.0.1:${forebay.port}`, []);
    const lines = await linesOf(forebay, 4);
    const pieces = lines.slice(0, 3).map((line) => line.record);
    expect(pieces.map((piece) => String(piece['log']).length)).toEqual([16_384, 16_384, 8_192]);
    expect(pieces.map((piece) => piece['log']).join('')).toBe('a'.repeat(40_960));
    expect(pieces.map((piece) => piece['partial_ordinal'])).toEqual(['1', '2', '3']);
    expect(pieces.map((piece) => piece['partial_last'])).toEqual(['false', 'false', 'true']);
    expect(pieces.map((piece) => piece['partial_message'])).toEqual(['true', 'true', 'true']);
    expect(new Set(pieces.map((piece) => piece['partial_id'])).size).toBe(1);
    expect(new Set(lines.slice(0, 3).map((line) => line.time)).size).toBe(1);
    expect(Object.keys(lines[3]?.record ?? {}).sort()).toEqual(['container_id', 'container_name', 'log', 'source']);
    expect(lines[3]?.record['log']).toBe('short');
  });

  test('what a terminal prints keeps its carriage return and escapes, shown as JSON escapes', async () => {
    const forebay = await start({ config: tcp });
    await container("printf '\\033[31mred\\033[0m\\n'; echo plain", `127.0.0.1:${forebay.port}`, [], ['-t']);
    const lines = await linesOf(forebay, 2);
    expect(logs(lines)).toEqual(['\u001b[31mred\u001b[0m\r', 'plain\r']);
    expect(lines[0]?.json).toContain(String.raw`"log":"\u001b[31mred\u001b[0m\r"`);
    expect(lines.map((line) => line.record['source'])).toEqual(['stdout', 'stdout']);
  });

  test('each byte from 0x00 to 0xff comes out as it went in', async () => {
    const forebay = await start({ config: tcp });
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 10));
    const octal = [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
    await container(`printf '${octal}\\n'`, `127.0.0.1:${forebay.port}`, []);
    await forebay.stdout.waitForCount(1);
    expect(await forebay.stop()).toBe(0);
    expect(forebay.stdout.raw).toHaveLength(1);
    // latin1 keeps each byte as one character, JSON's escapes become the bytes they stand for.
    const line = parseFluentdLine(forebay.stdout.raw[0]?.toString('latin1') ?? '');
    expect(Buffer.from(String(line.record['log']), 'latin1')).toEqual(bytes);
  });

  test('what an asynchronous container said before the collector was there arrives when it comes', async () => {
    const port = await freePort();
    const options = ['fluentd-async=true', 'fluentd-retry-wait=100ms', 'fluentd-max-retries=1000'];
    const name = ['-d', '--name', 'early'];
    await container('seq 1 50; sleep 60', `127.0.0.1:${port}`, options, name);
    const forebay = await start({ config: tcp, ports: [port] });
    await forebay.stdout.waitForCount(50);
    await engine.docker(['rm', '-f', 'early']);
    expect(logs(await linesOf(forebay, 50))).toEqual(numbers(1, 50));
  });

  test('a restart of the collector loses no line of a container that asks for acks', async () => {
    const before = await start({ config: tcp });
    const options = [
      'fluentd-async=true',
      'fluentd-request-ack=true',
      'fluentd-retry-wait=50ms',
      'fluentd-max-retries=1000',
    ];
    const script = 'for i in $(seq 1 100); do echo $i; sleep 0.02; done; sleep 60';
    await container(script, `127.0.0.1:${before.port}`, options, ['-d', '--name', 'steady']);
    await before.stdout.waitForCount(20);
    expect(await before.stop()).toBe(0);
    const after = await start({ config: tcp, ports: [before.port] });
    await after.stdout.waitForLine((line) => parseFluentdLine(line).record['log'] === '100', 30_000);
    await engine.docker(['rm', '-f', 'steady']);
    expect(await after.stop()).toBe(0);
    const first = logs(before.stdout.text.map(parseFluentdLine));
    const second = logs(after.stdout.text.map(parseFluentdLine));
    expect(second.length).toBeGreaterThan(0);
    // Asked for again is only what was printed and not yet acked when the first one ended: one line, as the driver waits for each ack.
    const again = first.filter((log) => second.includes(log)).length;
    expect(again).toBeLessThanOrEqual(1);
    expect([...first, ...second.slice(again)]).toEqual(numbers(1, 100));
  });
});
