// What the page keeps of the stream and makes of it: blocks with a bound, containers, joined pieces, search; events as the server sends them.
import { encode } from '@msgpack/msgpack';
import { describe, expect, test } from 'vitest';
import { blockSize, encodePlace, type FrameBlock, frameHead, readFrame, writeBlock } from '../../src/live/protocol.ts';
import { readDossier } from '../../src/page/dossier.ts';
import { EventReader } from '../../src/page/event.ts';
import { type Filter, isFilter, parseFilter } from '../../src/page/filter.ts';
import { Search } from '../../src/page/search.ts';
import { type EventRef, entryOf, isFolded, markerOf, Store } from '../../src/page/store.ts';
import { colorOf, Values } from '../../src/page/values.ts';
import { View } from '../../src/page/view.ts';

const place = {
  label: undefined,
  matched: true,
  listener: 'forward',
  address: '127.0.0.1',
  port: 4711,
  name: undefined,
};

/** A block as it arrives, through the bytes of the protocol. */
function blockOf(records: readonly unknown[], tag = 'docker.x', seq = 0, time = 1_700_000_000): FrameBlock {
  const entries = Buffer.concat(
    records.map((record) => Buffer.concat([Buffer.of(0x92), encode(time), encode(record)])),
  );
  const placeBytes = encodePlace(place);
  const tagBytes = Buffer.from(tag);
  const size = blockSize(placeBytes.length, tagBytes.length, entries.length);
  const bytes = new Uint8Array(size);
  const numbers = { position: seq, seq, count: records.length, arrived: 1_700_000_000_123 };
  writeBlock(new DataView(bytes.buffer), 0, numbers, placeBytes, tagBytes, entries);
  const block = readFrame(Buffer.concat([frameHead(0, size), bytes]))?.blocks[0];
  if (block === undefined) {
    throw new Error('the frame cannot be read');
  }
  return block;
}

const docker = (log: string, name = 'web-1', more: object = {}) => ({
  container_id: 'c0ffee'.repeat(11).slice(0, 64),
  container_name: `/${name}`,
  source: 'stdout',
  log,
  ...more,
});

function page(limits = { events: 200_000, bytes: 64 * 1024 * 1024 }) {
  let now = 0;
  const containers = new Values('(others)', 2000);
  const store = new Store(limits, containers, () => now);
  const reader = new EventReader(store);
  const view = new View();
  const search = new Search(store, reader, view);
  return {
    containers,
    store,
    reader,
    view,
    search,
    pass: (ms: number) => {
      now += ms;
      return store.pieces.expire(now);
    },
    take(...blocks: FrameBlock[]) {
      const from = store.next;
      for (const block of blocks) {
        for (const line of store.append(block)) {
          if (line.head < from && line.state !== 'open') {
            search.again(line.head);
          }
        }
      }
      search.take(from);
    },
    lines: () => Array.from({ length: view.length }, (_, n) => reader.line(ref(store, view.at(n)))),
    last: () => ref(store, view.at(view.length - 1)),
  };
}

function filter(text: string): Filter {
  const read = parseFilter(text);
  if (!isFilter(read)) {
    throw new Error(`${text}: ${read.text}`);
  }
  return read;
}

const kept = (values: Values) => values.kept().map((id) => values.entry(id));

function ref(store: Store, id: number): EventRef {
  const found = store.ref(id);
  if (found === undefined) {
    throw new Error(`event ${id} is not kept`);
  }
  return found;
}

