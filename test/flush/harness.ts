// Outputs behind their buffers, made from configuration text, with a clock that stands still.
import { PassThrough } from 'node:stream';
import { decode, ExtensionCodec, encode } from '@msgpack/msgpack';
import { pino } from 'pino';
import { expect } from 'vitest';
import type { PluginSection } from '../../src/config/options.ts';
import { p } from '../../src/config/options.ts';
import type { Problem } from '../../src/config/problem.ts';
import { type Batch, tagFromText } from '../../src/core/batch.ts';
import { callAfter } from '../../src/core/clock.ts';
import { Counters } from '../../src/core/counters.ts';
import { SharedParts } from '../../src/core/shared-parts.ts';
import { Buffers } from '../../src/engine/buffers.ts';
import { bufferDefaults } from '../../src/engine/system.ts';
import { StreamWriter } from '../../src/files/stream-writer.ts';
import type { BufferedOutput } from '../../src/flush/buffered-output.ts';
import { chunkTarget } from '../../src/flush/write-target.ts';
import { Skip } from '../../src/msgpack/skip.ts';
import type { Chunk, ChunkMetadata } from '../../src/plugin/buffer.ts';
import { type ChunkOutput, defineOutput, type OutputContext, type OutputDefinition } from '../../src/plugin/output.ts';
import { planText, TestRegistry } from '../engine/harness.ts';
import { HeldClock } from '../support/held-clock.ts';

/** When the vectors begin, s since the epoch. */
export const begin = 1_700_000_000;

/** A number that Ruby writes with a point. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

export interface Write {
  /** s since the beginning. */
  readonly at: number;
  readonly to: string;
  readonly chunk: ChunkMetadata;
  readonly id: string;
  readonly records: number;
  readonly bytes: number;
  readonly events: readonly (readonly [unknown, unknown])[];
  readonly fails: boolean;
}

export interface TestOutputs {
  readonly clock: HeldClock;
  readonly writes: Write[];
  readonly registry: TestRegistry;
  /** Writes that wait for the clock. */
  waiting: number;
  /** Emits that have not settled. */
  emits: number;
}

/** Outputs `chunks` and `lines` that keep what they are given, as the ones of the vectors; `answer` says what a write to one of a type throws. */
export function testOutputs(answer: (type: string) => unknown = () => undefined): TestOutputs {
  const clock = new HeldClock(begin * 1000);
  const writes: Write[] = [];
  const options = {
    write_takes: p.float({ desc: 'Seconds that a write takes.', default: '0' }),
    fail_first: p.integer({ desc: 'So many writes fail.', default: '0' }),
    time_as_integer: p.bool({ desc: 'Times are whole seconds.', default: 'false' }),
  };
  const outputs = ['chunks', 'lines', 'primary', 'other'].map((type) =>
    defineOutput({
      type,
      summary: 'Keeps chunks.',
      options,
      buffer: { when: 'always' },
      create: (context, { write_takes: takes, fail_first: failing }) => {
        let left = failing;
        return {
          async write(chunk) {
            const events = await eventsOf(chunk);
            const error = left-- > 0 ? new Error('down') : answer(type);
            const { metadata, id, count: records, bytes } = chunk;
            const at = (context.clock.now() - begin * 1000) / 1000;
            writes.push({ at, to: type, chunk: metadata, id, records, bytes, events, fails: error !== undefined });
            if (takes > 0) {
              tests.waiting++;
              await new Promise<void>((resolve) => callAfter(context.clock, takes * 1000, resolve));
              tests.waiting--;
            }
            if (error !== undefined) {
              throw error;
            }
          },
          stop: async () => undefined,
        };
      },
    }),
  );
  const tests = { clock, writes, registry: new TestRegistry(...outputs), waiting: 0, emits: 0 };
  return tests;
}

export interface Running {
  readonly output: BufferedOutput;
  readonly counters: Counters;
  readonly shared: SharedParts;
  readonly logged: { readonly level: number; readonly msg: string; readonly code?: string }[];
  /** Events that were refused, by code. */
  readonly refused: { readonly code: string; readonly count: number }[];
}

