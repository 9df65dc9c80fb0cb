// Every case of vectors/stdout.json: the bytes that the real Fluentd was sent go through a real input of the forward protocol into the
// stdout output, and what that writes is compared with Fluentd's line, byte for byte.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tagFromText } from '../../src/core/batch.ts';
import { StreamWriter } from '../../src/files/stream-writer.ts';
import type { Wasm } from '../../src/msgpack/wasm.ts';
import { packString } from '../../src/plugin/inject-values.ts';
import type { Output } from '../../src/plugin/output.ts';
import {
  batchOf,
  entry,
  inZone,
  makeOutput,
  type TestContext,
  testContext,
  type VectorTime,
} from '../formatters/harness.ts';
import { startInput, type TestInput } from '../forward/harness.ts';
import { differencesOf } from '../support/differences.ts';
import { connectTo, freePort } from '../support/ports.ts';
import { twins } from '../support/twins.ts';

interface Line {
  readonly line?: string | null;
  readonly out_base64?: string | null;
}

interface StdoutCase extends Line {
  readonly name: string;
  readonly message_hex: string;
  readonly without_oj?: Line;
}

interface TimedCase extends Line {
  readonly name: string;
  readonly time: VectorTime;
}

interface FormatCase {
  readonly name: string;
  readonly config: string;
  readonly TZ?: string;
  readonly refused_at_start?: string;
  readonly cases?: readonly TimedCase[];
  readonly records?: readonly unknown[];
}

const vectors = JSON.parse(readFileSync(new URL('../vectors/stdout.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly StdoutCase[];
  readonly timezones: readonly { readonly TZ: string; readonly cases: readonly TimedCase[] }[];
  readonly formats: readonly FormatCase[];
};
const differences = differencesOf('stdout.json');
const used = new Set<string>();

/** What is to be printed, as text of one character a byte; '' for nothing. */
function expected(name: string, each: Line): string {
  const difference = differences.get(name);
  if (difference !== undefined) {
    used.add(name);
    return difference.ours === null ? '' : Buffer.from(`${difference.ours}\n`).toString('latin1');
  }
  if (each.out_base64 != null) {
    return Buffer.from(each.out_base64, 'base64').toString('latin1');
  }
  return each.line == null ? '' : Buffer.from(`${each.line}\n`).toString('latin1');
}

class Printed {
  readonly stream = new PassThrough();
  readonly context: TestContext;

  constructor(wasm: Wasm | null) {
    this.context = testContext(new StreamWriter(this.stream), wasm);
  }

  async read(): Promise<string> {
    await this.context.stdout.drain(AbortSignal.timeout(5000));
    return ((this.stream.read() as Buffer | null) ?? Buffer.alloc(0)).toString('latin1');
  }
}

describe.for(twins)('messages, by %s', ([, wasm]) => {
  const zone = process.env['TZ'];
  const withOj = new Printed(wasm ?? null);
  const withoutOj = new Printed(wasm ?? null);
  let outputs: Output[] = [];
  let input: TestInput;
  let port = 0;

  beforeAll(async () => {
    process.env['TZ'] = 'UTC';
    port = await freePort();
    outputs = [
      await makeOutput('@type stdout', withOj.context),
      await makeOutput('@type stdout\n<format>\njson_parser json\n</format>', withoutOj.context),
    ];
    const source = `<source>\n@type forward\nbind 127.0.0.1\nport ${port}\n</source>`;
    input = await startInput(
      source,
      async (batch) => {
        await Promise.all(outputs.map((output) => output.emit(batch)));
      },
      { wasm: wasm ?? null },
    );
  });

  afterAll(async () => {
    await input.stop();
    process.env['TZ'] = zone ?? '';
  });

  test.for(vectors.cases.map((each) => [each.name, each] as const))('%s', async ([name, each]) => {
    const socket = await connectTo(port);
    socket.on('error', () => {}); // some are reset
    socket.end(Buffer.from(each.message_hex, 'hex'));
    socket.resume();
    await once(socket, 'close');
    expect(await withOj.read()).toBe(expected(name, each));
    const other = { ...each, ...each.without_oj };
    const otherName = differences.has(`${name}, without Oj`) ? `${name}, without Oj` : name;
    expect(await withoutOj.read()).toBe(expected(otherName, other));
  });
});

const record = Buffer.from([0x81, 0xa1, 0x61, 1]);

describe.for(twins)('time zones, by %s', ([, wasm]) => {
  const cases = vectors.timezones.flatMap(({ TZ, cases }) => cases.map((each) => [TZ, each.name, each] as const));
  test.for(cases)('%s, %s', async ([zone, name, each]) => {
    const line = await inZone(zone, () => print('@type stdout', 't', [entry(each.time, record)], wasm ?? null));
    expect(line).toBe(expected(`${zone}: ${name}`, each));
  });
});

describe.for(twins)('formats, by %s', ([, wasm]) => {
  const cases = vectors.formats.filter(({ cases }) => cases !== undefined);
  test.for(cases.map((each) => [each.name, each] as const))('%s', async ([name, each]) => {
    const entries = (each.cases ?? []).map(({ time }, index) => entry(time, packJson(each.records?.[index])));
    const lines = await inZone(each.TZ ?? 'UTC', () =>
      print(`@type stdout\n${each.config}`, 't.a', entries, wasm ?? null),
    );
    expect(lines).toBe((each.cases ?? []).map((one) => expected(`${name}: ${one.name}`, one)).join(''));
  });

  const refused = vectors.formats.filter(({ refused_at_start }) => refused_at_start !== undefined);
  test.for(refused.map((each) => [each.name, each] as const))('%s is refused', async ([, each]) => {
    await expect(makeOutput(`@type stdout\n${each.config}`, testContext())).rejects.toMatchObject({
      code: 'CONFIG_VALUE_INVALID',
      message: expect.stringContaining('time_format'),
    });
  });
});

test('every difference on purpose was met', () => {
  expect([...differences.keys()].filter((name) => !used.has(name))).toEqual([]);
});

async function print(body: string, tag: string, entries: readonly Buffer[], wasm: Wasm | null): Promise<string> {
  const printed = new Printed(wasm);
  const output = await makeOutput(body, printed.context);
  await output.emit(batchOf(tagFromText(tag), Buffer.concat(entries), entries.length));
  await output.stop(AbortSignal.timeout(5000));
  return await printed.read();
}

/** A record of the vectors, whose numbers are small integers, as msgpack. */
function packJson(value: unknown): Buffer {
  if (typeof value === 'string') {
    return Buffer.from(packString(Buffer.from(value)));
  }
  if (Array.isArray(value)) {
    return Buffer.concat([Buffer.from([0x90 | value.length]), ...value.map(packJson)]);
  }
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value);
    return Buffer.concat([Buffer.from([0x80 | pairs.length]), ...pairs.flat().map(packJson)]);
  }
  return Buffer.from([value === null ? 0xc0 : Number(value)]);
}
