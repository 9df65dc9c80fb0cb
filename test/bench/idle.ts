// What the collector costs when nothing happens, how fast it starts, and what many short connections leave behind.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { encode } from '@msgpack/msgpack';
import { freePort, waitUntilOpen } from '../support/ports.ts';
import { projectEnv, projectNode, projectRoot } from '../support/project.ts';
import { tempFolder } from '../support/temp.ts';
import { limits } from './bars.ts';
import { loadEvent } from './events.ts';
import { countLines } from './output.ts';
import { cpuSeconds, openDescriptors, residentMegabytes } from './proc.ts';
import { type Running, runningOf } from './running.ts';

export interface IdleResult {
  /** Median over the starts, from spawn to the first connection that was taken. */
  readonly openMilliseconds: number;
  readonly openSpread: string;
  /** Resident memory 2 s after the start. */
  readonly idleMegabytes: number;
  /** CPU time while nothing happens, per cent of one core, over so many seconds. */
  readonly idlePercent: number;
  readonly idleSeconds: number;
  readonly descriptors: number;
  readonly rounds: readonly Round[];
  /** What is over its limit or left behind; empty is good. */
  readonly problems: readonly string[];
}

interface Round {
  readonly connections: number;
  readonly descriptors: number;
  readonly megabytes: number;
  readonly sent: number;
  readonly counted: number;
}

export interface IdleOptions {
  readonly starts: number;
  readonly connections: number;
  readonly restSeconds: number;
  readonly idleSeconds: number;
}

/** Connections are opened in so many rounds: the first ones warm the process up, what the last one adds would be left behind. */
const roundCount = 4;

/** The configuration of the first run, with a port of its own so that a collector on this machine is not in the way. */
const config = (port: number) => `<source>
  @type forward
  port ${port}
</source>

<match docker.**>
  @type stdout
  @id output_stdout
</match>
`;

export async function measureIdle(options: IdleOptions): Promise<IdleResult> {
  const folder = tempFolder('idle');
  const out = join(folder.path, 'out');
  try {
    const times: number[] = [];
    for (let start = 0; start < options.starts; start++) {
      const { running, milliseconds } = await startOnce(folder.path, out);
      times.push(milliseconds);
      await running.stop();
    }
    times.sort((a, b) => a - b);
    const { running, port } = await startOnce(folder.path, out);
    try {
      await delay(options.restSeconds * 1_000);
      const idleMegabytes = residentMegabytes(running.pid, 'VmRSS');
      const idlePercent = await idleCpu(running.pid, options.idleSeconds);
      const descriptors = openDescriptors(running.pid);
      const rounds: Round[] = [];
      for (let round = 0; round < roundCount; round++) {
        const counted = rounds.at(-1)?.counted ?? 0;
        rounds.push(await connections(options, port, running, out, { counted, descriptors }));
      }
      const openMilliseconds = times[Math.floor(times.length / 2)] ?? 0;
      const openSpread = `${times[0]?.toFixed(0)} to ${times.at(-1)?.toFixed(0)}`;
      const measured = { openMilliseconds, openSpread, idleMegabytes, idlePercent, descriptors, rounds };
      return { ...measured, idleSeconds: options.idleSeconds, problems: problemsOf(measured) };
    } finally {
      await running.stop();
    }
  } finally {
    folder.remove();
  }
}

async function startOnce(
  folder: string,
  out: string,
): Promise<{ running: Running; port: number; milliseconds: number }> {
  const port = await freePort();
  const file = join(folder, 'test.conf');
  writeFileSync(file, config(port));
  const [stdout, stderr] = [openSync(out, 'w'), openSync(join(folder, 'log'), 'w')];
  const args = [join(projectRoot, 'bin', 'forebay.js'), 'run', '-c', file];
  const begin = performance.now();
  const child = spawn(projectNode(), args, {
    env: projectEnv({ XDG_RUNTIME_DIR: folder }),
    stdio: ['ignore', stdout, stderr],
    detached: true,
  });
  const running = runningOf(child);
  closeSync(stdout);
  closeSync(stderr);
  try {
    await waitUntilOpen(port, running.ended, 15_000, 1);
  } catch (error) {
    await running.stop();
    throw new Error(readFileSync(join(folder, 'log'), 'utf8').slice(-2_000), { cause: error });
  }
  return { running, port, milliseconds: performance.now() - begin };
}

async function idleCpu(pid: number, seconds: number): Promise<number> {
  const [cpu, begin] = [cpuSeconds(pid), performance.now()];
  await delay(seconds * 1_000);
  return ((cpuSeconds(pid) - cpu) / ((performance.now() - begin) / 1_000)) * 100;
}

/** Of each three connections one sends a message, one half a message, one nothing. */
async function connections(
  { connections: count, restSeconds }: IdleOptions,
  port: number,
  running: Running,
  out: string,
  before: Pick<Round, 'counted' | 'descriptors'>,
): Promise<Round> {
  const { tag, sec, record } = loadEvent(1, 0, false);
  const whole = encode([tag, sec, record, {}]);
  const payloads = [whole, whole.subarray(0, whole.length / 2), undefined];
  const sent = Math.ceil(count / 3);
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next++;
      await shortConnection(port, `127.0.1.${1 + (index % 200)}`, payloads[index % payloads.length]);
    }
  };
  await Promise.all(Array.from({ length: 100 }, worker));
  const end = performance.now() + 10_000;
  const done = () => countLines(out) - before.counted >= sent && openDescriptors(running.pid) <= before.descriptors;
  while (!done() && performance.now() < end) await delay(50);
  await delay(restSeconds * 500); // what runs when idle
  return {
    connections: count,
    descriptors: openDescriptors(running.pid),
    megabytes: residentMegabytes(running.pid, 'VmRSS'),
    sent: before.counted + sent,
    counted: countLines(out),
  };
}

/** Sends, half-closes, and resolves when the other side has closed too. */
function shortConnection(port: number, localAddress: string, payload: Uint8Array | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress }, () => {
      if (payload !== undefined) socket.write(payload);
      socket.end();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.resume();
  });
}

function problemsOf(measured: Omit<IdleResult, 'problems' | 'idleSeconds'>): string[] {
  const problems: string[] = [];
  const { openMilliseconds, idleMegabytes, idlePercent, descriptors, rounds } = measured;
  if (openMilliseconds > limits.openMilliseconds)
    problems.push(`the port opens after ${openMilliseconds.toFixed(0)} ms`);
  if (idleMegabytes > limits.idleMegabytes) problems.push(`${idleMegabytes.toFixed(1)} MB when idle`);
  if (idlePercent >= limits.idlePercent) problems.push(`${idlePercent.toFixed(3)} % of a core when idle`);
  for (const round of rounds) {
    if (round.descriptors > descriptors) problems.push(`${round.descriptors} descriptors open, ${descriptors} before`);
    if (round.counted !== round.sent) problems.push(`${round.counted} of ${round.sent} events came out`);
  }
  const growth = (rounds.at(-1)?.megabytes ?? 0) - (rounds.at(-2)?.megabytes ?? 0);
  if (growth > limits.megabytesPerRound) problems.push(`the last round of connections left ${growth.toFixed(1)} MB`);
  return problems;
}
