// Makes formatters and outputs from configuration text, and events from what the vectors say.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pino } from 'pino';
import { expect } from 'vitest';
import { loadPlan } from '../../src/cli/load-plan.ts';
import { p } from '../../src/config/options.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { ProblemList } from '../../src/config/problem.ts';
import { readOptions } from '../../src/config/reader.ts';
import { type Batch, type Tag, tagFromText } from '../../src/core/batch.ts';
import { systemClock } from '../../src/core/clock.ts';
import { Counters } from '../../src/core/counters.ts';
import { StreamWriter } from '../../src/files/stream-writer.ts';
import { packInteger } from '../../src/msgpack/pack.ts';
import type { Wasm } from '../../src/msgpack/wasm.ts';
import { createFormatter, type FormatTarget, type Formatter, plainTarget } from '../../src/plugin/formatter.ts';
import { createInjector, type Injector, injectSection } from '../../src/plugin/inject.ts';
import type { Output, OutputContext } from '../../src/plugin/output.ts';
import { Registry } from '../../src/plugin/registry.ts';
import { tempFolder } from '../support/temp.ts';
import { io, module } from '../support/twins.ts';

export interface VectorTime {
  readonly kind?: string;
  readonly sec: number | string;
  readonly nsec?: number;
}

export interface TestContext extends OutputContext {
  /** What was logged: level and text. */
  readonly logged: { readonly level: number; readonly msg: string; readonly code?: string }[];
  /** Events that were refused: their code, tag and number. */
  readonly refused: { readonly code: string; readonly tag: string; readonly count: number }[];
}

/** With the WebAssembly module unless `wasm` is null. */
export function testContext(
  stdout = new StreamWriter(new PassThrough(), { memory: io }),
  wasm: Wasm | null = module,
): TestContext {
  const logged: { level: number; msg: string }[] = [];
  const refused: { code: string; tag: string; count: number }[] = [];
  const log = pino({ level: 'info' }, { write: (line) => logged.push(JSON.parse(line)) });
  return {
    id: 'test',
    log,
    logged,
    counters: new Counters(),
    clock: systemClock,
    hostname: 'vec-host',
    workerId: 0,
    stdout,
    emit: () => undefined,
    output: () => () => undefined,
    refused,
    refuse: (events, code) => refused.push({ code, tag: events.tag.text, count: events.count }),
    io,
    wasm: wasm ?? undefined,
  };
}

export interface MadeFormatter {
  readonly context: TestContext;
  readonly formatter: Formatter;
  readonly injector: Injector | undefined;
}

/** What the `<format>` and `<inject>` sections of `body` say, or the codes of what is wrong with them. */
export async function makeFormatter(
  body: string,
  target: FormatTarget = plainTarget,
  wasm?: Wasm | null,
): Promise<MadeFormatter | { readonly refused: readonly string[] }> {
  const options = {
    format: p.plugin({ desc: 'A formatter.', kind: 'formatter', default: 'json' }),
    inject: injectSection,
  };
  const registry = new Registry();
  const list = new ProblemList();
  const values = await readOptions(sectionOf(body), options, {
    strict: false,
    report: list.report,
    resolve: (kind, type) => registry.load(kind, type),
    known: (kind) => registry.known(kind),
  });
  const errors = list.problems.filter(({ severity }) => severity === 'error').map(({ code }) => code);
  if (errors.length > 0) {
    return { refused: errors };
  }
  const context = testContext(undefined, wasm);
  try {
    return {
      context,
      injector: createInjector(context, values.inject),
      formatter: createFormatter(context, values.format, target),
    };
  } catch (error) {
    return { refused: [(error as { code: string }).code] };
  }
}

function sectionOf(body: string) {
  const temp = tempFolder('format');
  try {
    const file = join(temp.path, 'test.conf');
    writeFileSync(file, `<match>\n${body}\n</match>\n`);
    const { root } = parseConfig(file, { env: {}, hostname: 'vec-host', workerId: '0' }, (problem) => {
      throw new Error(problem.text);
    });
    const [section] = root.elements;
    if (section === undefined) {
      throw new Error('no section');
    }
    return section;
  } finally {
    temp.remove();
  }
}

/** The output of `<match **>` with this body. */
export async function makeOutput(body: string, context: OutputContext): Promise<Output> {
  const temp = tempFolder('output');
  try {
    const file = join(temp.path, 'test.conf');
    writeFileSync(file, `<match **>\n${body}\n</match>\n`);
    const { plan, problems } = await loadPlan(file);
    const rule = plan?.labels.get('@ROOT')?.[0];
    if (rule?.kind !== 'match') {
      const message = `The configuration has problems: ${JSON.stringify(problems)}`;
      throw Object.assign(new Error(message), { code: problems[0]?.code });
    }
    const output = rule.definition.create(context, rule.options);
    return 'emit' in output ? output : expect.fail('This output writes chunks.');
  } finally {
    temp.remove();
  }
}

/** One event as an entry. */
export function entry(time: VectorTime, record: Uint8Array): Buffer {
  const out = Buffer.alloc(12);
  out[0] = 0x92;
  if (time.kind === 'int') {
    return Buffer.concat([out.subarray(0, packInteger(out, 1, BigInt(time.sec))), record]);
  }
  out.writeUInt16BE(0xd700, 1);
  out.writeUInt32BE(Number(time.sec), 3);
  out.writeUInt32BE(time.nsec ?? 0, 7);
  return Buffer.concat([out.subarray(0, 11), record]);
}

export function batchOf(tag: Tag | string, entries: Uint8Array, count = 1, acks?: readonly Uint8Array[]): Batch {
  const origin = { listener: 'test', address: '', port: 0, name: undefined };
  return { tag: typeof tag === 'string' ? tagFromText(tag) : tag, entries, count, origin, seq: 0, arrived: 0, acks };
}

/** All that a formatter makes of a batch, with areas of that many bytes. */
export function formatAll(
  { formatter, injector }: Omit<MadeFormatter, 'context'>,
  batch: Batch,
  areaSize = 1 << 16,
): Buffer {
  if (injector === undefined) {
    return formatBatch(formatter, batch, areaSize);
  }
  const parts: Buffer[] = [];
  for (let from = 0; from < batch.entries.length; ) {
    from = injector.inject(batch, from);
    parts.push(formatBatch(formatter, injector.edited ?? batch, areaSize));
    injector.release();
  }
  return Buffer.concat(parts);
}

function formatBatch(formatter: Formatter, batch: Batch, areaSize: number): Buffer {
  const parts: Buffer[] = [];
  let size = areaSize;
  for (let from = 0; from < batch.entries.length; ) {
    const area = { bytes: new Uint8Array(size), used: 0 };
    const next = formatter.format(batch, from, area);
    size = next === from ? size * 2 : areaSize;
    from = next;
    parts.push(Buffer.from(area.bytes.subarray(0, area.used)));
  }
  return Buffer.concat(parts);
}

/** Sets the time zone of the process, which is read whenever a time is printed; what is returned sets the one before again. */
export function setZone(zone: string): () => void {
  const { TZ: before } = process.env;
  process.env['TZ'] = zone;
  return () => {
    if (before === undefined) {
      delete process.env['TZ'];
    } else {
      process.env['TZ'] = before;
    }
  };
}

/** Runs something in a time zone: that of the process. */
export async function inZone<T>(zone: string, run: () => T | Promise<T>): Promise<T> {
  const restore = setZone(zone);
  try {
    return await run();
  } finally {
    restore();
  }
}
