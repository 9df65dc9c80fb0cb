// `<buffer>` and `<secondary>` of an output that gets its events through a buffer: the options that all types of buffers have, the spellings of
// Fluentd's first years, and what is wrong with several of them together. The options of one type stand with that type.
import type { Attribute, Element } from '../config/element.ts';
import { type Options, type PluginChoice, type PluginSection, p, type Values } from '../config/options.ts';
import type { Problem, Report } from '../config/problem.ts';
import { type RefuseOption, refuseOptions } from '../config/refuse-option.ts';
import { type ChunkKeys, chunkKeysOf } from '../plugin/buffer-options.ts';
import type { BufferUse, OutputDefinition } from '../plugin/output.ts';

const whenAwake = 'chunks are written as soon as they may be; nothing looks for them now and then';
const atLeast = (least: number) => (value: never) =>
  (value as number) >= least ? undefined : { fault: `it must be at least ${least}`, hint: `Write ${least} or more` };

export const heldOptions = {
  chunk_keys: p.array({ desc: 'What keeps events apart: tag, time, names of fields, $.paths of fields.' }),
  timekey: p.time({ desc: 'Seconds of events that belong together, where time is a chunk key.' }),
  timekey_wait: p.time({ desc: 'A chunk is delivered this long after its time is over.', default: '600' }),
  timekey_use_utc: p.bool({ desc: 'Days and hours of UTC instead of local time.', default: 'false' }),
  timekey_zone: p.string({ desc: 'The time zone of days and hours: +09:00, +0900, +09 or Region/City.' }),
  chunk_limit_size: p.size({
    desc: 'A chunk grows to this many bytes; the default is that of the type of buffer.',
    invalid: atLeast(1),
  }),
  chunk_limit_records: p.integer({ desc: 'A chunk grows to this many events.', invalid: atLeast(1) }),
  chunk_full_threshold: p.float({ desc: 'The part of its limit at which a chunk counts as full.', default: '0.95' }),
  total_limit_size: p.size({
    desc: 'What the buffer holds at most, bytes; the default is that of the type of buffer.',
    invalid: atLeast(1),
  }),
  queue_limit_length: p.integer({
    desc: 'The same as total_limit_size, in chunks of the full size.',
    invalid: atLeast(1),
  }),
  queued_chunks_limit_size: p.integer({
    desc: 'No chunk is queued for its age while so many are; the default is flush_thread_count.',
    invalid: atLeast(1),
  }),
  overflow_action: p.enum({
    desc: 'What becomes of events when the buffer is full: inputs wait (block), refuse them (throw_exception), or the oldest chunk is lost.',
    values: ['block', 'throw_exception', 'drop_oldest_chunk'],
    default: 'block',
  }),
  flush_mode: p.enum({
    desc: 'When chunks are queued: when they are full or their time is over (lazy), also after flush_interval (interval), or at once (immediate). default is lazy where time is a chunk key, else interval.',
    values: ['default', 'lazy', 'interval', 'immediate'],
    default: 'default',
  }),
  flush_interval: p.time({ desc: 'A chunk is queued when it is this old; the default is 60s.' }),
  flush_at_shutdown: p.bool({
    desc: 'Whether all is delivered at the end of the program; the default is yes for a buffer that does not outlive it.',
  }),
  flush_thread_count: p.integer({ desc: 'Chunks that are written at a time.', default: '1', invalid: atLeast(1) }),
  flush_thread_interval: p.float({ desc: 'How often chunks are looked for.', ignored: whenAwake }),
  flush_thread_burst_interval: p.float({ desc: 'The pause between one chunk and the next, seconds.', default: '0' }),
  delayed_commit_timeout: p.time({
    desc: 'How long an output may wait for the word that a chunk has been delivered.',
    default: '60',
  }),
  slow_flush_log_threshold: p.float({ desc: 'A chunk that takes longer to write is said, seconds.', default: '20.0' }),
  retry_type: p.enum({
    desc: 'Whether the waits between tries grow or stay.',
    values: ['exponential_backoff', 'periodic'],
    default: 'exponential_backoff',
  }),
  retry_wait: p.time({ desc: 'The wait before the first try again.', default: '1' }),
  retry_exponential_backoff_base: p.float({
    desc: 'Each wait is so many times the last one.',
    default: '2',
    invalid: atLeast(0),
  }),
  retry_max_interval: p.time({ desc: 'The longest wait.' }),
  retry_timeout: p.time({ desc: 'After so long a series of failures the queued chunks are given up.', default: '72h' }),
  retry_max_times: p.integer({ desc: 'After so many tries again the queued chunks are given up.' }),
  retry_forever: p.bool({ desc: 'Nothing is given up.', default: 'false' }),
  retry_randomize: p.bool({ desc: 'Waits are up to an eighth longer or shorter.', default: 'true' }),
  retry_secondary_threshold: p.float({
    desc: 'The part of the time for tries after which <secondary> gets the chunks.',
    default: '0.8',
  }),
  disable_chunk_backup: p.bool({
    desc: 'Chunks that are given up are lost, instead of being put into the backup folder.',
    default: 'false',
  }),
} satisfies Options;