describe('what is kept', () => {
  test('events keep their bytes, tag, number and container', () => {
    const { store, containers, take, reader, last } = page();
    take(blockOf([docker('one'), docker('two')], 'docker.a', 40));
    const dossier = readDossier(last(), reader);
    expect(Buffer.from(entryOf(last()))).toEqual(
      Buffer.concat([Buffer.of(0x92), encode(1_700_000_000), encode(docker('two'))]),
    );
    expect(dossier.batch).toMatchObject({ tag: 'docker.a', arrived: 1_700_000_000_123, place });
    expect([dossier.seq, dossier.line, store.lines]).toEqual([41, 'two', 2]);
    expect(kept(containers)).toEqual([{ name: 'web-1', color: colorOf('web-1'), count: 2 }]);
  });

  test('the oldest go in blocks, by count and by bytes, and counts follow', () => {
    for (const limits of [
      { events: 10_000, bytes: 1e9 },
      { events: 1e9, bytes: 1_500_000 },
    ]) {
      const { store, containers, view, take } = page(limits);
      for (let n = 0; n < 300; n++) {
        take(blockOf(Array.from({ length: 100 }, (_, m) => docker(`line ${n}.${m} ${'x'.repeat(50)}`, `c-${n % 7}`))));
      }
      expect(store.size).toBeLessThanOrEqual(limits.events);
      expect(store.bytes).toBeLessThanOrEqual(limits.bytes);
      expect(store.size).toBeGreaterThan(4000);
      expect(store.lines + store.gone).toBe(30_000);
      expect(containers.entries.reduce((sum, { count }) => sum + count, 0)).toBe(store.lines);
      expect([view.at(0), view.length]).toEqual([store.first, store.size]);
      expect(store.ref(store.first - 1)).toBeUndefined();
    }
  });

  test('an event on the screen can be read after it is kept no more', () => {
    const { store, reader, take } = page({ events: 5000, bytes: 1e9 });
    take(blockOf([docker('the first')]));
    const shown = ref(store, 0);
    for (let n = 0; n < 200; n++) {
      take(blockOf(Array.from({ length: 100 }, () => docker('x'))));
    }
    expect(store.ref(0)).toBeUndefined();
    expect(reader.shown(shown).text).toBe('the first');
  });

  test('containers have a bound', () => {
    const { containers, take } = page();
    for (let n = 0; n < 50; n++) {
      take(blockOf(Array.from({ length: 100 }, (_, m) => docker('x', `c-${n * 100 + m}`))));
    }
    expect(containers.entries.length).toBeLessThan(2010);
    expect(containers.entries[0]).toMatchObject({ name: '(others)', count: 3000 });
    expect(kept(containers)).toHaveLength(2001);
  });

  test('an event without a container goes under its tag', () => {
    const { containers, take } = page();
    take(blockOf([{ message: 'hi' }], 'app.web'));
    expect(kept(containers).map(({ name }) => name)).toEqual(['app.web']);
  });

  test('entries that are none are marked, not shown', () => {
    const { store, take, view } = page();
    take({ ...blockOf([docker('a')]), entries: Uint8Array.of(0x92, 0xc1, 0x80) });
    expect(markerOf(ref(store, view.at(0)))).toEqual({ kind: 'unreadable' });
  });
});

