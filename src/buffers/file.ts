// Holds chunks in files: they outlive the process, and with `sync` the machine. What a chunk is on disk says src/chunks/format.ts.
import { checkFileBuffer, fileBufferOptions, fileStore } from '../chunks/buffer-values.ts';
import { p } from '../config/options.ts';
import { defineBuffer } from '../plugin/buffer.ts';

export default defineBuffer({
  type: 'file',
  summary:
    'Holds events in files until they are delivered, over restarts too. Chunks that Fluentd left there are taken over.',
  options: {
    ...fileBufferOptions,
    path_suffix: p.string({ desc: "What the names of Fluentd's chunks end with.", default: '.log' }),
  },
  limits: { chunk: 256 * 1024 * 1024, total: 64 * 1024 * 1024 * 1024 },
  check(values, element, report) {
    checkFileBuffer(values, element, report);
  },
  create(context, values, owner) {
    return fileStore(context, values, { suffix: values.path_suffix, single: undefined }, owner);
  },
});