/** The output of the first `<match>`, started; or what is wrong with its configuration. */
export async function start(
  config: string,
  tests: TestOutputs,
  backup?: string,
): Promise<Running | readonly Problem[]> {
  const { plan, problems } = await planText(config, tests.registry);
  const rule = plan?.labels.get('@ROOT')?.[0];
  if (rule?.kind !== 'match') {
    return problems.filter(({ severity }) => severity === 'error');
  }
  const counters = new Counters();
  const shared = new SharedParts();
  const logged: Running['logged'] = [];
  const refused: { code: string; count: number }[] = [];
  const log = pino({ level: 'debug', base: null }, { write: (line) => logged.push(JSON.parse(line)) });
  const buffers = new Buffers({});
  buffers.configure({ ...bufferDefaults, rootDir: backup });
  const { definition, options, id } = rule;
  const context: OutputContext = {
    ...{ id, log, counters, shared, clock: tests.clock, hostname: 'vec-host', workerId: 0 },
    stdout: new StreamWriter(new PassThrough()),
    refuse: (events, code) => refused.push({ code, count: events.count }),
    emit: () => undefined,
    output: () => expect.fail('No outputs of its own.'),
    chunkKeys: buffers.keysOf(rule),
  };
  const make = (of: OutputDefinition, values: Readonly<Record<string, unknown>>) =>
    of.create(context, values) as ChunkOutput;
  const [section] = (options['secondary'] ?? []) as readonly PluginSection[];
  const second = section && make(section.definition as OutputDefinition, section.options);
  const secondary = second && { ...chunkTarget(section.type, second), outputs: [second] };
  const output = buffers.wrap(make(definition, options), {
    definition,
    options,
    context,
    secondary,
  });
  tests.clock.working = () => {
    const { flusher, waiting } = output.state;
    return flusher.writing.size > tests.waiting || tests.emits > waiting;
  };
  await output.start();
  await tests.clock.go(0);
  return { output, counters, shared, logged, refused };
}

/** Emits; settles with the code of what went wrong, if anything did. */
export async function emit({ output }: Running, tests: TestOutputs, batch: Batch): Promise<string | undefined> {
  tests.emits++;
  try {
    await output.emit(batch);
    return undefined;
  } catch (error) {
    return String((error as { readonly code?: string }).code);
  } finally {
    tests.emits--;
  }
}

export function running(started: Running | readonly Problem[]): Running {
  return 'output' in started ? started : expect.fail(JSON.stringify(started));
}

/** A batch of events with the times of nsec 0 that Fluentd gives them. */
export function batchOf(tag: string, events: readonly (readonly [number, unknown])[]): Batch {
  const entries = Buffer.concat(
    events.map(([sec, record]) => {
      const head = Buffer.from([0x92, 0xd7, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
      head.writeUInt32BE(sec, 3);
      return Buffer.concat([head, packed(record)]);
    }),
  );
  return {
    ...{
      tag: tagFromText(tag),
      entries: new Uint8Array(entries),
      count: events.length,
      seq: 0,
      arrived: 0,
      acks: undefined,
    },
    origin: { listener: 'in', address: '', port: 0, name: undefined },
  };
}

function packed(value: unknown): Uint8Array {
  if (value instanceof Float) {
    return encode(value.value, { forceIntegerToFloat: true });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const pairs = Object.entries(value);
    return Buffer.concat([
      Buffer.of(0x80 | pairs.length),
      ...pairs.flatMap(([key, one]) => [encode(key), packed(one)]),
    ]);
  }
  return encode(value);
}

const times = new ExtensionCodec();
times.register({
  type: 0,
  encode: () => null,
  decode: (data) => [Buffer.from(data).readUInt32BE(0), Buffer.from(data).readUInt32BE(4)],
});

async function eventsOf(chunk: Chunk): Promise<[unknown, unknown][]> {
  const events: [unknown, unknown][] = [];
  const skip = new Skip();
  for await (const { entries } of chunk.batches()) {
    for (let at = 0; at < entries.length; ) {
      const next = skip.run(entries, at, entries.length);
      events.push(decode(entries.subarray(at, next), { extensionCodec: times }) as [unknown, unknown]);
      at = next;
    }
  }
  return events;
}
