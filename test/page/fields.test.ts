// Fields that a reader has made facets: their values are counted as the query, the stream and the bounds go on, with either kernel.
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Query } from '../../src/live/query/compile.ts';
import { chooseAll } from '../../src/live/query/edit.ts';
import { EventSubject } from '../../src/live/query/event-subject.ts';
import { parseQuery } from '../../src/live/query/parse.ts';
import { facetLists } from '../../src/page/columns/facets.ts';
import { mostValues } from '../../src/page/columns/field-values.ts';
import { Desk, docker, frameOf, frameOfEntries, kernels, place } from './engine.ts';
import { runs } from './runs.ts';
import '../seed.ts';

const total = (counts: Record<string, number>) => Object.values(counts).reduce((sum, count) => sum + count, 0);

describe.each(kernels)('a field that is a facet (%s)', (_name, kernel) => {
  const loaded = kernel();

  test('is counted in records, JSON and logfmt, and follows the query but for its own choice', () => {
    const one = new Desk(loaded);
    one.engine.facets(['status', 'user.id']);
    one.take(
      frameOf([
        docker('GET / status=200'),
        docker('{"msg":"x","status":404,"user":{"id":7}}'),
        docker('{"msg":"y","status":200}', 'api'),
        docker('of a record', 'api', { status: 500 }),
        docker('the status is unknown'),
        docker('nothing of the kind'),
      ]),
    );
    one.finish();
    expect(one.pinned('status')).toEqual({ 200: 2, 404: 1, 500: 1 });
    expect(one.pinned('user.id')).toEqual({ 7: 1 });
    one.filter('container=api');
    expect(one.pinned('status')).toEqual({ 200: 1, 404: 0, 500: 1 });
    one.filter('container=api status=500');
    expect(one.ids()).toEqual([3]);
    expect(one.pinned('status')).toEqual({ 200: 1, 404: 0, 500: 1 });
    expect(one.facet('container')).toEqual({ api: 1, 'web-1': 0 });
    // What is chosen is listed, though no line has it.
    one.filter('-status=302');
    expect(one.pinned('status')).toEqual({ 200: 2, 302: 0, 404: 1, 500: 1 });
    // It is a facet no more: its term is one as any other.
    one.filter('status=500');
    one.engine.facets(['user.id']);
    one.finish();
    expect(one.ids()).toEqual([3]);
    expect(one.pinned('status')).toEqual({});
    one.engine.facets(['status', 'user.id']);
    one.finish();
    expect(one.pinned('status')).toEqual({ 200: 2, 404: 1, 500: 1 });
  });

  test('the values that most lines have are listed, and the others counted together', () => {
    const one = new Desk(loaded, { events: 8000, bytes: 1e9 });
    one.engine.facets(['id', 'big']);
    const line = (n: number) => docker(`{"id":"${n % 10 < 3 ? 'often' : `u${n}`}","big":"${'x'.repeat(300)}"}`);
    for (let n = 0; n < 5000; n += 500) {
      one.take(frameOf(Array.from({ length: 500 }, (_, m) => line(n + m))));
    }
    one.finish();
    const { pinned } = facetLists(one.engine.columns, one.engine.search);
    expect(pinned[0]?.values.length).toBe(41);
    expect(pinned[0]?.values.find(({ name }) => name === 'often')?.count).toBe(1500);
    expect(pinned[0]?.values.at(-1)).toMatchObject({ others: true });
    expect(pinned[0]?.hidden).toBe(mostValues - 40);
    expect(total(one.pinned('id'))).toBe(5000);
    expect(one.pinned('big')).toEqual({ '(others)': 5000 });
    // A value that no line has any more makes room for another.
    for (let n = 0; n < 16_000; n += 500) {
      one.take(frameOf(Array.from({ length: 500 }, () => docker(`id=new${Math.floor(n / 4000)}`))));
      one.finish();
    }
    expect(Object.keys(one.pinned('id'))).toEqual(expect.arrayContaining(['new2', 'new3']));
    expect(total(one.pinned('id'))).toBe(one.engine.columns.lines);
  });

  test('every count is what reading each kept event says, whatever comes when', () => {
    const subject = new EventSubject();
    const value = fc.constantFrom('a', 'b', 'B', '7', 'x y');
    const event = fc.oneof(
      value.map((own) => docker(`f=${own} word`)),
      value.map((own) => docker(JSON.stringify({ f: own, g: { h: own } }), 'api')),
      value.map((own) => docker('word', 'web', { f: own })),
      value.map((own) => docker(`\u001b[31mf=${own}\u001b[0m`)),
      fc.constantFrom(docker('f'), docker(5), { f: 'a' }, docker('word', 'web', { f: { g: 1 }, log: 'no' })),
    );
    const query = fc.constantFrom(
      '',
      'word',
      'f=a',
      '-f=a',
      'f=a OR f=b',
      'f=a container=api',
      'g.h=7 word',
      'level=none -f=B',
    );
    const step = fc.oneof(
      fc.array(event, { minLength: 1, maxLength: 30 }).map((records) => ({ records })),
      query.map((text) => ({ text })),
      fc.constantFrom(['f'], ['f', 'g.h'], [], ['g.h']).map((pins) => ({ pins })),
      fc.constant({ work: true }),
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), query, (steps, last) => {
        // Blocks of 64 events, of which eight are kept.
        const one = new Desk(loaded, { events: 512, bytes: 1e9 }, { slab: 64 * 1024, events: 64 });
        one.engine.columns.shapes.watch(false);
        const entries: Buffer[] = [];
        for (const now of steps) {
          if ('records' in now) {
            const fresh = now.records.map((record) => Buffer.concat([Buffer.of(0x92), encode(1), encode(record)]));
            fresh.forEach((entry, n) => {
              one.take(frameOfEntries([entry], { seq: entries.length + n }));
            });
            entries.push(...fresh);
          } else if ('text' in now) {
            one.begin(now.text);
          } else if ('pins' in now) {
            one.engine.facets(now.pins);
          } else {
            one.engine.work(0);
          }
        }
        one.engine.facets(['f', 'g.h']);
        one.begin(last);
        one.finish();
        const read = parseQuery(last);
        const { first } = one.engine.columns;
        for (const name of ['f', 'g.h']) {
          const rest = new Query(chooseAll(read.ok ? read.node : undefined, name), 0);
          const expected: Record<string, number> = {};
          for (const entry of entries.slice(first)) {
            subject.view.set(entry);
            subject.open(subject.view.start, { tag: 'docker.x', place });
            const own = subject.field(name) ?? '';
            if (own !== '') {
              expected[own] = (expected[own] ?? 0) + (rest.accepts(subject) ? 1 : 0);
            }
          }
          const found = one.pinned(name);
          expect({ ...expected, ...found }).toEqual(found);
          expect(total(found)).toBe(total(expected));
        }
      }),
      { numRuns: runs(150) },
    );
  });
});
