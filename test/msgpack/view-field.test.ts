// Fields found in place: by name and by path, as Fluentd's record accessor takes them.
import { decode, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { broken, ReadView } from '../../src/msgpack/view.ts';
import { absent, FieldPath, parseFieldPath } from '../../src/msgpack/view-field.ts';

function find(path: FieldPath | string, bytes: Uint8Array): unknown {
  const field = typeof path === 'string' ? parseFieldPath(path) : path;
  if (typeof field === 'string') {
    throw new Error(field);
  }
  const from = new ReadView();
  from.set(bytes);
  const at = field.find(from, from.start);
  return at < 0 ? at : decodeAt(from, at);
}

function decodeAt(from: ReadView, at: number): unknown {
  for (let end = at + 1; end < from.end; end++) {
    try {
      return decode(from.bytes.subarray(at, end));
    } catch {
      // not yet whole
    }
  }
  return decode(from.bytes.subarray(at, from.end));
}

const record = { a: { b: [10, { c: 'deep' }, 30], 'x.y': 1 }, stream: 'stderr', '$.a': 'plain', n: null };

describe('a path', () => {
  test.for([
    ['stream', 'stderr'],
    ['$.a.b[0]', 10],
    ['$.a.b[-1]', 30],
    ['$.a.b[1].c', 'deep'],
    ["$['a']['b'][1]['c']", 'deep'],
    ['$["a"]["x.y"]', 1],
    ['$.n', null],
    ['$.a.b[3]', absent],
    ['$.a.b[-4]', absent],
    ['$.a.z', absent],
    ['$.stream.z', absent],
    ['$.stream[0]', absent],
    ['missing', absent],
    ['a.b', absent],
  ] as const)('%s', ([path, value]) => {
    expect(find(path, encode(record))).toEqual(value);
  });

  test.for(["$.a['b']", '$.', '$[', "$['a'", "$['a']b", '$[x]', '$.a[1'])('%s is refused with a reason', (path) => {
    expect(parseFieldPath(path)).toEqual(expect.stringContaining(path));
  });

  test('knows whether it leads below the record', () => {
    expect(
      [parseFieldPath('a.b'), parseFieldPath('$.a.b')].map((path) => typeof path !== 'string' && path.nested),
    ).toEqual([false, true]);
  });
});

test('of a key that stands twice the last value counts, also where one is bin', () => {
  expect(find('a', Buffer.from('82a16101c4016102', 'hex'))).toBe(2);
});

test('any name of any record is found, and its cuts are told from absence', () => {
  fc.assert(
    fc.property(
      // The decoder that finds are held against refuses the key __proto__.
      fc
        .dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 })
        .filter((value) => !JSON.stringify(value).includes('__proto__')),
      (value) => {
        const bytes = encode(value);
        for (const [key, wanted] of Object.entries(value)) {
          expect(JSON.stringify(find(new FieldPath(key, [key]), bytes))).toBe(JSON.stringify(wanted));
        }
        for (let cut = 0; cut < Math.min(bytes.length, 40); cut++) {
          expect(find(new FieldPath('no such key', ['no such key']), bytes.slice(0, cut))).toBe(broken);
        }
      },
    ),
    { numRuns: 100 },
  );
});
