// The `<buffer>` section: what may stand in it, and the chunk keys it names. An output that writes at once takes from it by what its events are
// kept apart, `<buffer tag,time>` with `timekey`; what is about holding events back, trying again and giving up it names as without effect.
import type { Element } from '../config/element.ts';
import { type Options, p, type Values } from '../config/options.ts';
import type { Report } from '../config/problem.ts';
import { type RefuseOption, refuseOptions } from '../config/refuse-option.ts';
import { TimeKey } from '../core/time-key.ts';
import { localZone, parseZone, utcZone, type Zone } from '../core/zone.ts';
import { type FieldPath, parseFieldPath } from '../msgpack/view-field.ts';

const atOnce = 'events are written at once';
const neverGivenUp = 'what cannot be written waits, is tried again, and never given up';
const notHeld = 'no events are held in a buffer';
const ignored = (type: 'string' | 'bool' | 'time' | 'integer' | 'size' | 'float', why: string) =>
  p[type]({ desc: 'Of buffers that hold events.', ignored: why });

const bufferOptions = {
  chunk_keys: p.array({ desc: 'What keeps events apart: tag, time, names of fields, $.paths of fields.' }),
  '@type': p.enum({ desc: 'Where the events are held.', values: ['memory', 'file', 'file_single'] }),
  timekey: p.time({ desc: 'Seconds of events that belong together.', default: '1d' }),
  timekey_wait: p.time({
    desc: 'When the time of a file is over, it is closed this long after its last line.',
    default: '600',
  }),
  timekey_use_utc: p.bool({ desc: 'Days and hours of UTC instead of local time.', default: 'false' }),
  timekey_zone: p.string({ desc: 'The time zone of days and hours: +09:00, +0900, +09 or Region/City.' }),
  path: ignored('string', notHeld),
  path_suffix: ignored('string', notHeld),
  file_permission: ignored('string', notHeld),
  dir_permission: ignored('string', notHeld),
  flush_mode: p.enum({
    desc: 'Of buffers that hold events.',
    values: ['default', 'lazy', 'interval', 'immediate'],
    ignored: atOnce,
  }),
  flush_interval: ignored('time', atOnce),
  flush_at_shutdown: ignored('bool', atOnce),
  flush_thread_count: ignored('integer', atOnce),
  flush_thread_interval: ignored('float', atOnce),
  flush_thread_burst_interval: ignored('float', atOnce),
  delayed_commit_timeout: ignored('time', atOnce),
  overflow_action: p.enum({
    desc: 'Of buffers that hold events.',
    values: ['throw_exception', 'block', 'drop_oldest_chunk'],
    ignored: 'inputs wait where nothing can be written',
  }),
  retry_type: p.enum({
    desc: 'Of buffers that hold events.',
    values: ['exponential_backoff', 'periodic'],
    ignored: neverGivenUp,
  }),
  retry_forever: ignored('bool', neverGivenUp),
  retry_timeout: ignored('time', neverGivenUp),
  retry_max_times: ignored('integer', neverGivenUp),
  retry_secondary_threshold: ignored('float', neverGivenUp),
  retry_wait: ignored('time', neverGivenUp),
  retry_exponential_backoff_base: ignored('float', neverGivenUp),
  retry_max_interval: ignored('time', neverGivenUp),
  retry_randomize: ignored('bool', neverGivenUp),
  disable_chunk_backup: ignored('bool', neverGivenUp),
  chunk_limit_size: ignored('size', notHeld),
  chunk_limit_records: ignored('integer', notHeld),
  chunk_full_threshold: ignored('float', notHeld),
  total_limit_size: ignored('size', notHeld),
  queue_limit_length: ignored('integer', notHeld),
  queued_chunks_limit_size: ignored('integer', notHeld),
  compress: ignored('string', notHeld),
} satisfies Options;

/** The option `buffer` of an output that writes at once. */
export const directBuffer = p.section({
  desc: 'By what events are kept apart: <buffer tag,time> with timekey.',
  argument: 'chunk_keys',
  options: bufferOptions,
});

export type BufferValues = Values<typeof bufferOptions>;

/** What chunk keys are made from, and what is held against them. */
type KeyValues = Partial<
  Pick<
    BufferValues,
    'chunk_keys' | '@type' | 'timekey' | 'timekey_use_utc' | 'timekey_zone' | 'flush_mode' | 'flush_interval'
  >
>;

