// A file output in a temporary folder, fed by hand.
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { encode } from '@msgpack/msgpack';
import type { Output } from '../../src/plugin/output.ts';
import { batchOf, entry, makeOutput, type TestContext, testContext } from '../formatters/harness.ts';
import { type TempFolder, tempFolder } from '../support/temp.ts';
import { type Files, filesIn } from './file-cases.ts';

export interface TestFile {
  readonly output: Output;
  readonly context: TestContext;
  /** DIR of the configuration. */
  readonly folder: string;
  files(): Files;
  counter(name: string): number;
  /** Emits records of one tag, each `{"n": n}` unless it is one, and asks for an ack. */
  send(tag: string, sec: number, ...records: readonly unknown[]): Promise<void>;
  /** The same without an ack: what emit returns. */
  put(tag: string, sec: number, ...records: readonly unknown[]): Promise<void> | undefined;
  /** Starts another output with the same configuration in the same folder, as after a restart. */
  again(): Promise<TestFile>;
  stop(): Promise<void>;
  remove(): void;
}

/** `body` is what stands in `<match>`, with DIR for the folder; the format is JSON unless it says otherwise. */
export async function startFile(body: string, temp: TempFolder = tempFolder('file')): Promise<TestFile> {
  const folder = join(temp.path, 'data');
  const context = testContext();
  const format = body.includes('<format>') ? '' : '<format>\n@type json\n</format>\n';
  const output = await makeOutput(`@type file\n${format}${body.replaceAll('DIR', folder)}`, context);
  await output.start?.();
  const emit = (acks: Uint8Array[] | undefined, tag: string, sec: number, records: readonly unknown[]) => {
    const entries = records.map((record) => {
      const whole = typeof record === 'object' ? record : { n: record };
      return entry({ sec }, Buffer.from(encode(whole)));
    });
    return output.emit(batchOf(tag, Buffer.concat(entries), records.length, acks));
  };
  return {
    output,
    context,
    folder,
    files: () => filesIn(folder),
    counter: (name) => context.counters.list().find((each) => each.name === name)?.value ?? 0,
    async send(tag, sec, ...records) {
      await emit([Uint8Array.of(1)], tag, sec, records);
    },
    put: (tag, sec, ...records) => emit(undefined, tag, sec, records),
    again: () => startFile(body, temp),
    stop: () => output.stop(AbortSignal.timeout(5000)),
    remove: () => temp.remove(),
  };
}

/** The paths below `folder` that this process has open. */
export function openIn(folder: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(`${folder}/`) ? [path.slice(folder.length + 1)] : [];
    } catch {
      return []; // closed meanwhile
    }
  });
}

/** Looks again and again until it is so. */
export async function until(what: () => boolean | Promise<boolean>, patience = 5000): Promise<void> {
  const end = performance.now() + patience;
  while (!(await what())) {
    if (performance.now() > end) {
      throw new Error('It did not come to that.');
    }
    await delay(10);
  }
}

export const now = () => Math.floor(Date.now() / 1000);

/** `{"n":n}` a line. */
export function lines(...numbers: readonly number[]): string {
  return numbers.map((n) => `{"n":${n}}\n`).join('');
}
