// What `forebay tail` makes of its arguments, and which events of a block it lets through.
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSelection } from '../../src/cli/tail-query.ts';
import { parseTagPattern } from '../../src/routing/tag-pattern.ts';

const place = { label: undefined, matched: true, listener: 'in', address: '192.0.2.7', port: 1, name: undefined };

function blockOf(logs: readonly string[], tag = 'app.a') {
  const entries = Buffer.concat(logs.map((log) => Buffer.concat([Buffer.of(0x92, 0x01), encode({ log })])));
  return { position: 0, seq: 0, count: logs.length, arrived: 0, place, tag: Buffer.from(tag), entries };
}

function selectionOf(query: readonly string[], since?: string) {
  const selection = readSelection({ query, since }, Date.now());
  if (typeof selection === 'string') {
    throw new Error(selection);
  }
  return selection;
}

describe('the arguments of tail', () => {
  test.each([
    [[], undefined, undefined, false],
    [['app.**'], undefined, 'app.**', false],
    [['probe app.**'], undefined, undefined, false],
    [['{a,b}.* x.**'], undefined, '{a,b}.* x.**', false],
    [['error', 'app.**'], undefined, 'app.**', false],
    [['error', 'tag:app.**', '-x'], '15m', 'app.**', true],
    [['tag:a.* OR tag:b.*'], undefined, 'a.* b.*', false],
    [['tag:a.* OR b'], undefined, undefined, false],
    [['-tag:a.*'], undefined, undefined, false],
    [['a', 'since:1h'], undefined, undefined, true],
    [['since:1h', 'OR', 'b'], undefined, undefined, false],
  ] as const)('%j since %j: the server chooses by %j', (query, since, match, backlog) => {
    expect(selectionOf(query, since)).toMatchObject({ backlog });
    expect(selectionOf(query, since).match).toBe(match);
    expect(match === undefined || parseTagPattern(match).ok).toBe(true);
  });

  test('what is wrong is shown at its place', () => {
    expect(readSelection({ query: ['a', '(b'], since: undefined }, 0)).toContain('\n  a (b\n    ^\n');
    expect(readSelection({ query: [], since: 'soon' }, 0)).toContain('--since soon');
  });
});

describe('the events of a block', () => {
  test('that pass stay as they are, in their order, however they lie', () => {
    const { sieve } = selectionOf(['yes']);
    fc.assert(
      fc.property(fc.array(fc.constantFrom('yes', 'no', 'yes and more'), { maxLength: 12 }), (logs) => {
        const block = blockOf(logs);
        const wanted = logs.filter((log) => log !== 'no');
        const passed = sieve?.pass(block);
        expect(passed?.count ?? 0).toBe(wanted.length);
        expect(Buffer.from(passed?.entries ?? []).equals(blockOf(wanted).entries)).toBe(true);
        expect(passed === block).toBe(wanted.length === logs.length && logs.length > 0);
      }),
    );
  });

  test('know tag, sender and level', () => {
    const passes = (query: string, log: string, tag?: string) =>
      selectionOf([query]).sieve?.pass(blockOf([log], tag))?.count;
    expect(passes('tag:app.* from=192.0.2.7 feed=in', 'x')).toBe(1);
    expect(passes('tag=app.b', 'x')).toBeUndefined();
    expect(passes('container=app.a', 'x')).toBe(1);
    expect(passes('level>=warn', '\u001b[31mERROR\u001b[0m')).toBe(1);
    expect(passes('took>1s', 'level=info took=1200ms')).toBe(1);
  });
});
