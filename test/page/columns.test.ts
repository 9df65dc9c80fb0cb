// What the page keeps of the stream and makes of it: columns with a bound, search, facets; with the kernel in WebAssembly and in TypeScript.
import { encode } from '@msgpack/msgpack';
import { describe, expect, test } from 'vitest';
import { colorOf } from '../../src/page/facet.ts';
import { type BatchOptions, Desk, docker, frameOf, frameOfEntries, kernels, place } from './engine.ts';

describe.each(kernels)('what is kept (%s)', (_name, kernel) => {
  const page = (keeping?: { events: number; bytes: number }) => new Desk(kernel(), keeping);

  test('events keep their bytes, tag, number and container', () => {
    const one = page();
    one.take(frameOf([docker('one'), docker('two')], { tag: 'docker.a', seq: 40 }));
    one.take(frameOf([docker('three')], { tag: 'docker.a', seq: 42 }));
    for (const [n, text] of ['one', 'two', 'three'].entries()) {
      const held = one.held(n);
      expect(Buffer.from(held.entry)).toEqual(
        Buffer.concat([Buffer.of(0x92), encode(1_700_000_000), encode(docker(text))]),
      );
      expect(held).toMatchObject({ tag: 'docker.a', arrived: 1_700_000_000_123, seq: 40 + n, place });
      expect(one.dossier(held).line).toBe(text);
    }
    expect(one.facet('container')).toEqual({ 'web-1': 3 });
    expect(one.engine.answer({ kind: 'find', seq: 41 })).toBe(1);
    expect(one.engine.answer({ kind: 'find', seq: 43 })).toBeUndefined();
  });

  test('the oldest go in blocks, by count and by bytes, and counts follow', () => {
    for (const keeping of [
      { events: 10_000, bytes: 1e9 },
      { events: 1e9, bytes: 1_500_000 },
    ]) {
      const one = page(keeping);
      for (let n = 0; n < 300; n++) {
        const records = Array.from({ length: 100 }, (_, m) => docker(`line ${n}.${m} ${'x'.repeat(50)}`, `c-${n % 7}`));
        one.take(frameOf(records, { seq: n * 100 }));
      }
      const { columns } = one.engine;
      expect(columns.next - columns.first).toBeLessThanOrEqual(keeping.events);
      expect(columns.bytes).toBeLessThanOrEqual(keeping.bytes);
      expect(columns.lines).toBeGreaterThan(4000);
      expect(columns.lines + columns.gone).toBe(30_000);
      expect(Object.values(one.facet('container')).reduce((sum, count) => sum + count)).toBe(columns.lines);
      const ids = one.ids();
      expect([ids[0], ids.length]).toEqual([columns.first, columns.lines]);
      expect(columns.where(columns.first - 1)).toBeUndefined();
      expect(one.held(columns.first).seq).toBe(columns.first);
    }
  });

  test('an event of the page can be read after it is kept no more', () => {
    const one = page({ events: 5000, bytes: 1e9 });
    one.take(frameOf([docker('the first')]));
    const held = one.held(0);
    for (let n = 0; n < 200; n++) {
      one.take(frameOf(Array.from({ length: 100 }, () => docker('x'))));
    }
    expect(one.engine.columns.where(0)).toBeUndefined();
    expect(one.reader.shown(held).text).toBe('the first');
  });

  test('an event without a container goes under its tag', () => {
    const one = page().take(
      frameOf([{ message: 'hi' }], { tag: 'app.web' }),
      frameOf([{ message: 'hi' }], { tag: 'b' }),
    );
    expect(one.facet('container')).toEqual({ 'app.web': 1, b: 1 });
    expect(colorOf('app.web')).toBe(colorOf('app.web'));
  });

  test('entries that are none are marked, not shown', () => {
    const one = page().take(frameOfEntries([Uint8Array.of(0x92, 0xc1, 0x80)]));
    expect(one.last().marker).toMatchObject({ kind: 'unreadable' });
    one.take(Uint8Array.of(1, 2, 3));
    expect(one.ids()).toHaveLength(2);
  });

  test('records of ever other shapes and containers stay whole, and inside their bounds', () => {
    const one = page({ events: 30_000, bytes: 1e9 });
    for (let n = 0; n < 120; n++) {
      one.take(
        frameOf(
          Array.from({ length: 100 }, (_, m) =>
            docker(`x ${n * 100 + m}`, `c-${n * 100 + m}`, { request: n * 100 + m }),
          ),
        ),
      );
    }
    expect(one.engine.columns.shapes.list.length).toBeLessThanOrEqual(8192);
    const { values, hidden } = one.engine.update().facets?.container ?? { values: [], hidden: 0 };
    expect(values.length + hidden).toBeGreaterThan(4000);
    for (const id of [0, 5000, 11_999]) {
      expect(one.shown(id)).toMatchObject({ container: `c-${id}`, text: `x ${id}`, fields: [['request', String(id)]] });
    }
    expect(one.filter('container=c-11999').ids()).toEqual([11_999]);
    expect(one.filter('request=11000 x').ids()).toEqual([11_000]);
    // When all of them have gone, there is room for others.
    one.filter('');
    for (let n = 0; n < 400; n++) {
      one.take(frameOf(Array.from({ length: 100 }, () => docker('y', `new-${n % 50}`))));
    }
    expect(Object.keys(one.facet('container')).length).toBe(51);
  });

  test('events larger than a slab are kept beside it', () => {
    const one = page().take(frameOf([docker('a'), docker(`b${'x'.repeat(200_000)}`), docker('c')]));
    expect(one.lines().map((line) => line.length)).toEqual([1, 200_001, 1]);
    expect(one.filter('bxxx').ids()).toEqual([1]);
  });

  test('late events are marked', () => {
    const one = page();
    one.now = 1_700_000_100_000;
    const at = (time: number, log: string): BatchOptions & { records: unknown[] } => ({ time, records: [docker(log)] });
    for (const { records, time } of [
      at(1_700_000_090, 'a'),
      at(1_700_000_080, 'b'),
      at(1_700_000_086, 'c'),
      at(1_900_000_000, 'd'),
      at(1_700_000_091, 'e'),
    ]) {
      one.take(frameOf(records, { time }));
    }
    expect(one.ids().filter((id) => one.held(id).late)).toEqual([1]);
  });

  test('the next event that a query lets pass is found from any, up and down, whatever the query that is on', () => {
    const one = page().take(frameOf(Array.from({ length: 300 }, (_, n) => docker(`line ${n}`, `c-${n % 3}`))));
    one.filter('');
    const hit = (from: number, step: 1 | -1, query = '"line 1" container=c-1') =>
      one.engine.answer({ kind: 'hit', query, from, step, now: one.now });
    expect([hit(-1, 1), hit(1, 1), hit(10, 1), hit(300, -1), hit(10, -1), hit(1, -1)]).toEqual([
      1,
      10,
      13,
      199,
      1,
      undefined,
    ]);
    expect([hit(5, 1, 'nowhere'), hit(5, 1, '(')]).toEqual([undefined, undefined]);
  });

  test('less is kept from when less is to be', () => {
    const one = page({ events: 1e9, bytes: 8e6 });
    for (let n = 0; n < 100; n++) {
      one.take(frameOf(Array.from({ length: 100 }, () => docker('x'.repeat(100)))));
    }
    expect(one.engine.columns.gone).toBe(0);
    one.engine.keep({ events: 1e9, bytes: 300_000 });
    const { columns } = one.engine;
    expect(columns.bytes).toBeLessThanOrEqual(300_000);
    expect(columns.lines + columns.gone).toBe(10_000);
    expect(one.facet('container')).toEqual({ 'web-1': columns.lines });
    expect(one.ids()).toHaveLength(columns.lines);
  });

  test('what happened around an event of its container is found, whatever the query', () => {
    const one = page().take(frameOf(Array.from({ length: 300 }, (_, n) => docker(`line ${n}`, `c-${n % 3}`))));
    one.filter('"line 150"');
    const around = one.engine.answer({ kind: 'context', id: 150, count: 2 });
    expect(Array.isArray(around) && around.map((held) => (typeof held === 'string' ? held : held.id))).toEqual([
      144, 147, 150, 153, 156,
    ]);
  });
});

