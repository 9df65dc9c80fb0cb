// Whether each ack came after a sync that covers the bytes of what it is for: the events of the chunks that are still there when the process has
// been killed are looked for in the files, and their places in the shim's log. Times are of the monotonic clock, which all processes share.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

interface Written {
  readonly from: number;
  readonly to: number;
  /** When the first sync was done that began after it; undefined where none was. */
  synced: bigint | undefined;
}

export interface AckOrder {
  /** Acked events that were found in a chunk. */
  readonly seen: number;
  /** Those of them that no sync covers which was done before the ack. */
  readonly early: readonly number[];
}

/** `ackedAt` is by event. To be called before the log is forgotten. */
export function ackOrder(log: string, folder: string, ackedAt: ReadonlyMap<number, bigint>): AckOrder {
  const files = readWrites(existsSync(log) ? readFileSync(log, 'utf8') : '');
  let seen = 0;
  const early: number[] = [];
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const writes = name.endsWith('.open') || name.endsWith('.queued') ? files.get(statSync(path).ino) : undefined;
    if (writes === undefined) continue;
    for (const { event, from, to } of eventsIn(readFileSync(path))) {
      const at = ackedAt.get(event);
      // What was written by an earlier process is not in the log any more.
      const known = at !== undefined && writes.some((write) => write.from <= from && from < write.to);
      if (!known) continue;
      seen++;
      if (!isCovered(writes, from, to, at)) early.push(event);
    }
  }
  return { seen, early };
}

function readWrites(text: string): Map<number, Written[]> {
  const files = new Map<number, Written[]>();
  const begun = new Map<number, Written[]>();
  for (const line of text.split('\n').slice(0, -1)) {
    const [what, node, ...rest] = line.split(' ');
    const inode = Number(node);
    if (what === 'c') files.set(inode, []);
    const writes = files.get(inode) ?? [];
    files.set(inode, writes);
    if (what === 'w') writes.push({ from: Number(rest[0]), to: Number(rest[1]), synced: undefined });
    if (what === 'b') begun.set(inode, [...writes]);
    if (what === 's') for (const write of begun.get(inode) ?? []) write.synced ??= BigInt(rest[0] ?? 0);
  }
  return files;
}

/** Whether each byte was in a write that was synced before. */
function isCovered(writes: readonly Written[], from: number, to: number, before: bigint): boolean {
  const synced = writes.filter((write) => write.synced !== undefined && write.synced <= before);
  for (let at = from; at < to; ) {
    const write = synced.find((each) => each.from <= at && at < each.to);
    if (write === undefined) return false;
    at = write.to;
  }
  return true;
}

/** The senders' events, by their beginning: `[time, {n: ..., text`. */
function* eventsIn(bytes: Buffer): Generator<{ readonly event: number; readonly from: number; readonly to: number }> {
  const begin = Buffer.from('92ce6553f10082a16e', 'hex');
  const behind = Buffer.from('a474657874', 'hex');
  for (let at = bytes.indexOf(begin); at >= 0; at = bytes.indexOf(begin, at + 1)) {
    const number = bytes.subarray(at + begin.length, at + begin.length + 5);
    const [event, length] = numberOf(number);
    const to = at + begin.length + length + behind.length;
    if (event !== undefined && bytes.subarray(to - behind.length, to).equals(behind)) yield { event, from: at, to };
  }
}

function numberOf(bytes: Buffer): readonly [number | undefined, number] {
  const [first = 0xff] = bytes;
  if (first < 0x80) return [first, 1];
  if (first === 0xcc && bytes.length >= 2) return [bytes.readUInt8(1), 2];
  if (first === 0xcd && bytes.length >= 3) return [bytes.readUInt16BE(1), 3];
  if (first === 0xce && bytes.length >= 5) return [bytes.readUInt32BE(1), 5];
  return [undefined, 0];
}