export type HeldValues = Values<typeof heldOptions>;

/** What `<buffer>` came to, of an output that gets chunks; undefined of one that writes at once. */
export function heldBuffer(buffer: unknown): (PluginChoice & { readonly options: HeldValues }) | undefined {
  const choice = buffer as Partial<PluginChoice> | undefined;
  return choice?.kind === 'buffer' ? (choice as PluginChoice & { readonly options: HeldValues }) : undefined;
}

/** What stands beside the options of an output in its section; undefined where it writes at once. */
export function besideOutput(definition: OutputDefinition, section: Element, report: Report) {
  const { buffer: use, type } = definition;
  if (use === undefined) {
    return undefined;
  }
  const { element, remarks } = modernized(section);
  const [buffer] = element.elements.filter(({ name }) => name === 'buffer');
  const named = buffer?.attributes.get('@type')?.value ?? 'memory';
  if (use.when === 'asked' && named === 'memory') {
    return undefined;
  }
  for (const remark of remarks) {
    report(remark);
  }
  const options: Options = {
    buffer: p.plugin({
      desc: 'Where events are held until they are delivered.',
      kind: 'buffer',
      default: 'memory',
      argument: 'chunk_keys',
      options: heldOptions,
    }),
    secondary: p.plugins({ desc: 'The output for chunks that this one does not take.', kind: 'output', default: type }),
  };
  const check = (values: Readonly<Record<string, unknown>>, told: Report): void => {
    const held = heldBuffer(values['buffer']);
    if (held !== undefined) {
      const secondaries = values['secondary'] as readonly PluginSection[];
      checkHeld(held.options, use, element, secondaries, told);
    }
  };
  return { element, options, check };
}

/** The chunk keys of a section, or undefined where they cannot be used, which is said. */
export function heldKeys(values: HeldValues, use: BufferUse, refuse: RefuseOption): ChunkKeys | undefined {
  const timekey = values.timekey ?? (use.timekey === undefined ? undefined : Number(use.timekey));
  const keys = values.chunk_keys ?? use.keys ?? [];
  if (keys.map(String).includes('time') && timekey === undefined) {
    refuse('buffer', 'The chunk key time needs a timekey.', 'Add timekey 1h, or remove time.');
    return undefined;
  }
  return chunkKeysOf({ ...values, chunk_keys: keys, timekey: timekey ?? 1 }, undefined, refuse);
}

