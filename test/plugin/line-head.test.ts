// The head of a line, when tags take turns: more of them than it keeps, of all lengths, with what a terminal must not get.
import { encode } from '@msgpack/msgpack';
import { expect, test } from 'vitest';
import { batchOf, entry, formatAll, inZone, makeFormatter } from '../formatters/harness.ts';

test.each(['@type stdout', '@type out_file'])('%s: each line has its own tag', async (format) => {
  const make = async () => {
    const made = await inZone('UTC', () => makeFormatter(`<format>\n${format}\n</format>`));
    if ('refused' in made) {
      throw new Error(String(made.refused));
    }
    return made;
  };
  const tags = Array.from(
    { length: 30 },
    (_, i) => `${'t'.repeat((i * 37) % 300)}${i % 5 === 4 ? '\u001b[2J' : ''}.é${i}`,
  );
  const event = entry({ sec: 1_700_000_000, nsec: 5 }, encode({ log: 'x' }));
  const alone = new Map<string, string>();
  for (const tag of tags) {
    alone.set(tag, formatAll(await make(), batchOf(tag, event)).toString());
    expect(alone.get(tag)).toContain(tag.slice(-3));
  }
  const made = await make();
  for (const turn of [1, 7, 11, 29, 0, 2]) {
    for (let i = 0, at = 0; i < 120; i++, at = (at + turn) % tags.length) {
      const tag = tags[at] ?? '';
      expect(formatAll(made, batchOf(tag, event)).toString()).toBe(alone.get(tag));
    }
  }
});