/** The options `buffer` and `secondary` of an output that has no use for them, and reads them only to say what is wrong in them. */
export const idleBuffer = {
  buffer: p.section({
    desc: 'Of outputs that hold events.',
    argument: 'chunk_keys',
    options: bufferOptions,
    ignored: 'events are written as they come, and what waits is bounded by pending_limit',
  }),
  secondary: p.section({ desc: 'Of outputs that hold events.', options: {}, ignored: neverGivenUp }),
} satisfies Options;

/** Reports what is wrong in them. */
export function checkIdleBuffer(buffer: BufferValues | undefined, element: Element, report: Report): void {
  const refuse = refuseOptions(element, report);
  const [section] = element.elements.filter(({ name }) => name === 'buffer');
  if (section === undefined || buffer === undefined) {
    if (element.elements.some(({ name }) => name === 'secondary')) {
      refuse(
        'secondary',
        'Without a <buffer>, nothing is given up that could go to <secondary>.',
        'Remove the section.',
      );
    }
    return;
  }
  const keys = chunkKeysOf({ ...buffer, chunk_keys: buffer.chunk_keys ?? [] }, undefined, refuse);
  if (keys?.time !== undefined && !section.attributes.has('timekey')) {
    refuse('buffer', 'The chunk key time needs a timekey.', 'Add timekey 1h, or remove time.');
  }
}

function checkFlush(buffer: KeyValues, refuse: RefuseOption): void {
  const { flush_mode: mode, flush_interval: interval } = buffer;
  if (interval !== undefined && mode !== undefined && mode !== 'interval' && mode !== 'default') {
    refuse(
      'buffer.flush_interval',
      `flush_interval has no meaning with flush_mode ${mode}.`,
      'Remove one of the two, or write flush_mode interval.',
    );
  }
}

/** By what events are kept apart. */
export interface ChunkKeys {
  readonly time: TimeKey | undefined;
  readonly tag: boolean;
  readonly fields: readonly FieldPath[];
}

/** How a field may be named as a chunk key. */
const plainKey = /^[-_.@a-zA-Z0-9]+$/;

/** The chunk keys of a section, by time where there is none. Says what is wrong with them. */
export function chunkKeysOf(
  buffer: KeyValues | undefined,
  timekey: number | undefined,
  refuse: RefuseOption,
): ChunkKeys | undefined {
  const keys = (buffer?.chunk_keys ?? ['time']).map(String);
  const byTime = keys.includes('time');
  const fields = new Map<string, FieldPath>();
  let fine = refuseFiles(buffer, refuse);
  if (buffer !== undefined) {
    checkFlush(buffer, refuse);
  }
  for (const key of keys) {
    if (key === 'time' || key === 'tag') {
      continue;
    }
    const field = fieldOf(key);
    if (typeof field === 'string') {
      refuse('buffer', `The chunk key "${key}" cannot be used: ${field}.`, 'Write tag, time, name or $.name.below.');
      fine = false;
    } else {
      fields.set(key, field);
    }
  }
  const size = timekey ?? buffer?.timekey ?? 86_400;
  if (byTime && !(size > 0)) {
    refuse('buffer.timekey', 'timekey must be more than 0.', 'Write how many seconds belong together: 1h, 1d.');
    fine = false;
  }
  const zone = zoneOf(buffer);
  if (zone === undefined) {
    refuse(
      'buffer.timekey_zone',
      `There is no time zone "${buffer?.timekey_zone}".`,
      'Write +09:00, +0900, +09 or Region/City.',
    );
    return undefined;
  }
  const time = byTime ? new TimeKey(size, zone) : undefined;
  return fine ? { time, tag: keys.includes('tag'), fields: [...fields.values()] } : undefined;
}

function refuseFiles(buffer: KeyValues | undefined, refuse: RefuseOption): boolean {
  const type = buffer?.['@type'];
  if (type === undefined || type === 'memory') {
    return true;
  }
  refuse(
    'buffer.@type',
    `A buffer of type "${type}" has no use here: this output takes events at once, and holds none on disk.`,
    'Remove @type, or write @type memory.',
  );
  return false;
}

function fieldOf(key: string): FieldPath | string {
  if (key.startsWith('$[')) {
    return 'brackets are not taken here';
  }
  const field = parseFieldPath(key);
  return typeof field === 'string' || key.startsWith('$.') || plainKey.test(key)
    ? field
    : 'it may hold letters, digits and - _ . @ only';
}

function zoneOf(buffer: KeyValues | undefined): Zone | undefined {
  if (buffer?.timekey_use_utc === true) {
    return utcZone;
  }
  return buffer?.timekey_zone === undefined ? localZone() : parseZone(buffer.timekey_zone);
}
