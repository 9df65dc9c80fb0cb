// Takes everything and keeps nothing.
import { defineOutput } from '../plugin/output.ts';

export default defineOutput({
  type: 'null',
  summary: 'Throws events away.',
  options: {},
  create() {
    return { emit: () => undefined, stop: async () => undefined };
  },
});
