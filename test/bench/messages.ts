// How events are carried: the modes of the forward protocol, with and without compression, and the option that asks for an ack.
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { ExtData, encode } from '@msgpack/msgpack';
import type { LoadEvent } from './events.ts';

type Option = Readonly<Record<string, unknown>>;
/** The message of these events, which have one tag. The option's last field stays the last bytes of the message. */
export type Carrier = (events: readonly LoadEvent[], option: Option) => Uint8Array;

/** As Docker's driver: whole seconds, an empty option. */
export function message(events: readonly LoadEvent[], option: Option): Uint8Array {
  return Buffer.concat(events.map((event) => encode([event.tag, event.sec, event.record, option])));
}

export function forward(events: readonly LoadEvent[], option: Option): Uint8Array {
  return encode([tagOf(events), events.map((event) => [eventTime(event), event.record]), option]);
}

export const packed: Carrier = packedBy((bytes) => bytes, {});
export const packedGzip: Carrier = packedBy(gzipSync, { compressed: 'gzip' });
export const packedZstd: Carrier = packedBy(zstdCompressSync, { compressed: 'zstd' });

/** As Fluent Bit: `[[time, metadata], record]` in PackedForward. */
export function fluentBit(events: readonly LoadEvent[], option: Option): Uint8Array {
  const entries = Buffer.concat(events.map((event) => encode([[eventTime(event), {}], event.record])));
  return encode([tagOf(events), entries, { size: events.length, fluent_signal: 0, ...option }]);
}

/** The end of a chunk's id, 16 hex digits, is the sender's to number. */
const chunk = `YmVuY2gt${'0'.repeat(16)}`;
export const asksForAck: Option = { chunk };
/** The bytes that acknowledge it; they end with the id too. */
export const ackBytes: Uint8Array = encode({ ack: chunk });

function packedBy(compress: (bytes: Uint8Array) => Uint8Array, extra: Option): Carrier {
  return (events, option) => {
    const entries = Buffer.concat(events.map((event) => encode([eventTime(event), event.record])));
    return encode([tagOf(events), compress(entries), { size: events.length, ...extra, ...option }]);
  };
}

function tagOf(events: readonly LoadEvent[]): string {
  return events[0]?.tag ?? '';
}

function eventTime(event: LoadEvent): ExtData {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, event.sec);
  view.setUint32(4, event.nsec);
  return new ExtData(0, bytes);
}
