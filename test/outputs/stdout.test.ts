// The stdout output: what it prints for whom, when it makes its senders wait, and what it takes from old configurations.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { encode } from '@msgpack/msgpack';
import { afterAll, describe, expect, test } from 'vitest';
import { loadPlan } from '../../src/cli/load-plan.ts';
import { tagFromBytes } from '../../src/core/batch.ts';
import { StreamWriter } from '../../src/files/stream-writer.ts';
import { batchOf, entry, inZone, makeOutput, testContext } from '../formatters/harness.ts';
import { tempFolder } from '../support/temp.ts';

const temp = tempFolder('stdout');
afterAll(() => temp.remove());

const time = { sec: 1700000000, nsec: 123456789 };
const head = '2023-11-14 22:13:20.123456789 +0000';
const esc = String.fromCharCode(27);
const event = (record: unknown) => entry(time, Buffer.from(encode(record)));

async function print(
  body: string,
  entries: readonly Buffer[],
  { tag = Buffer.from('t.a'), terminal = false } = {},
): Promise<string> {
  const stream = Object.assign(new PassThrough(), { isTTY: terminal });
  const context = testContext(new StreamWriter(stream));
  const output = await inZone('UTC', () => makeOutput(body, context));
  await output.emit(batchOf(tagFromBytes(tag), Buffer.concat(entries), entries.length));
  await output.stop(AbortSignal.timeout(5000));
  return ((stream.read() as Buffer | null) ?? Buffer.alloc(0)).toString('latin1');
}

describe('control characters', () => {
  const tag = Buffer.concat([Buffer.from(`a${esc}[2J\r\u007f\u0085é`), Buffer.from([0x9b, 0xff])]);
  const shownTag = Buffer.concat([Buffer.from('a\\u001b[2J\\r\\u007f\\u0085é\\x9b'), Buffer.from([0xff])]).toString(
    'latin1',
  );

  test('of a tag are escaped, wherever standard output leads', async () => {
    for (const terminal of [false, true]) {
      expect(await print('@type stdout', [event({})], { tag, terminal })).toBe(`${head} ${shownTag}: {}\n`);
      const asFile = await print('@type stdout\n<format>\n@type out_file\n</format>', [event({})], { tag, terminal });
      expect(asFile).toBe(`2023-11-14T22:13:20+00:00\t${shownTag}\t{}\n`);
    }
  });

  const record = Buffer.concat([
    Buffer.from('81a16bc408', 'hex'),
    Buffer.from(`${esc}\u007f\u0085`),
    Buffer.from([0x9b, 0xff, 0x0a, 0x61]),
  ]);

  test('of values are escaped on a terminal as far as JSON does not anyway', async () => {
    expect(await print('@type stdout', [entry(time, record)])).toBe(
      `${head} t.a: {"k":"\\u001b\u007f\u00c2\u0085\u009b\u00ff\\na"}\n`,
    );
    expect(await print('@type stdout', [entry(time, record)], { terminal: true })).toBe(
      `${head} t.a: {"k":"\\u001b\\u007f\\u0085\\u009b\u00ff\\na"}\n`,
    );
  });

  test.for([
    'single_value\nmessage_key k',
    'ltsv',
    'tsv\nkeys k',
    'csv\nfields k',
    'csv\nfields k\nforce_quotes false',
  ])('of values in %s are escaped on a terminal only, newlines never', async (format) => {
    const body = `@type stdout\n<format>\n@type ${format}\n</format>`;
    expect(await print(body, [entry(time, record)])).toContain(`${esc}\u007f\u00c2\u0085\u009b\u00ff\na`);
    expect(await print(body, [entry(time, record)], { terminal: true })).toContain(
      '\\u001b\\u007f\\u0085\\x9b\u00ff\na',
    );
  });
});