describe.each(kernels)('the search (%s)', (_name, kernel) => {
  const many = (count: number) => {
    const one = new Desk(kernel());
    for (let n = 0; n < count; n += 100) {
      const records = Array.from({ length: 100 }, (_, m) =>
        docker(`line ${n + m}`, `c-${(n + m) % 3}`, { host: 'H7' }),
      );
      one.take(frameOf(records, { tag: 'docker.tagged' }));
    }
    return one;
  };

  test.each([
    ['"line 42"', 11],
    ['42 line', 20],
    ['host=h7', 1000],
    ['tagged', 0],
    ['c-1 -c-2', 333],
    ['container_name', 0],
    ['stdout', 0],
    ['c0ffee', 0],
  ])('looks at line, container and fields as they are seen, not at ids and tags: %j', (text, expected) => {
    expect(many(1000).filter(text).ids()).toHaveLength(expected);
  });

  test('goes on while events come, newest first, and ends with all of them in order', () => {
    const one = many(20_000);
    one.begin('c-1');
    expect(one.engine.running).toBe(true);
    one.take(frameOf([docker('late', 'c-1'), docker('late', 'c-2')]));
    one.ids();
    one.finish();
    const ids = one.ids();
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    expect(ids).toHaveLength(6668);
    expect(ids.at(-1)).toBe(one.engine.columns.next - 2);
    expect(one.engine.update().totals).toMatchObject({ search: 100, shown: 6668, kept: 20_002 });
  });

  test('keeps what says that something is missing', () => {
    const one = many(100);
    one.engine.frame(frameOf([docker('x')]), 7);
    one.filter('nothing-like-it');
    expect(one.last().marker).toMatchObject({ kind: 'dropped', count: 7 });
    expect(one.ids()).toHaveLength(1);
    // It is no line that the query has found.
    expect(one.engine.update().totals.shown).toBe(0);
  });

  test('finds fields of the record, of lines that are JSON, and of name=value', () => {
    const one = new Desk(kernel());
    one.take(
      frameOf([
        docker('{"level":"error","msg":"no answer","status":503,"user":{"id":7}}', 'api'),
        docker('level=warn msg="slow answer" took=1.8s status=200', 'proxy'),
        { ...docker('plain', 'db'), status: 404, nested: { deep: ['a', 'b'] } },
        docker('\u001b[31mERROR\u001b[0m GET http://x:8080/y sha256:4f2a', 'proxy', { source: 'stderr' }),
      ]),
    );
    const found = (text: string) => {
      return one.filter(text).ids();
    };
    for (const [text, ids] of [
      ['status>=404', [0, 2]],
      ['status<404', [1]],
      ['user.id=7', [0]],
      ['nested.deep.1=b', [2]],
      ['took>500ms', [1]],
      ['took<=1800ms', [1]],
      ['msg="slow answer"', [1]],
      ['level>=error', [0, 3]],
      ['level=warn', [1]],
      ['level=none', [2]],
      ['-level=none container:p*', [1, 3]],
      ['source=stderr', [3]],
      ['tag:docker.**', [0, 1, 2, 3]],
      ['tag:other.*', []],
      ['feed=forward from:127.0', [0, 1, 2, 3]],
      ['http://x:8080', [3]],
      ['sha256:4f', [3]],
      ['/^.*err/i', [0, 3]],
      ['(container=api OR container=db) -plain', [0]],
      ['since:1h', [0, 1, 2, 3]],
      ['since:2023-11-15', []],
      ['since:2023-11-14', [0, 1, 2, 3]],
      ['Plain', []],
    ] as const) {
      expect([text, found(text)]).toEqual([text, ids]);
    }
  });
});

