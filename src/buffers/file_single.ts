// Holds chunks in files as the buffer `file` does, and takes over those that Fluentd's file_single left, which have the tag or the text of the one
// chunk key in their names.
import { checkFileBuffer, fileBufferOptions, fileStore } from '../chunks/buffer-values.ts';
import { p } from '../config/options.ts';
import { refuseOptions } from '../config/refuse-option.ts';
import { defineBuffer } from '../plugin/buffer.ts';

export default defineBuffer({
  type: 'file_single',
  summary:
    'Holds events in files until they are delivered, as file does; for configurations that have it, with one chunk key.',
  options: {
    ...fileBufferOptions,
    calc_num_records: p.bool({ desc: 'Whether events are counted.', ignored: 'they always are' }),
    chunk_format: p.string({ desc: 'What is in chunks.', ignored: 'that shows in their first byte' }),
  },
  limits: { chunk: 256 * 1024 * 1024, total: 64 * 1024 * 1024 * 1024 },
  check(values, element, report) {
    checkFileBuffer(values, element, report);
    const keys = keysOf(element.arg);
    if (keys.length > 1) {
      refuseOptions(element, report)(
        'chunk_keys',
        `file_single has one chunk key, the tag or a field, not ${keys.length}.`,
        'Keep one of them, or write @type file.',
      );
    }
  },
  create(context, values, owner) {
    const [key] = keysOf(String((values as Readonly<Record<string, unknown>>)['chunk_keys'] ?? ''));
    return fileStore(context, values, { suffix: '.buf', single: { key: key === 'tag' ? undefined : key } }, owner);
  },
});

function keysOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '');
}
