// Events that are one line: Docker's pieces, and the lines of a stack trace; with the kernel in WebAssembly and in TypeScript.
import { describe, expect, test } from 'vitest';
import { Desk, docker, frameOf, kernels } from './engine.ts';

describe.each(kernels)('pieces (%s)', (_name, kernel) => {
  const page = () => new Desk(kernel());
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
      one.take(...(split ? records.map((record) => frameOf([record])) : [frameOf(records)]), frameOf([docker('next')]));
      expect(one.lines()).toEqual([`${big}${big}end`, 'next']);
      expect(one.engine.columns.lines).toBe(2);
      expect(one.shown(0).whole).toMatchObject({ state: 'whole', count: 3 });
      expect(one.ids()).toEqual([0, 3]);
    }
  });

  test('of two containers and streams are not mixed', () => {
    const one = page();
    one.take(
      frameOf([
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
    one.take(frameOf([piece('a', id(1, false)), piece('b', id(2, false))]));
    expect(one.shown(0).whole?.state).toBe('open');
    one.now += 4999;
    one.engine.beat();
    expect(one.shown(0).whole?.state).toBe('open');
    one.now += 1;
    one.engine.beat();
    expect(one.engine.update().touched).toMatchObject([{ id: 0, whole: { state: 'unfinished' } }]);
    one.take(frameOf([piece('c', id(3, true))]));
    expect(one.lines()).toEqual(['ab', 'c']);
    expect(one.last().whole?.state).toBe('gaps');
  });

  test('that miss one in between say so', () => {
    const one = page();
    one.take(frameOf([piece('a', id(1, false)), piece('c', id(3, true))]));
    expect(one.shown(0).whole?.state).toBe('gaps');
  });

  test('with endless ids stay inside their bound', () => {
    const one = page();
    for (let n = 0; n < 30; n++) {
      one.take(
        frameOf(Array.from({ length: 100 }, (_, m) => piece('x', { ...id(1, false), partial_id: `${n}-${m}` }))),
      );
    }
    expect(one.engine.columns.lines).toBe(3000);
    expect(one.shown(0).whole?.state).toBe('unfinished');
    expect(one.shown(2999).whole?.state).toBe('open');
  });

  test('are searched as a whole, also when the end decides', () => {
    const one = page();
    one.filter('needle');
    one.take(frameOf([piece(`${big.slice(6)}nee`, first)]));
    expect(one.lines()).toEqual([]);
    one.take(frameOf([docker('dle')]));
    expect(one.ids()).toHaveLength(1);
  });

  test('cut a character in two without harm', () => {
    const one = page();
    const [head, tail] = [Buffer.from('語').subarray(0, 2), Buffer.from('語').subarray(2)];
    one.take(
      frameOf([
        { ...docker('', 'w', first), log: head },
        { ...docker('', 'w'), log: tail },
      ]),
    );
    expect(one.lines()).toEqual(['語']);
  });
});

describe.each(kernels)('stack traces (%s)', (_name, kernel) => {
  const java = [
    'ERROR request failed',
    'java.lang.IllegalStateException: no cart',
    '\tat shop.Cart.open(Cart.java:12)',
    '\tat shop.Api.get(Api.java:40)',
    'Caused by: java.io.IOException: closed',
    '\t... 12 more',
    'INFO next',
  ];

  test('are one event, however they come, and others in between do not matter', () => {
    for (const split of [false, true]) {
      const one = new Desk(kernel());
      const events = java.flatMap((log) => [docker(log, 'api'), docker('noise', 'web')]);
      one.take(...(split ? events.map((event) => frameOf([event])) : [frameOf(events)]));
      const own = one.lines().filter((text) => text !== 'noise');
      expect(own).toEqual([java[0], java.slice(1, 6).join('\n'), 'INFO next']);
      expect(one.engine.columns.lines).toBe(3 + java.length);
      expect(Object.values(one.facet('container')).sort()).toEqual([3, 7]);
      const head = one.ids().find((id) => one.held(id).whole !== undefined) ?? -1;
      expect(one.shown(head)).toMatchObject({ text: java[1], whole: { count: 5, isTrace: true } });
      expect(one.filter('cart.java closed').ids()).toEqual([head]);
    }
  });

  test("of Python end with the exception's line, and nothing else at the margin is taken", () => {
    const python = [
      'Traceback (most recent call last):',
      '  File "/app/cart.py", line 12, in open',
      "    return carts['x']",
      "KeyError: 'x'",
    ];
    const one = new Desk(kernel());
    one.take(
      frameOf([...python, 'ready', '  indented'].flatMap((log) => [docker(log, 'api'), docker('noise', 'web')])),
    );
    expect(one.lines().filter((text) => text !== 'noise')).toEqual([python.join('\n'), 'ready', '  indented']);
    // A line with a level is no exception, and what follows it neither.
    one.take(frameOf([...python.slice(0, 3), 'INFO: started', 'KeyError: 7'].map((log) => docker(log, 'other'))));
    expect(one.lines().slice(-3)).toEqual([python.slice(0, 3).join('\n'), 'INFO: started', 'KeyError: 7']);
  });

  test('begin with a line of their own: what is indented alone is none', () => {
    const one = new Desk(kernel()).take(frameOf([docker('list:'), docker('  first'), docker('  second')]));
    expect(one.lines()).toEqual(['list:', '  first', '  second']);
    one.take(frameOf([docker('\tat nowhere', 'other')]));
    expect(one.lines()).toHaveLength(4);
  });
});