describe('every event ends with a newline, as in Fluentd', () => {
  test.for([
    ['json\nadd_newline false', '{"log":"x"}\n{"log":"y\\r\\n"}\n{"log":"z\\r"}\n'],
    ['single_value\nmessage_key log', 'x\ny\r\n\nz\n'],
    ['single_value\nmessage_key log\nadd_newline false', 'x\ny\nz\n'],
    ['ltsv', 'log:x\nlog:y\r\n\nlog:z\n'],
  ] as const)('%s', async ([format, text]) => {
    expect(
      await print(`@type stdout\n<format>\n@type ${format}\n</format>`, [
        event({ log: 'x' }),
        event({ log: 'y\r\n' }),
        event({ log: 'z\r' }),
      ]),
    ).toBe(text);
  });
});

describe('old spellings', () => {
  test('output_type and format beside @type', async () => {
    expect(await print('@type stdout\noutput_type hash', [event({ a: null })])).toBe(`${head} t.a: {"a"=>nil}\n`);
    expect(await print('@type stdout\nformat json', [event({ a: null })])).toBe('{"a":null}\n');
  });

  test('include_tag_key and include_time_key', async () => {
    const line = await print('@type stdout\nformat json\ninclude_tag_key true\ninclude_time_key true\ntime_key at', [
      event({ a: 1 }),
    ]);
    expect(line).toBe('{"a":1,"tag":"t.a","at":"2023-11-14T22:13:20+00:00"}\n');
  });

  test('use_logger and <buffer> are named as without effect, and nothing more is said', async () => {
    const file = join(temp.path, 'buffer.conf');
    writeFileSync(file, '<match **>\n@type stdout\nuse_logger false\n<buffer>\n</buffer>\n</match>\n');
    const { plan, problems } = await loadPlan(file);
    expect(plan).toBeDefined();
    expect(problems.map(({ code, severity }) => [severity, code])).toEqual([['warning', 'CONFIG_OPTION_IGNORED']]);
  });
});

test.for([
  ['<format>\n@type out_file\ntimezone Bad/Zone\n</format>', 'CONFIG_VALUE_INVALID'],
  ['<format>\noutput_type csv\n</format>', 'CONFIG_OPTION_REQUIRED'],
  ["<format>\n@type csv\nfields $['a\n</format>", 'CONFIG_VALUE_INVALID'],
] as const)('%s is a mistake of the configuration', async ([body, code]) => {
  await expect(makeOutput(`@type stdout\n${body}`, testContext())).rejects.toMatchObject({ code });
});

