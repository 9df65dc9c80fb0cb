// The table of tags: the right tag for any bytes, the same one while it is kept, and never more of them than it may keep.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tagFromBytes } from '../../src/core/batch.ts';
import { TagTable } from '../../src/forward/tag-table.ts';
import '../seed.ts';

/** A table that counts how often it makes a tag. */
function counted(limit?: number): { readonly table: TagTable; readonly made: () => number } {
  let made = 0;
  const table = new TagTable((raw) => {
    made++;
    return tagFromBytes(Uint8Array.from(raw));
  }, limit);
  return { table, made: () => made };
}

function find(table: TagTable, text: string): string {
  const bytes = Buffer.from(`..${text}..`);
  return table.find(bytes, 2, bytes.length - 2).text;
}

describe('the tag table', () => {
  test.each([10_000, 60_000])('keeps %i tags that take turns', (count) => {
    const { table, made } = counted();
    const bytes = Buffer.from(
      Array.from({ length: count }, (_, i) => `docker.${String(i).padStart(12, '0')}`).join(''),
    );
    const tags = new Map<number, unknown>();
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < count; i++) {
        const tag = table.find(bytes, i * 19, i * 19 + 19);
        if (tag !== (tags.get(i) ?? tag) || tag.text !== bytes.toString('latin1', i * 19, i * 19 + 19)) {
          throw new Error(`tag ${i} in round ${round} is ${tag.text}`);
        }
        tags.set(i, tag);
      }
    }
    // A tag may be without a place where too many share its hash.
    expect(made()).toBeLessThan(count * 1.01);
    expect(table.size).toBeLessThan(count * 1.01);
  });

  test('a tag that comes again stays, the others go', () => {
    const { table, made } = counted(10);
    for (let i = 0; i < 1000; i++) {
      expect(find(table, `often.${i % 3}`)).toBe(`often.${i % 3}`);
      expect(find(table, `once.${i}`)).toBe(`once.${i}`);
      expect(table.size).toBeLessThanOrEqual(20);
    }
    expect(made()).toBe(1003);
  });

  test('long tags are right, and are not kept', () => {
    const { table, made } = counted();
    const long = 'x'.repeat(1025);
    expect(find(table, long)).toBe(long);
    expect(find(table, long)).toBe(long);
    expect(table.size).toBe(0);
    expect(made()).toBe(2);
  });

  test('many tags of the longest kind have a bound', () => {
    const { table } = counted();
    for (let i = 0; i < 20_000; i++) {
      find(table, `${i}`.padEnd(1024, '.'));
    }
    expect(table.size).toBeLessThanOrEqual(2 * (8 * 1024 + 1));
  });

  test('finds the tag of any bytes, whatever was found before', () => {
    const tag = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      // They differ in one byte.
      fc.tuple(fc.nat({ max: 40 }), fc.nat({ max: 60 })).map(([at, length]) => {
        const bytes = new Uint8Array(length).fill(0x61);
        bytes[at] = 0x62;
        return bytes;
      }),
    );
    fc.assert(
      fc.property(fc.array(tag, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (tags, limit) => {
        const { table } = counted(limit);
        for (const bytes of tags) {
          const window = Buffer.concat([Buffer.from('ab'), bytes, Buffer.from('c')]);
          expect(Buffer.from(table.find(window, 2, 2 + bytes.length).bytes)).toEqual(Buffer.from(bytes));
        }
      }),
      { numRuns: 300 },
    );
  });
});
