// Makes an input of the forward protocol from its configuration, and keeps what it emits.

import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pino } from 'pino';
import { loadPlan } from '../../src/cli/load-plan.ts';
import type { Batch, Origin } from '../../src/core/batch.ts';
import { ByteBudget } from '../../src/core/byte-budget.ts';
import { systemClock } from '../../src/core/clock.ts';
import { Counters } from '../../src/core/counters.ts';
import { UnfinishedBytes } from '../../src/core/held.ts';
import { ReadWindow } from '../../src/core/read-window.ts';
import { StreamWriter } from '../../src/files/stream-writer.ts';
import { Skip } from '../../src/msgpack/skip.ts';
import type { Wasm } from '../../src/msgpack/wasm.ts';
import type { Input, InputContext } from '../../src/plugin/input.ts';
import { tempFolder } from '../support/temp.ts';
import { io, module } from '../support/twins.ts';

export interface KeptEvent {
  /** The tag's bytes in hexadecimal. */
  readonly tag: string;
  /** Time and record as msgpack in hexadecimal. */
  readonly time: string;
  readonly record: string;
}

export interface TestInput {
  readonly input: Input;
  readonly events: KeptEvent[];
  readonly batches: { readonly tag: string; readonly count: number; readonly acks: number }[];
  /** Of each batch. */
  readonly origins: Origin[];
  readonly counters: Counters;
  readonly unfinished: UnfinishedBytes;
  stop(): Promise<void>;
}

const window = new ReadWindow(io);

/** `wasm` null: the TypeScript twins. */
export interface TestInputOptions extends Partial<Pick<InputContext, 'random' | 'log'>> {
  readonly wasm?: Wasm | null;
}

/** `source` is the text of one `<source>` section. `emitted` may hold a batch back. With the WebAssembly module unless `wasm` is null. */
export async function startInput(
  source: string,
  emitted: (batch: Batch) => Promise<void> | undefined = () => undefined,
  { wasm = module, ...more }: TestInputOptions = {},
): Promise<TestInput> {
  const temp = tempFolder('input');
  const file = join(temp.path, 'test.conf');
  writeFileSync(file, `${source}\n<match **>\n@type null\n</match>\n`);
  const { plan, problems } = await loadPlan(file);
  const planned = plan?.inputs[0];
  if (planned === undefined) {
    throw new Error(`The configuration has problems: ${JSON.stringify(problems)}`);
  }
  const events: KeptEvent[] = [];
  const batches: { tag: string; count: number; acks: number }[] = [];
  const origins: Origin[] = [];
  const counters = new Counters();
  const unfinished = new UnfinishedBytes(512 * 1024 * 1024);
  const input = planned.definition.create(
    {
      id: 'in',
      log: pino({ level: 'silent' }),
      ...more,
      counters,
      clock: systemClock,
      hostname: hostname(),
      workerId: 0,
      stdout: new StreamWriter(new PassThrough()),
      io,
      wasm: wasm ?? undefined,
      memory: { window, unfinished, inflated: new ByteBudget(32 * 1024 * 1024) },
      emit(batch) {
        batches.push({ tag: batch.tag.text, count: batch.count, acks: batch.acks?.length ?? 0 });
        origins.push(batch.origin);
        events.push(...eventsOf(batch));
        return emitted(batch);
      },
    },
    planned.options,
  );
  await input.start();
  return {
    input,
    events,
    batches,
    origins,
    counters,
    unfinished,
    async stop() {
      await input.stop(AbortSignal.timeout(5000));
      temp.remove();
    },
  };
}

/** The events of a batch, which must be as many as it says and all in clean form. */
export function eventsOf(batch: Batch): KeptEvent[] {
  const skip = new Skip();
  const { entries } = batch;
  const events: KeptEvent[] = [];
  const tag = hex(batch.tag.bytes);
  let pos = 0;
  while (pos < entries.length) {
    if (entries[pos] !== 0x92) {
      throw new Error(`An entry begins with ${entries[pos]}.`);
    }
    const record = skip.run(entries, pos + 1, entries.length);
    const end = skip.run(entries, record, entries.length);
    events.push({ tag, time: hex(entries.subarray(pos + 1, record)), record: hex(entries.subarray(record, end)) });
    pos = end;
  }
  const { times } = batch;
  if (times !== undefined) {
    const seconds = events.map(({ time }) =>
      Number.parseInt(time.startsWith('d7') ? time.slice(4, 12) : time.slice(2), 16),
    );
    if (times.entries !== entries || times.first !== Math.min(...seconds) || times.last !== Math.max(...seconds)) {
      throw new Error(`The batch says times from ${times.first} to ${times.last} and has ${seconds.join()}.`);
    }
  }
  if (events.length !== batch.count) {
    throw new Error(`The batch says ${batch.count} events and has ${events.length}.`);
  }
  return events;
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
