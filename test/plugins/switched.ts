// An output for tests that is loaded with -p: it takes chunks as long as the file `down` does not stand in its folder, hangs while `hang` does, and
// writes down what it has taken, a line an event: the tag and the field `n`.
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { decodeMulti } from '@msgpack/msgpack';
import { p } from '../../src/config/options.ts';
import { defineOutput } from '../../src/plugin/output.ts';

export default defineOutput({
  type: 'switched',
  summary: 'Takes chunks when it is switched on.',
  options: { folder: p.string({ desc: 'Its folder.', required: true }) },
  buffer: { when: 'always' },
  create(_, { folder }) {
    return {
      async write(chunk) {
        const lines: string[] = [];
        for await (const { tag, entries } of chunk.batches()) {
          for (const event of decodeMulti(entries)) {
            lines.push(`${tag.text} ${(event as [number, { readonly n: number }])[1].n}\n`);
          }
        }
        if (existsSync(join(folder, 'down'))) {
          throw new Error('switched off');
        }
        if (existsSync(join(folder, 'hang'))) {
          appendFileSync(join(folder, 'hanging'), '');
          await new Promise(() => undefined);
        }
        appendFileSync(join(folder, 'taken'), lines.join(''));
      },
      stop: async () => undefined,
    };
  },
});
