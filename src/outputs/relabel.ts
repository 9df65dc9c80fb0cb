// Sends events to the matches of another label. Finding the label, and stopping events that go round, is the engine's.
import { defineOutput } from '../plugin/output.ts';

export default defineOutput({
  type: 'relabel',
  summary: 'Sends events to the filters and matches of the label that @label names.',
  options: {},
  reroutes: true,
  create({ emit }) {
    return { emit, stop: async () => undefined };
  },
});
