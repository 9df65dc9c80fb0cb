// The `.meta` file beside a chunk that Fluentd left: msgpack, in newer versions behind a head of its own (0xc1 0x00 and a length). What is broken
// or missing in it Fluentd does without, and so is it here.
import { decode } from '@msgpack/msgpack';
import { tagFromText } from '../core/batch.ts';
import type { ChunkMetadata } from '../plugin/buffer.ts';

export interface FluentdMeta {
  readonly metadata: ChunkMetadata;
  readonly id: string | undefined;
  /** Events. */
  readonly count: number | undefined;
  /** ms since the epoch. */
  readonly created: number | undefined;
  readonly modified: number | undefined;
}

/** Undefined where it cannot be understood. */
export function decodeMeta(bytes: Uint8Array): FluentdMeta | undefined {
  const behindHead = bytes[0] === 0xc1 && bytes[1] === 0x00 && bytes.length >= 6;
  let map: unknown;
  try {
    map = decode(behindHead ? bytes.subarray(6, 6 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(2)) : bytes);
  } catch {
    return undefined;
  }
  if (typeof map !== 'object' || map === null || Array.isArray(map)) {
    return undefined;
  }
  const { id, s, c, m, timekey, tag, variables } = map as Readonly<Record<string, unknown>>;
  const pairs = typeof variables === 'object' && variables !== null ? Object.entries(variables) : [];
  return {
    id: id instanceof Uint8Array && id.length === 16 ? Buffer.from(id).toString('hex') : undefined,
    count: typeof s === 'number' ? s : undefined,
    created: typeof c === 'number' ? c * 1000 : undefined,
    modified: typeof m === 'number' ? m * 1000 : undefined,
    metadata: {
      timekey: typeof timekey === 'number' ? timekey : undefined,
      tag: typeof tag === 'string' ? tagFromText(tag) : undefined,
      variables: new Map(pairs.map(([key, value]) => [key, value === null ? '' : String(value)])),
    },
  };
}
