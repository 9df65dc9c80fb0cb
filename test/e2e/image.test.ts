// The image in a real engine with published ports, as people run it, and the examples and the compose file, word for word. In one file,
// because the image takes as long to build as all of this.
import { chmodSync, chownSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { decodeMultiStream, encode } from '@msgpack/msgpack';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { commands } from '../../src/cli/arguments.ts';
import { Containers } from '../support/containers.ts';
import { type DockerEngine, helloWorldLines, runProgram, startDockerEngine } from '../support/docker.ts';
import { parseFluentdLine } from '../support/fluentd-line.ts';
import { buildImage, imagePrograms } from '../support/image.ts';
import { startPod } from '../support/pod.ts';
import { connectTo, freePort, reservePort } from '../support/ports.ts';
import { projectRoot } from '../support/project.ts';
import { reasonToSkip } from '../support/system.ts';
import { type TempFolder, tempFolder } from '../support/temp.ts';

const hardened = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];
const examples = join(projectRoot, 'examples');
const testConf = readFileSync(join(examples, 'hello-world', 'test.conf'), 'utf8');
const everything = '<source>\n  @type forward\n</source>\n<match **>\n  @type stdout\n</match>\n';

const skip = reasonToSkip('tests of the image', [...imagePrograms, 'docker-compose', 'python3'], true);