describe('waiting', () => {
  /** The output on a pipe whose reader begins when it is told to. */
  async function onPipe(body: string) {
    const file = join(temp.path, `pipe-${Math.random()}`);
    const script = 'head -n 1 <&3 >/dev/null; exec cat > "$0"';
    const child = spawn('sh', ['-c', script, file], { stdio: ['pipe', 'ignore', 'inherit', 'pipe'] });
    const stdin = child.stdio[0];
    const go = child.stdio[3] as NodeJS.WritableStream;
    const context = testContext(new StreamWriter(stdin as PassThrough));
    const output = await inZone('UTC', () => makeOutput(body, context));
    const finish = async () => {
      await output.stop(AbortSignal.timeout(10_000));
      (stdin as PassThrough).end();
      await once(child, 'close');
      return readFileSync(file, 'utf8');
    };
    return { output, context, read: () => go.end('go\n'), finish, kill: () => child.kill('SIGKILL') };
  }

  const many = (count: number, from = 0) =>
    batchOf(
      't',
      Buffer.concat(Array.from({ length: count }, (_, index) => event({ n: from + index, pad: 'x'.repeat(200) }))),
      count,
    );

  test('nobody waits where nothing asks for an ack and there is room', async () => {
    const { output, read, finish } = await onPipe('@type stdout');
    expect(output.emit(many(10))).toBeUndefined();
    read();
    expect((await finish()).split('\n')).toHaveLength(11);
  });

  test('an unread pipe makes senders wait at pending_limit, and loses nothing', async () => {
    const { output, context, read, finish } = await onPipe('@type stdout\npending_limit 1m');
    let sent = 0;
    let full: Promise<void> | undefined;
    while (full === undefined) {
      full = output.emit(many(100, sent));
      sent += 100;
    }
    expect(context.stdout.pending).toBeGreaterThan(1 << 20);
    expect(context.stdout.pending).toBeLessThan(1.2 * (1 << 20));
    read();
    await full;
    const lines = (await finish()).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line.slice(head.length + 4)).n)).toEqual(
      Array.from({ length: sent }, (_, n) => n),
    );
  });

  test('a batch with acks settles when its bytes are written, and not before', async () => {
    const { output, context, read, finish } = await onPipe('@type stdout');
    expect(output.emit(many(1000))).toBeUndefined();
    let settled = false;
    const acked = output.emit({ ...many(10), acks: [Buffer.from([0xa1, 0x61])] })?.then(() => {
      settled = true;
      expect(context.stdout.pending).toBe(0);
    });
    expect(acked).toBeDefined();
    await context.stdout.drain(AbortSignal.timeout(50));
    expect(settled).toBe(false);
    read();
    await acked;
    await finish();
  });

  test('a reader that goes away makes emit reject, for batches that wait and later ones', async () => {
    const { output, kill, context } = await onPipe('@type stdout');
    const waiting = output.emit({ ...many(5000), acks: [Buffer.from([0xc0])] });
    await new Promise(setImmediate);
    kill();
    await expect(waiting).rejects.toMatchObject({ code: 'STDOUT_CLOSED' });
    await expect(output.emit(many(1))).rejects.toMatchObject({ code: 'STDOUT_CLOSED' });
    await output.stop(AbortSignal.timeout(5000));
    await output.stop(AbortSignal.timeout(5000));
    expect(context.logged.map(({ msg }) => msg)).toEqual(
      Array(2).fill('Standard output took not all lines before the end.'),
    );
  });

  test('the lines of several outputs stay whole', async () => {
    const { output, context, read, finish } = await onPipe('@type stdout');
    const other = await makeOutput('@type stdout\n<format>\n@type json\n</format>', context);
    read();
    for (let i = 0; i < 200; i++) {
      await output.emit(many(7));
      await other.emit(many(9));
    }
    const lines = (await finish()).trimEnd().split('\n');
    expect(lines).toHaveLength(200 * 16);
    expect(lines.every((line) => /^(2023-.* t: )?\{"n":\d,"pad":"x{200}"\}$/.test(line))).toBe(true);
  });

  test('an event that is longer than all areas is printed whole, between its neighbours', async () => {
    const { output, read, finish } = await onPipe('@type stdout\n<inject>\ntag_key tag\n</inject>');
    read();
    const log = `${'\u0001é"'.repeat(500_000)}`;
    const entries = Buffer.concat([event({ n: 1 }), event({ log }), event({ n: 2 })]);
    await output.emit(batchOf('t', entries, 3));
    const lines = (await finish()).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line.slice(head.length + 4)))).toEqual([
      { n: 1, tag: 't' },
      { log, tag: 't' },
      { n: 2, tag: 't' },
    ]);
  });
});

test('an event that cannot be printed is left out and counted, its neighbours are printed', async () => {
  const stream = new PassThrough();
  const context = testContext(new StreamWriter(stream));
  const output = await inZone('UTC', () => makeOutput('@type stdout', context));
  const bad = entry(time, Buffer.from('81a161d40501', 'hex'));
  const float = Buffer.from('92cb000000000000000080', 'hex');
  await output.emit(batchOf('t', Buffer.concat([event({ n: 1 }), float, event({ n: 2 }), bad]), 4));
  await output.stop(AbortSignal.timeout(5000));
  expect(String(stream.read())).toBe(`${head} t: {"n":1}\n${head} t: {"n":2}\n`);
  expect(context.counters.get('forebay_unprintable_events_total', { id: 'test' }).value).toBe(2);
  const refused = { code: 'EVENT_UNPRINTABLE', tag: 't', count: 1 };
  expect(context.refused).toEqual([refused, refused]);
});
