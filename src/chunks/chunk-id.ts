// Ids of chunks, made as Fluentd makes its own (lib/fluent/unique_id.rb): the time in front, so that names sort by age, chance behind it.
import { randomBytes } from 'node:crypto';

/** 32 hex digits. `now` is whole µs since the epoch. */
export function newChunkId(now: number, random: (size: number) => Uint8Array = randomBytes): string {
  const chance = Buffer.from(random(10));
  const time = (BigInt(now) << 12n) | BigInt(chance.readUInt16BE(8) & 0xfff);
  return time.toString(16).padStart(16, '0').slice(-16) + chance.toString('hex', 0, 8);
}