describe.skipIf(skip !== undefined)('the image', () => {
  let engine: DockerEngine;
  let containers: Containers;
  let temp: TempFolder;
  const atEnd: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    engine = await startDockerEngine({ network: true });
    containers = new Containers(engine);
    await buildImage(engine);
  }, 300_000);
  afterAll(async () => engine?.stop());

  beforeEach(() => {
    temp = tempFolder('conf');
    chmodSync(temp.path, 0o755);
  });
  afterEach(async () => {
    await containers.removeAll();
    for (const end of atEnd.splice(0).reverse()) await end();
    temp.remove();
  });

  /** A folder for /fluentd/etc. */
  function configuration(text: string, name = 'fluent.conf'): string {
    writeFileSync(join(temp.path, name), text);
    return `${temp.path}:/fluentd/etc`;
  }

  const expectHello = (lines: readonly string[]) => {
    for (const line of lines) {
      expect(line).toMatch(
        /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.0{9} \+0000 docker\.hello-world\.hello\.[0-9a-f]{12}: \{"/,
      );
    }
    expect(lines.map((line) => parseFluentdLine(line).record)).toEqual(
      helloWorldLines.map((log) => ({
        log,
        source: 'stdout',
        container_name: '/hello',
        container_id: expect.stringMatching(/^[0-9a-f]{64}$/),
      })),
    );
  };

  test('is small, runs as fluent, and has what Fluentd has where Fluentd has it', async () => {
    const megabytes = Math.round(Number(await containers.inspect('{{.Size}}')) / 1e6);
    const base = Math.round(Number(await containers.inspect('{{.Size}}', 'debian:trixie-slim')) / 1e6);
    console.info(`image: ${megabytes} MB, of them ${base} MB of the base that tests make`);
    expect(megabytes - base).toBeLessThan(170);
    const script = 'id; ls -ld /fluentd/etc /fluentd/log /fluentd/plugins /run/forebay; ls /forebay; command -v npm';
    const { stdout } = await containers.runToEnd([], ['sh', '-c', script]);
    expect(stdout).toContain('uid=999(fluent) gid=999(fluent)');
    expect(stdout.match(/fluent\s+fluent\s.* \/(fluentd\/(etc|log|plugins)|run\/forebay)$/gm)).toHaveLength(4);
    // and no npm behind them
    const files = ['LICENSE', 'bin', 'config', 'dist', 'node_modules', 'package.json'];
    expect(stdout.trimEnd().split('\n').slice(-files.length)).toEqual(files);
    const config = JSON.parse(await containers.inspect('{{json .Config}}'));
    expect(Object.keys(config.ExposedPorts)).toEqual(expect.arrayContaining(['24224/tcp', '24224/udp', '8080/tcp']));
    expect(Object.keys(config.Volumes)).toEqual(['/run/forebay']);
    expect(config.Healthcheck.Test).toEqual(['CMD', 'forebay', 'health']);
    expect(config.Env).toContain('FLUENTD_CONF=fluent.conf');
  });

  describe('the first container of the example', () => {
    const readme = readFileSync(join(examples, 'hello-world', 'README.md'), 'utf8');
    const [run = '', hello = '', logs = '', stop = '', runHardened = ''] = [...readme.matchAll(/^ {4}(.*)$/gm)].map(
      ([, line]) => line ?? '',
    );

    test('its line is the one that people know from Fluentd', () => {
      expect(run).toBe(
        'docker run -d -p 24224:24224 -p 24224:24224/udp -u fluent -v $(pwd):/fluentd/etc -e FLUENTD_CONF=test.conf --name fluentd forebay',
      );
      for (const flag of hardened) expect(runHardened.split(' ')).toContain(flag);
    });

    test.each([
      ['as Fluentd is run', run],
      ['with a read-only root and no capabilities', runHardened],
      [
        'as Fluentd is run, with a read-only root and no capabilities',
        run.replace('run -d', `run -d ${hardened.join(' ')}`),
      ],
    ])(
      '%s: docker logs shows the lines of Fluentd',
      async (_name, line) => {
        atEnd.push(await reservePort(24224));
        // Not the repository's folder: its owner may keep it from others.
        copyFileSync(join(examples, 'hello-world', 'test.conf'), join(temp.path, 'test.conf'));
        await containers.shell(line, temp.path);
        await containers.untilRunning('fluentd');
        expect(await containers.shell(hello, temp.path)).toContain('Hello from Docker!');
        await containers.logs(
          (lines) => lines.filter((each) => each.includes('docker.hello-world')).length >= helloWorldLines.length,
          'fluentd',
        );
        // `grep hello` finds each of them: by the tag.
        expectHello((await containers.shell(logs, temp.path)).trimEnd().split('\n'));
        await containers.shell(stop, temp.path);
        expect(await engine.docker(['ps', '-aq'])).toBe('');
      },
      180_000,
    );
  });

  test('without a configuration it runs config/docker.conf', async () => {
    const port = await freePort();
    await containers.start([...hardened, '-p', `127.0.0.1:${port}:24224`]);
    const socket = await connectTo(port);
    socket.end('["any.tag", 1, {"log": "hello"}]');
    const lines = await containers.logs((all) => all.some((line) => line.includes('any.tag')));
    expect(lines).toContain('1970-01-01 00:00:01.000000000 +0000 any.tag: {"log":"hello"}');
    const packaged = await engine.docker(['exec', 'forebay', 'cat', '/fluentd/etc/fluent.conf']);
    expect(packaged).toBe(readFileSync(join(projectRoot, 'config', 'docker.conf'), 'utf8').trim());
  });

  describe('the page and the pieces', () => {
    const session = async (port: number, headers: Record<string, string> = {}) =>
      await (await fetch(`http://127.0.0.1:${port}/session`, { headers })).json();

    test('without a configuration there is a page that asks for a token, which docker logs shows once', async () => {
      const port = await freePort();
      await containers.start([...hardened, '-p', `127.0.0.1:${port}:8080`]);
      const lines = (await containers.logs()).filter((line) => line.includes('#token='));
      expect(lines).toHaveLength(1);
      const token = lines[0]?.split('#token=')[1] ?? '';
      expect(await session(port)).toEqual({ tokenNeeded: true, authenticated: false });
      expect(await session(port, { authorization: `Bearer ${token}` })).toMatchObject({ authenticated: true });
      expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
    });

    test('FOREBAY_TOKEN is the token, and is not shown', async () => {
      const port = await freePort();
      await containers.start(['-e', 'FOREBAY_TOKEN=of-my-own', '-p', `127.0.0.1:${port}:8080`]);
      expect(await session(port, { authorization: 'Bearer of-my-own' })).toMatchObject({ authenticated: true });
      expect((await containers.logs()).join('\n')).not.toContain('of-my-own');
    });

    test('FOREBAY_VIEWER opens the page beside a configuration of one’s own', async () => {
      const port = await freePort();
      const flags = ['-e', 'FOREBAY_VIEWER=0.0.0.0:8080', '-p', `127.0.0.1:${port}:8080`];
      await containers.start([...flags, '-v', configuration(everything)]);
      expect(await session(port)).toEqual({ tokenNeeded: true, authenticated: false });
    });

    test('without a configuration a line that Docker cuts into pieces is one line again', async () => {
      const port = await freePort();
      await containers.start(['-p', `127.0.0.1:${port}:24224`]);
      const driver = [
        '--log-driver',
        'fluentd',
        '--log-opt',
        `fluentd-address=127.0.0.1:${port}`,
        '--log-opt',
        'tag=long',
      ];
      await engine.docker([
        'run',
        '--rm',
        ...driver,
        'busybox',
        'sh',
        '-c',
        "head -c 40960 /dev/zero | tr '\\0' a; echo",
      ]);
      const lines = await containers.logs((all) => all.some((line) => line.includes(' long: ')));
      const [line = '', ...more] = lines.filter((each) => each.includes(' long: '));
      expect(more).toHaveLength(0);
      const log = String(parseFluentdLine(line).record['log']);
      expect([log.length, log.replaceAll('a', '')]).toEqual([40_960, '']);
    });
  });

  describe('a file output in /fluentd/log', () => {
    const toFile = everything.replace('@type stdout', '@type file\n  path /fluentd/log/app\n  append true');

    function logFolder(owner: number): string {
      const folder = join(temp.path, 'log');
      mkdirSync(folder);
      chownSync(folder, owner, owner);
      return `${folder}:/fluentd/log`;
    }

    test('of a volume that belongs to the user of Fluentd’s image', async () => {
      const port = await freePort();
      const volumes = ['-v', configuration(toFile), '-v', logFolder(999)];
      await containers.start([...hardened, ...volumes, '-p', `127.0.0.1:${port}:24224`]);
      (await connectTo(port)).end('["any.tag", 1, {"log": "hello"}]');
      await engine.docker(['stop', 'forebay']);
      const [name = ''] = readdirSync(join(temp.path, 'log'));
      expect(readFileSync(join(temp.path, 'log', name), 'utf8')).toBe(
        '1970-01-01T00:00:01+00:00\tany.tag\t{"log":"hello"}\n',
      );
    });

    test('of a volume that belongs to somebody else: the path, the users and what to do', async () => {
      const { code, stderr } = await containers.runToEnd(['-v', configuration(toFile), '-v', logFolder(0)]);
      expect(code).toBe(1);
      expect(stderr).toContain('/fluentd/log cannot be written');
      expect(stderr).toContain('runs as user 999');
      expect(stderr).toContain('chown 999:999');
    });

    test('without a volume and with a read-only root: the path and what to do', async () => {
      const { code, stderr } = await containers.runToEnd([...hardened, '-v', configuration(toFile)]);
      expect(code).toBe(1);
      expect(stderr).toContain('/fluentd/log cannot be written');
      expect(stderr).toContain('Mount a volume');
    });
  });

  test('a UDP heartbeat is answered through the published port', async () => {
    const { createSocket } = await import('node:dgram');
    const port = await freePort();
    await containers.start(['-p', `127.0.0.1:${port}:24224/udp`, '-v', configuration(everything)]);
    const socket = createSocket('udp4');
    const answer = new Promise<Buffer>((resolve) => socket.once('message', resolve));
    socket.send(Buffer.of(0), port, '127.0.0.1');
    expect(await answer).toEqual(Buffer.of(0));
    socket.close();
  });

  test('turns healthy, also with a read-only root, and unhealthy when it hangs', async () => {
    const quick = ['--health-interval', '1s', '--health-timeout', '2s', '--health-retries', '1'];
    await containers.start([...hardened, ...quick, '-v', configuration(everything)]);
    await containers.untilHealth('healthy');
    expect(await engine.docker(['exec', 'forebay', 'forebay', 'health'])).toBe('Healthy.');
    await engine.docker(['kill', '--signal', 'STOP', 'forebay']);
    await containers.untilHealth('unhealthy');
    await engine.docker(['kill', '--signal', 'CONT', 'forebay']);
    await containers.untilHealth('healthy');
  }, 90_000);

  test('docker stop ends it with 0 within ten seconds, and all that it acked is there', async () => {
    const port = await freePort();
    await containers.start(['-p', `127.0.0.1:${port}:24224`, '-v', configuration(everything)]);
    let asked = 0;
    const { acked, sent } = await sendUntil(port, 300, () => {
      asked = performance.now();
      return engine.docker(['stop', '--time', '30', 'forebay']).then(() => {
        asked = performance.now() - asked;
      });
    });
    expect(asked).toBeLessThan(10_000);
    expect(await containers.inspect('{{.State.ExitCode}}')).toBe('0');
    const numbers = (await containers.logs())
      .filter((line) => line.includes(' stop.test: '))
      .map((line) => Number(parseFluentdLine(line).record['n']));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(acked.filter((n) => !numbers.includes(n))).toEqual([]);
    expect(acked.length).toBeGreaterThanOrEqual(300);
    expect(sent).toBeGreaterThan(acked.length);
  }, 60_000);

  describe('a configuration that cannot run ends it with 2 and says why in docker logs', () => {
    async function failure(flags: readonly string[]): Promise<string> {
      await engine.docker(['run', '-d', '--name', 'forebay', ...flags, 'forebay']);
      expect(await engine.docker(['wait', 'forebay'])).toBe('2');
      return (await containers.logs()).join('\n');
    }

    test('an error in it: file, line and column, with a caret', async () => {
      const text = await failure(['-v', configuration(`${everything}<match x>\n  @type stdot\n</match>\n`)]);
      expect(text).toContain('/fluentd/etc/fluent.conf:8:9: error:');
      expect(text).toContain('stdout');
      expect(text).toMatch(/\| {9}\^$/m);
    });

    test('a file that is not there: its path', async () => {
      const text = await failure(['-v', configuration(everything), '-e', 'FLUENTD_CONF=absent.conf']);
      expect(text).toContain('/fluentd/etc/absent.conf');
    });

    test('a file that the user may not read: its path and the reason', async () => {
      const volume = configuration(everything);
      chmodSync(join(temp.path, 'fluent.conf'), 0o600);
      const text = await failure(['-v', volume]);
      expect(text).toContain('/fluentd/etc/fluent.conf');
      expect(text).toMatch(/EACCES|permission denied/i);
    });
  });

  describe('command lines as people write them', () => {
    const other = testConf.replace('docker.**', 'other.**');

    test.each<[string, readonly string[], readonly string[]]>([
      ['options alone', [], ['-c', '/fluentd/etc/x.conf']],
      [
        'fluentd with all that its image adds',
        [],
        ['fluentd', '--config', '/fluentd/etc/x.conf', '--plugin', '/fluentd/plugins'],
      ],
      [
        'fluentd with short options',
        [],
        'fluentd -c /fluentd/etc/x.conf -p /fluentd/plugins -v --no-supervisor'.split(' '),
      ],
      ['fluentd -o', [], ['fluentd', '-c', '/fluentd/etc/x.conf', '-o', '/fluentd/log/fluentd.log']],
      ['forebay run', [], ['forebay', 'run', '-c', '/fluentd/etc/x.conf']],
      ['run alone', [], ['run', '-c', '/fluentd/etc/x.conf']],
      ['FLUENTD_CONF and FLUENTD_OPT', ['-e', 'FLUENTD_CONF=x.conf', '-e', 'FLUENTD_OPT=-v --no-supervisor'], []],
      ['FLUENTD_CONF with a whole path', ['-e', 'FLUENTD_CONF=/fluentd/etc/x.conf'], []],
      ['an entrypoint of one’s own', ['--entrypoint', 'fluentd'], ['-c', '/fluentd/etc/x.conf']],
      ['through a shell', [], ['sh', '-c', 'exec fluentd -c /fluentd/etc/$NAME'.replace('$NAME', 'x.conf')]],
    ])('%s', async (_name, flags, args) => {
      await containers.start([...flags, '-v', configuration(other, 'x.conf')], args);
      const [line = ''] = (await containers.logs()).filter((each) => each.includes('Forebay is running'));
      expect(JSON.parse(line)).toMatchObject({ configuration: '/fluentd/etc/x.conf' });
    });

    test('--dry-run says what is wrong and starts nothing', async () => {
      const volume = configuration(`${everything}<match x>\n  @type stdot\n</match>\n`, 'x.conf');
      const bad = await containers.runToEnd(['-v', volume], ['fluentd', '--dry-run', '-c', '/fluentd/etc/x.conf']);
      expect(bad.code).toBe(2);
      expect(bad.stdout + bad.stderr).toContain('/fluentd/etc/x.conf:8:9');
      configuration(everything, 'x.conf');
      const good = await containers.runToEnd(['-v', volume], ['--dry-run', '-c', '/fluentd/etc/x.conf']);
      expect(good.code).toBe(0);
    });

    test.each(commands)('%s need not be named twice', async (command) => {
      const { code, stdout } = await containers.runToEnd([], [command, '--help']);
      expect([code, stdout.split('\n')[0]]).toEqual([0, 'Usage: forebay [command] [options]']);
    });
  });

  describe('with a compose file', () => {
    let page: string;
    beforeAll(async () => {
      page = String(await freePort());
    });

    async function compose(file: string, args: readonly string[]) {
      const all = ['--file', file, '--project-name', 'test', '--no-ansi', ...args];
      const done = await runProgram('docker-compose', all, {
        env: { ...engine.env, PAGE_PORT: page },
        timeout: 90_000,
      });
      expect(done.code, done.stdout + done.stderr).toBe(0);
    }

    /** Brings it up, and resolves with the names of its two containers. */
    async function up(file: string): Promise<{ forebay: string; app: string }> {
      atEnd.push(() => compose(file, ['down', '--volumes']));
      await compose(file, ['up', '-d', '--no-build']);
      const name = (service: string) =>
        engine.docker([
          'ps',
          '-a',
          '--filter',
          `label=com.docker.compose.service=${service}`,
          '--format',
          '{{.Names}}',
        ]);
      return { forebay: await name('forebay'), app: await name('app') };
    }

    async function expectHealthyFirst(names: { forebay: string; app: string }): Promise<void> {
      const [check] = JSON.parse(await containers.inspect('{{json .State.Health.Log}}', names.forebay)) as {
        End: string;
      }[];
      const started = await containers.inspect('{{.State.StartedAt}}', names.app);
      expect(Date.parse(started)).toBeGreaterThanOrEqual(Date.parse(check?.End ?? ''));
    }

    test('docker/compose.yaml: the application starts when the collector is healthy, and its lines are there', async () => {
      atEnd.push(await reservePort(24224));
      const names = await up(join(projectRoot, 'docker', 'compose.yaml'));
      await expectHealthyFirst(names);
      const lines = await containers.logs((all) => all.some((line) => line.includes('"hello 2"')), names.forebay);
      const [first, second] = lines.filter((line) => line.includes('hello')).map(parseFluentdLine);
      expect(first?.tag).toMatch(/^docker\.busybox\.test_app_1\.[0-9a-f]{12}$/);
      expect([first?.record['log'], second?.record['log']]).toEqual(['hello 1', 'hello 2']);
      expect(first?.time).not.toMatch(/\.0{9}$/);
    }, 180_000);

    test('examples/sidecar: the application sends to the collector beside it, and nobody else can', async () => {
      // The folder of a checkout may be closed to others: the collector reads its file as fluent.
      for (const file of ['compose.yaml', 'fluent.conf'])
        copyFileSync(join(examples, 'sidecar', file), join(temp.path, file));
      const names = await up(join(temp.path, 'compose.yaml'));
      await expectHealthyFirst(names);
      const lines = await containers.logs((all) => all.some((line) => line.includes('"hello 2"')), names.forebay);
      expect(
        lines
          .filter((line) => line.includes('app.hello'))
          .map((line) => parseFluentdLine(line).record)
          .slice(0, 2),
      ).toEqual([{ log: 'hello 1' }, { log: 'hello 2' }]);
      const address = await containers.inspect(
        '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
        names.forebay,
      );
      const outside = ['run', '--rm', '--network', 'test_default', 'busybox', 'nc', '-w', '2', address, '24224'];
      expect((await engine.run(outside)).stderr).toContain('refused');
    }, 120_000);
  });

  test('the containers of the pod in examples/sidecar run as its manifest says', async () => {
    const names = await startPod(engine, join(examples, 'sidecar', 'pod.yaml'), temp.path);
    expect(names).toEqual(['forebay', 'app']);
    const lines = await containers.logs((all) => all.some((line) => line.includes('"hello 2"')));
    expect(
      lines
        .filter((line) => line.includes('app.hello'))
        .map((line) => parseFluentdLine(line).record)
        .slice(0, 2),
    ).toEqual([{ log: 'hello 1' }, { log: 'hello 2' }]);
    expect(await containers.inspect('{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}}')).toBe(
      '999 true [ALL]',
    );
  }, 60_000);
});

/** Sends events that ask for acks until the connection ends; calls `stop` once `enough` of them are acked. */
async function sendUntil(port: number, enough: number, stop: () => Promise<unknown>) {
  const socket: Socket = await connectTo(port);
  socket.on('error', () => {});
  const acked: number[] = [];
  let sent = 0;
  const more = () => {
    while (sent - acked.length < 50 && socket.writable) {
      sent++;
      socket.write(encode(['stop.test', 1_700_000_000, { n: sent }, { chunk: String(sent) }]));
    }
  };
  let stopping: Promise<unknown> | undefined;
  more();
  try {
    for await (const answer of decodeMultiStream(socket)) {
      acked.push(Number((answer as { ack: string }).ack));
      if (acked.length >= enough) stopping ??= stop();
      more();
    }
  } catch {
    // the connection was reset, or ended within an answer
  }
  await stopping;
  return { acked, sent };
}
