// Starts a program with its files in place, lets it come to rest, and cleans up behind it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, waitUntilOpen } from '../support/ports.ts';
import { fileOfLoad, type Target, type Variant } from './configs.ts';
import { cpuSeconds } from './proc.ts';
import { type Running, startSubject } from './running.ts';
import type { Place, Subject } from './subjects.ts';
import type { Tools } from './tools.ts';
import type { Workload } from './workloads.ts';

export interface Case {
  readonly subject: Subject;
  readonly workload: Workload;
  readonly target: Target;
  readonly variant?: Variant;
}

export interface Stage {
  readonly running: Running;
  readonly place: Place;
  /** For the tools: paths of files that go away with the stage. */
  readonly files: { readonly block: string; readonly last: string; readonly ack: string; readonly extra: string };
  /** CPU seconds from the start until the port was open and the process had come to rest. */
  readonly startCpu: number;
}

/** Runs `body` beside the started program. Rejects with the case's name and the end of the program's log. */
export async function onStage<T>(what: Case, tools: Tools, body: (stage: Stage) => Promise<T>): Promise<T> {
  const { subject, workload, target, variant = 'plain' } = what;
  const folder = mkdtempSync(join(tools.folder.path, 'run-'));
  const path = (name: string) => join(folder, name);
  const files = { block: path('block'), last: path('last'), ack: path('ack'), extra: path('extra') };
  const [out, log] = [path(target === 'file' ? fileOfLoad : 'out'), path('log')];
  const place: Place = { port: await freePort(), target, variant, workload, out, ack: files.ack, log };
  writeFileSync(out, '');
  writeFileSync(files.ack, workload.ack);
  const running = startSubject(subject, place);
  try {
    await waitUntilOpen(place.port, running.ended, 30_000);
    return await body({ running, place, files, startCpu: await rest(running.pid) });
  } catch (error) {
    const with_ = variant === 'plain' ? '' : ` (${variant})`;
    const name = `${subject.name}, ${workload.name} to ${target}${with_}: ${(error as Error).message}`;
    throw new Error(`${name}\n${readFileSync(log, 'utf8').slice(-2_000)}`, { cause: error });
  } finally {
    await running.stop();
    rmSync(folder, { force: true, recursive: true });
  }
}

/** CPU seconds so far, as soon as the process has used less than a millisecond of it in 50 ms, or after 3 s. */
async function rest(pid: number): Promise<number> {
  let before = cpuSeconds(pid);
  for (let tries = 0; tries < 60; tries++) {
    await delay(50);
    const now = cpuSeconds(pid);
    if (now - before < 0.001) return now;
    before = now;
  }
  return before;
}