function checkHeld(
  values: HeldValues,
  use: BufferUse,
  element: Element,
  secondaries: readonly PluginSection[],
  report: Report,
): void {
  const refuse = refuseOptions(element, report);
  const given = (name: string) =>
    element.elements.some((section) => section.name === 'buffer' && section.attributes.has(name));
  const keys = heldKeys(values, use, refuse);
  if (given('flush_interval') && values.flush_mode === 'default' && keys?.time !== undefined) {
    report({
      code: 'CONFIG_OPTION_IGNORED',
      severity: 'warning',
      at: element.at,
      text: 'flush_interval has no effect: with the chunk key time, chunks are delivered when their time is over.',
      hint: 'Write flush_mode interval beside it, or remove it.',
    });
  }
  const { retry_secondary_threshold: threshold, chunk_full_threshold: full } = values;
  if (secondaries.length > 0 && !(threshold > 0 && threshold < 1)) {
    refuse(
      'buffer.retry_secondary_threshold',
      'retry_secondary_threshold must lie between 0 and 1.',
      'Write the part of the time for tries that the output has for itself: 0.8.',
    );
  }
  if (!(full > 0 && full <= 1)) {
    refuse('buffer.chunk_full_threshold', 'chunk_full_threshold must lie between 0 and 1.', 'Write 0.95.');
  }
  for (const { definition, options, element: section } of secondaries) {
    if (keys !== undefined) {
      (definition as OutputDefinition).checkSecondary?.(options, keys, refuseOptions(section, report));
    }
  }
  const second = secondaries[1];
  if (second !== undefined) {
    report({
      code: 'CONFIG_SECTION_REPEATED',
      severity: 'error',
      at: second.element.at,
      text: 'The section <secondary> may stand only once here.',
      hint: 'Remove one of them.',
    });
  }
}

/** The names that options of `<buffer>` had when they stood in `<match>`. */
const oldNames: ReadonlyMap<string, string> = new Map([
  ['buffer_type', '@type'],
  ['buffer_path', 'path'],
  ['buffer_chunk_limit', 'chunk_limit_size'],
  ['buffer_queue_limit', 'queue_limit_length'],
  ['buffer_queue_full_action', 'overflow_action'],
  ['flush_interval', 'flush_interval'],
  ['flush_at_shutdown', 'flush_at_shutdown'],
  ['try_flush_interval', 'flush_thread_interval'],
  ['queued_chunk_flush_interval', 'flush_thread_burst_interval'],
  ['num_threads', 'flush_thread_count'],
  ['retry_wait', 'retry_wait'],
  ['retry_limit', 'retry_max_times'],
  ['max_retry_wait', 'retry_max_interval'],
  ['disable_retry_limit', 'retry_forever'],
  ['time_slice_wait', 'timekey_wait'],
  ['timezone', 'timekey_zone'],
]);

/** The section with what stands in it in the old way moved into a `<buffer>`, where it has none. */
function modernized(element: Element): { readonly element: Element; readonly remarks: readonly Problem[] } {
  const { attributes, elements } = element;
  const found = [...attributes].filter(([name]) => oldNames.has(name) || name === 'time_slice_format');
  if (found.length === 0 || elements.some(({ name }) => name === 'buffer')) {
    return { element, remarks: [] };
  }
  const remarks: Problem[] = [];
  const moved = new Map<string, Attribute>();
  for (const [name, attribute] of found) {
    const now = oldNames.get(name) ?? 'timekey';
    moved.set(now, now === 'timekey' ? { ...attribute, value: pieceOf(String(attribute.value)) } : attribute);
    remarks.push({
      code: 'CONFIG_OPTION_DEPRECATED',
      severity: 'warning',
      at: attribute.at,
      text: `${name} is out of date.`,
      hint: `Write ${now} into a <buffer> section.`,
    });
  }
  if (moved.has('flush_interval') && !moved.has('flush_mode')) {
    moved.set('flush_mode', { value: 'interval', at: element.at, valueAt: element.at });
  }
  const left = new Map([...attributes].filter(([name]) => !found.some(([one]) => one === name)));
  const buffer = {
    name: 'buffer',
    arg: moved.has('timekey') ? 'time' : '',
    attributes: moved,
    elements: [],
    at: element.at,
  };
  return { element: { ...element, attributes: left, elements: [...elements, buffer] }, remarks };
}

/** Seconds that a `time_slice_format` tells apart. */
function pieceOf(format: string): string {
  return format.includes('%S') ? '1' : format.includes('%M') ? '60' : format.includes('%H') ? '3600' : '86400';
}
