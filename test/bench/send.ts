// Drives the sender: starts it, waits for what it says, and ends it.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { Lines } from '../support/lines.ts';
import { type Running, runningOf } from './running.ts';
import type { Wire } from './wire.ts';
import type { Workload } from './workloads.ts';

export interface Load<T> {
  /** ns of the monotonic clock: the first byte was about to go, the last was gone. */
  readonly first: number;
  readonly sent: number;
  /** When the last ack was there, and how many there were. */
  readonly acks: { readonly at: number; readonly count: number } | undefined;
  readonly value: T;
}

export interface SendOptions {
  readonly sender: string;
  readonly wire: Wire;
  /** The files for the block and the last message, which are written, and for the ack, which is there. */
  readonly files: { readonly block: string; readonly last: string; readonly ack: string };
  /** Whether each ack is looked at, or only counted. */
  readonly checkAcks: boolean;
  /** ms that the acks may take after the last byte. */
  readonly timeout: number;
}

/**
 * Sends all, then calls `finish` and returns what it resolves with; the connections stay open until then. `finish` gets a promise of the
 * acks, of when the last was there; it rejects where they do not all come.
 */
export async function send<T>(
  workload: Workload,
  running: Running,
  options: SendOptions,
  finish: (acks: Promise<number>) => Promise<T>,
): Promise<Load<T>> {
  const { files, timeout, wire } = options;
  writeFileSync(files.block, workload.block);
  writeFileSync(files.last, workload.last);
  const { connections, repeat, window, last } = workload;
  const stream = [wire.port ?? 'given', connections, files.block, repeat, files.last];
  const acking = [window, last.length, files.ack, options.checkAcks ? 1 : 0, Math.ceil(timeout / 1_000) + 600];
  const args = [...stream, ...acking].map(String);
  const stdio: ['pipe', 'pipe', 'pipe', ...Socket[]] = ['pipe', 'pipe', 'pipe', ...wire.sockets];
  const child = spawn(options.sender, args, { stdio, detached: true }) as ChildProcessByStdio<
    Writable,
    Readable,
    Readable
  >;
  // The sender has its own hold of them.
  for (const socket of wire.sockets) socket.destroy();
  const lines = new Lines(child.stdout);
  const complaints = new Lines(child.stderr);
  const sender = runningOf(child);
  const said = (word: string, patience: number) => lines.waitForLine((line) => line.startsWith(`${word} `), patience);
  let timer: NodeJS.Timeout | undefined;
  const failed = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      const sending = sender.ended() === undefined ? undefined : `the sender ${sender.ended()}`;
      const dead = running.ended() ?? sending;
      if (dead !== undefined) reject(new Error(`${dead}; the sender said: ${lines.text.join(', ')}`));
    }, 50);
  });
  failed.catch(() => undefined);
  try {
    const first = numberOf(await said('first', 10_000), 1);
    const sent = numberOf(await Promise.race([said('sent', 600_000), failed]), 1);
    const reply = said('acks', timeout).then((line) => numberOf(line, 1));
    reply.catch(() => undefined);
    const value = await Promise.race([finish(reply), failed]);
    const acks = lines.text.find((line) => line.startsWith('acks '));
    return {
      first,
      sent,
      acks: acks === undefined ? undefined : { at: numberOf(acks, 1), count: numberOf(acks, 2) },
      value,
    };
  } catch (error) {
    // What the sender says of itself tells more than that its output ended.
    throw complaints.raw.length === 0 ? error : new Error(complaints.text.join(', '), { cause: error });
  } finally {
    clearInterval(timer);
    await sender.stop();
  }
}

function numberOf(line: string, word: number): number {
  return Number(line.split(' ')[word]);
}