describe.each(kernels)('facets (%s)', (_name, kernel) => {
  test('count what passes the query, as it comes, is found, and goes', () => {
    const one = new Desk(kernel(), { events: 12_000, bytes: 1e9 });
    const records = (from: number) =>
      Array.from({ length: 100 }, (_, n) =>
        docker(`${(from + n) % 4 === 0 ? 'ERROR' : 'INFO'} ${from + n}`, `c-${n % 3}`),
      );
    for (let n = 0; n < 60; n++) {
      one.take(frameOf(records(n * 100), { tag: `t.${n % 2}` }));
    }
    expect(one.facet('level')).toEqual({ error: 1500, info: 4500 });
    expect(one.facet('container')).toEqual({ 'c-0': 2040, 'c-1': 1980, 'c-2': 1980 });
    expect(one.facet('tag')).toEqual({ 't.0': 3000, 't.1': 3000 });
    one.begin('level=error container=c-1');
    for (let n = 60; n < 300; n++) {
      one.take(frameOf(records(n * 100), { tag: `t.${n % 2}` }));
      if (n === 100) {
        one.finish();
      }
    }
    const { columns, search } = one.engine;
    expect(columns.gone).toBeGreaterThan(10_000);
    const kept = Array.from({ length: columns.lines }, (_, n) => columns.next - 1 - n);
    const isError = (id: number) => id % 4 === 0;
    const containerOf = (id: number) => `c-${(id % 100) % 3}`;
    const count = (passes: (id: number) => boolean) => kept.filter(passes).length;
    const both = count((id) => isError(id) && containerOf(id) === 'c-1');
    expect([search.shown, one.ids().length]).toEqual([both, both]);
    // Each facet counts what passes all but its own choice: what another choice would bring.
    expect(one.facet('level')).toEqual({
      error: both,
      info: count((id) => !isError(id) && containerOf(id) === 'c-1'),
    });
    expect(one.facet('container')).toEqual(
      Object.fromEntries(
        ['c-0', 'c-1', 'c-2'].map((name) => [name, count((id) => isError(id) && containerOf(id) === name)]),
      ),
    );
    expect(Object.values(one.facet('tag')).reduce((sum, value) => sum + value)).toBe(both);
    expect(one.facet('source')).toEqual({ stdout: both });
    expect(one.facet('feed')).toEqual({ forward: both });
  });

  test('a line in pieces counts once, under the level that the whole of it has', () => {
    const one = new Desk(kernel());
    const first = { partial_message: 'true' };
    one.take(frameOf([docker(`{"msg":"${'x'.repeat(16_376)}`, 'w', first), docker('","level":"error"}', 'w')]));
    expect(one.facet('level')).toEqual({ error: 1 });
    expect(one.facet('container')).toEqual({ w: 1 });
  });

  test('the timeline counts by second, level and feed, and what no match took by itself', () => {
    const one = new Desk(kernel());
    one.take(frameOf([docker('ERROR a'), docker('WARN b'), docker('c')], { time: 1_700_000_000 }));
    one.take(frameOf([docker('ERROR d')], { time: 1_700_000_002, place: { listener: 'syslog' } }));
    one.take(frameOf([docker('e')], { time: 1_700_000_002, place: { matched: false } }));
    const { picture } = one.engine.update().picture ?? {};
    expect(picture).toMatchObject({ start: 1_700_000_000, step: 1, length: 3 });
    expect(picture?.lanes.map(({ name, counts }) => [name, [...counts]])).toEqual([
      ['forward', [1, 1, 1, 0, 0, 0, 0, 0, 0]],
      ['syslog', [0, 0, 0, 0, 0, 0, 1, 0, 0]],
      [undefined, [0, 0, 0, 0, 0, 0, 0, 0, 1]],
    ]);
    one.filter('level=error');
    expect(one.engine.update().picture?.picture?.lanes).toHaveLength(2);
  });
});