describe('a row', () => {
  const shown = (record: unknown) => {
    const one = page();
    one.take(blockOf([record]));
    return one.reader.shown(one.last());
  };

  test("shows the line, its level and container; of Docker's fields no more", () => {
    expect(shown(docker('ERROR no'))).toMatchObject({
      text: 'ERROR no',
      level: 'error',
      container: 'web-1',
      fields: [],
    });
  });

  test('shows the message of a line that is JSON first, then its fields', () => {
    const line = JSON.stringify({ level: 'warn', time: 1, msg: 'slow', ms: 12, err: { code: 'E' } });
    expect(shown(docker(line))).toMatchObject({
      text: 'slow',
      level: 'warn',
      fields: [
        ['ms', '12'],
        ['err', '{"code":"E"}'],
      ],
    });
  });

  test('shows the fields of other senders behind their message', () => {
    expect(shown({ message: 'hi', level: 'info', user: 7, tags: ['a', 'b'], ok: true, none: null })).toMatchObject({
      text: 'hi',
      level: 'info',
      fields: [
        ['user', '7'],
        ['tags', '["a","b"]'],
        ['ok', 'true'],
        ['none', 'null'],
      ],
    });
  });

  test('cuts a line of a megabyte and says how much there is', () => {
    const row = shown(docker('x'.repeat(1_000_000)));
    expect(row.text.length + row.more).toBe(1_000_000);
    expect(row.text.length).toBeLessThan(3000);
  });

  test.each([
    [docker('line\r\n'), 'line'],
    [docker('line\n'), 'line'],
    [docker('50 %\r100 %\r'), '50 %\r100 %'],
    [docker('{"broken": '), '{"broken": '],
    [docker('[1,2]'), '[1,2]'],
    [{ log: 17 }, '17'],
    [{ log: ['a', 1] }, '["a",1]'],
    [{}, ''],
  ])('of %j shows %j', (record, text) => {
    expect(shown(record).text).toBe(text);
  });

  test('broken UTF-8 and a character that is cut by the bound do no harm', () => {
    const broken = shown({ log: Uint8Array.of(0x61, 0xff, 0x62) });
    expect(broken.text).toBe('a\ufffdb');
    expect(shown(docker(`${'x'.repeat(16_383)}語`)).text).toMatch(/^x+$/);
  });

  test('keys that others chose are no keys of ours', () => {
    const row = shown({ log: '{"__proto__":{"polluted":1},"constructor":2}', toString: 'x', __proto__: 1 });
    expect(row.fields.map(([name]) => name)).toEqual(['__proto__', 'constructor', 'toString']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('details', () => {
  test('show fields of every kind, doubled keys and big integers as they were sent', () => {
    const one = page();
    // {"a": 2^63 - 1, "a": -1, 7: nil, "f": 1.5, "bin": <ff>}
    const record = Buffer.from('85a161cf7fffffffffffffffa161ff07c0a166cb3ff8000000000000a362696ec401ff', 'hex');
    const block = blockOf([]);
    one.take({ ...block, count: 1, entries: Buffer.concat([Buffer.of(0x92, 0x01), record]) });
    const dossier = readDossier(one.last(), one.reader);
    expect(dossier.json()).toBe('{"a":9223372036854775807,"a":-1,"7":null,"f":1.5,"bin":"\ufffd"}');
    expect(dossier.line).toBe('');
  });

  test('a copy as JSON holds no control character', () => {
    const one = page();
    one.take(blockOf([docker('\u001b[2J\u009b\u202e')]));
    expect(readDossier(one.last(), one.reader).json()).toContain('"log":"\\u001b[2J\\u009b\\u202e"');
  });
});

describe('pieces', () => {
  const piece = (log: string, more: object) => docker(log, 'web-1', more);
  const first = { partial_message: 'true' };
  const id = (ordinal: number, last: boolean) => ({
    partial_message: 'true',
    partial_id: 'abc',
    partial_ordinal: String(ordinal),
    partial_last: String(last),
  });
  const big = 'x'.repeat(16_384);

  test.each([
    ['marks on every piece', [piece(big, first), piece(big, first), piece('end', first)]],
    ['marks on all but the last', [piece(big, first), piece(big, first), piece('end', {})]],
    ['ids and ordinals', [piece(big, id(1, false)), piece(big, id(2, false)), piece('end', id(3, true))]],
  ])('with %s are one line', (_name, records) => {
    for (const split of [false, true]) {
      const one = page();
      one.take(...(split ? records.map((record) => blockOf([record])) : [blockOf(records)]), blockOf([docker('next')]));
      expect(one.lines()).toEqual([`${big}${big}end`, 'next']);
      expect(one.store.lines).toBe(2);
      expect(one.reader.shown(ref(one.store, 0)).joined).toMatchObject({ state: 'whole', events: [0, 1, 2] });
      expect(isFolded(ref(one.store, 1))).toBe(true);
    }
  });

  test('of two containers and streams are not mixed', () => {
    const one = page();
    one.take(
      blockOf([
        docker('a1', 'a', first),
        docker('b1', 'b', first),
        docker('e1', 'a', { ...first, source: 'stderr' }),
        docker('a2', 'a'),
        docker('e2', 'a', { source: 'stderr' }),
        docker('b2', 'b'),
      ]),
    );
    expect(one.lines()).toEqual(['a1a2', 'b1b2', 'e1e2']);
  });

  test('without an end are given after five seconds, marked, and nothing is lost', () => {
    const one = page();
    one.take(blockOf([piece('a', id(1, false)), piece('b', id(2, false))]));
    expect(one.reader.shown(ref(one.store, 0)).joined?.state).toBe('open');
    expect(one.pass(4999)).toEqual([]);
    expect(one.pass(1)).toMatchObject([{ head: 0, state: 'unfinished' }]);
    one.take(blockOf([piece('c', id(3, true))]));
    expect(one.lines()).toEqual(['ab', 'c']);
    expect(one.reader.shown(one.last()).joined?.state).toBe('gaps');
  });

  test('that miss one in between say so', () => {
    const one = page();
    one.take(blockOf([piece('a', id(1, false)), piece('c', id(3, true))]));
    expect(one.reader.shown(ref(one.store, 0)).joined?.state).toBe('gaps');
  });

  test('with endless ids stay inside their bound', () => {
    const one = page();
    for (let n = 0; n < 30; n++) {
      one.take(
        blockOf(Array.from({ length: 100 }, (_, m) => piece('x', { ...id(1, false), partial_id: `${n}-${m}` }))),
      );
    }
    expect(one.store.lines).toBe(3000);
    expect(one.reader.shown(ref(one.store, 0)).joined?.state).toBe('unfinished');
    expect(one.reader.shown(ref(one.store, 2999)).joined?.state).toBe('open');
  });

  test('are searched as a whole, also when the end decides', () => {
    const one = page();
    one.search.filter = filter('needle');
    one.search.restart(0);
    one.take(blockOf([piece(`${big.slice(6)}nee`, first)]));
    expect(one.lines()).toEqual([]);
    one.take(blockOf([docker('dle')]));
    expect(one.view.length).toBe(1);
  });

  test('cut a character in two without harm', () => {
    const one = page();
    const [head, tail] = [Buffer.from('語').subarray(0, 2), Buffer.from('語').subarray(2)];
    one.take(
      blockOf([
        { ...docker('', 'w', first), log: head },
        { ...docker('', 'w'), log: tail },
      ]),
    );
    expect(one.lines()).toEqual(['語']);
  });
});

describe('the search', () => {
  const many = (count: number) => {
    const one = page();
    for (let n = 0; n < count; n += 100) {
      const records = Array.from({ length: 100 }, (_, m) =>
        docker(`line ${n + m}`, `c-${(n + m) % 3}`, { host: 'H7' }),
      );
      one.take(blockOf(records, 'docker.tagged'));
    }
    return one;
  };
  const finish = (search: Search) => {
    while (search.running) {
      search.run(performance.now() + 50);
    }
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
    const { search, view } = many(1000);
    search.filter = filter(text);
    search.restart(Number.POSITIVE_INFINITY);
    finish(search);
    expect(view.length).toBe(expected);
  });

  test('goes on while events come, newest first, and ends with all of them in order', () => {
    const { search, view, store, take } = many(20_000);
    search.filter = filter('c-1');
    search.restart(Number.POSITIVE_INFINITY);
    take(blockOf([docker('late', 'c-1'), docker('late', 'c-2')]));
    finish(search);
    const ids = Array.from({ length: view.length }, (_, n) => view.at(n));
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    expect(view.length).toBe(6668);
    expect(ids.at(-1)).toBe(store.next - 2);
    expect(search.progress).toBe(100);
  });

  test('keeps what says that something is missing', () => {
    const { search, view, store } = many(100);
    store.mark({ kind: 'dropped', count: 7 });
    search.filter = filter('nothing-like-it');
    search.restart(0);
    expect(view.length).toBe(1);
  });

  test('finds fields of the record, of lines that are JSON, and of name=value', () => {
    const one = page();
    one.take(
      blockOf([
        docker('{"level":"error","msg":"no answer","status":503,"user":{"id":7}}', 'api'),
        docker('level=warn msg="slow answer" took=1.8s status=200', 'proxy'),
        { ...docker('plain', 'db'), status: 404, nested: { deep: ['a', 'b'] } },
        docker('\u001b[31mERROR\u001b[0m GET http://x:8080/y sha256:4f2a', 'proxy', { source: 'stderr' }),
      ]),
    );
    const found = (text: string) => {
      one.search.filter = filter(text);
      one.search.restart(0);
      return Array.from({ length: one.view.length }, (_, n) => one.view.at(n));
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
      ['since:1h', []],
      ['since:2023-11-14', [0, 1, 2, 3]],
      ['Plain', []],
    ] as const) {
      expect([text, found(text)]).toEqual([text, ids]);
    }
  });
});

describe('facets', () => {
  const total = (one: ReturnType<typeof page>, name: 'level' | 'container' | 'source' | 'tag') =>
    Object.fromEntries(
      one.search.facets.list(name, new Set(), 2000).values.map((value) => [value.name, value.count] as const),
    );

  test('count what passes the query, as it comes, is found, and goes', () => {
    const one = page({ events: 12_000, bytes: 1e9 });
    const records = (from: number) =>
      Array.from({ length: 100 }, (_, n) =>
        docker(`${(from + n) % 4 === 0 ? 'ERROR' : 'INFO'} ${from + n}`, `c-${n % 3}`),
      );
    for (let n = 0; n < 60; n++) {
      one.take(blockOf(records(n * 100), `t.${n % 2}`));
    }
    expect(total(one, 'level')).toEqual({ error: 1500, info: 4500 });
    expect(total(one, 'container')).toEqual({ 'c-0': 2040, 'c-1': 1980, 'c-2': 1980 });
    expect(total(one, 'tag')).toEqual({ 't.0': 3000, 't.1': 3000 });
    one.search.filter = filter('level=error container=c-1');
    one.search.restart(Number.POSITIVE_INFINITY);
    for (let n = 60; n < 300; n++) {
      one.take(blockOf(records(n * 100), `t.${n % 2}`));
      while (n === 100 && one.search.running) {
        one.search.run(performance.now() + 50);
      }
    }
    expect(one.store.gone).toBeGreaterThan(10_000);
    const { length } = one.view;
    expect(total(one, 'level')).toEqual({ error: length, info: 0 });
    expect(total(one, 'container')).toEqual({ 'c-0': 0, 'c-1': length, 'c-2': 0 });
    expect(Object.values(total(one, 'tag')).reduce((sum, count) => sum + count)).toBe(length);
    expect(total(one, 'source')).toEqual({ stdout: length });
  });

  test('have a bound, whose rest is counted together; what goes makes room', () => {
    const one = page({ events: 5000, bytes: 1e9 });
    for (let n = 0; n < 1500; n++) {
      one.take(blockOf([docker('x')], `tag.${n}`));
    }
    expect(one.search.facets.list('tag', new Set(), 10).values[0]).toMatchObject({
      name: '(others)',
      count: 500,
      others: true,
    });
    for (let n = 0; n < 100; n++) {
      one.take(
        blockOf(
          Array.from({ length: 100 }, () => docker('y')),
          'tag.new',
        ),
      );
    }
    expect(one.store.first).toBeGreaterThan(1500);
    for (let n = 0; n < 1001; n++) {
      one.take(blockOf([docker('x')], `later.${n}`));
    }
    const names = Object.keys(total(one, 'tag'));
    expect(names.filter((name) => name.startsWith('later')).length).toBeGreaterThan(400);
  });

  test('a line in pieces counts once, under the level that the whole of it has', () => {
    const one = page();
    const first = { partial_message: 'true' };
    one.take(blockOf([docker(`{"msg":"${'x'.repeat(16_376)}`, 'w', first), docker('","level":"error"}', 'w')]));
    expect(total(one, 'level')).toEqual({ error: 1 });
    expect(total(one, 'container')).toEqual({ w: 1 });
  });
});
