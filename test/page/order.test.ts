// The order of what several containers say: by time where it comes together, and what stands on the page stays where it stands.
import { ExtData, encode } from '@msgpack/msgpack';
import { describe, expect, test } from 'vitest';
import { reasonToSkipBrowser } from './browser.ts';
import { Desk, docker, frameOf, frameOfEntries, kernels, together } from './engine.ts';
import { line, lines, seen, theatre } from './stage.ts';

const start = 1_700_000_000;

/** A batch of one container; each event is its time in ms and its line. */
function said(name: string, seq: number, events: readonly (readonly [number, string])[]): Uint8Array {
  const entries = events.map(([ms, log]) => {
    const body = new Uint8Array(8);
    const view = new DataView(body.buffer);
    view.setUint32(0, start + Math.floor(ms / 1000));
    view.setUint32(4, (ms % 1000) * 1e6 + 1);
    return Buffer.concat([Buffer.of(0x92), encode(new ExtData(0, body)), encode(docker(log, name))]);
  });
  return frameOfEntries(entries, { seq, tag: `docker.${name}`, arrived: (start + 60) * 1000 });
}

describe.each(kernels)('lines of several containers (%s)', (_name, kernel) => {
  const desk = () => {
    const one = new Desk(kernel());
    one.now = (start + 60) * 1000;
    return one;
  };

  test('that come together stand by time, under their own numbers', () => {
    const one = desk();
    const frame = together(
      said('web', 40, [
        [100, 'w1'],
        [300, 'w2'],
        [500, 'w3'],
      ]),
      said('db', 43, [
        [54, 'd1'],
        [299, 'd2'],
        [501, 'd3'],
      ]),
    );
    // The position that the page goes on from is behind all of them.
    expect(one.engine.frame(frame, 0)).toBe(46);
    expect(one.lines()).toEqual(['d1', 'w1', 'd2', 'w2', 'w3', 'd3']);
    expect(one.ids().map((id) => one.held(id).seq)).toEqual([43, 40, 44, 41, 42, 45]);
    expect([40, 41, 42, 43, 44, 45].map((seq) => one.engine.answer({ kind: 'find', seq }))).toEqual([1, 3, 4, 0, 2, 5]);
    expect(one.facet('container')).toEqual({ web: 3, db: 3 });
    expect(one.filter('container=db').lines()).toEqual(['d1', 'd2', 'd3']);
  });

  test('move no line that was there before, and are marked where they come too late', () => {
    const one = desk();
    one.take(said('web', 0, [[20_000, 'w1']]));
    one.take(
      together(said('web', 1, [[21_000, 'w2']]), said('db', 2, [[14_000, 'd1']]), said('q', 3, [[16_000, 'q1']])),
    );
    expect(one.lines()).toEqual(['w1', 'd1', 'q1', 'w2']);
    expect(one.ids().filter((id) => one.held(id).late)).toEqual([1]);
  });

  test('keep their stack traces and pieces together', () => {
    const one = desk();
    const trace = ['java.lang.Error: no', '\tat a.B.c(B.java:1)', '\tat a.B.d(B.java:2)'];
    const at = (from: number) => trace.map((log, n) => [from + 10 * n, log] as const);
    one.take(together(said('web', 0, at(5)), said('db', 3, at(0)), said('q', 6, [[12, 'between']])));
    expect(one.lines()).toEqual([trace.join('\n'), trace.join('\n'), 'between']);
    const pieces = (name: string, texts: readonly string[], seq: number) =>
      frameOf(
        texts.map((text, n) => docker(text, name, n < texts.length - 1 ? { partial_message: 'true' } : {})),
        { tag: name, seq, time: start + 1 },
      );
    one.take(
      together(pieces('web', ['a1', 'a2', 'a3'], 7), pieces('db', ['b1', 'b2'], 10), said('q', 12, [[500, 'c']])),
    );
    expect(one.lines().slice(3)).toEqual(['c', 'a1a2a3', 'b1b2']);
  });

  test('are all taken, with what needs a look at each, over the ends of blocks', () => {
    const one = desk();
    let seq = 0;
    let next: number | undefined = 0;
    for (let n = 0; n < 20; n++) {
      const batches = ['a', 'b', 'c'].map((name, m) => {
        const odd = frameOf([{ [`f${n}.${m}`]: 1 }], { seq, tag: name, time: start + n });
        const events = Array.from({ length: 30 }, (_, k) => [n * 1000 + k * 30 + 3 - m, `${name} ${k}`] as const);
        const own = said(name, seq + 1, events);
        seq += 31;
        return together(odd, own);
      });
      next = one.engine.frame(together(...batches), 0);
    }
    expect(next).toBe(seq);
    expect(one.engine.columns.lines).toBe(1860);
    const held = one.ids().map((id) => one.held(id));
    expect(held.map((each) => each.seq).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1860 }, (_, n) => n));
    expect(one.engine.update().totals).toMatchObject({ kept: 1860, shown: 1860 });
    const texts = one.lines().filter((text) => /^[abc] \d+$/.test(text));
    expect(texts.slice(0, 6)).toEqual(['c 0', 'b 0', 'a 0', 'c 1', 'b 1', 'a 1']);
  });
});

describe.skipIf(reasonToSkipBrowser() !== undefined)('two senders', { timeout: 60_000 }, () => {
  const play = theatre();

  test('whose lines come together are shown by time', async () => {
    const place = await play.room();
    const { page, sender } = await play.stage({}, place);
    const other = await play.sender(place.port);
    const begin = Math.floor(Date.now() / 1000) - 3;
    const at = (log: string, container: string, ms: number) => line(log, container, { time: begin + ms / 1000 });
    await sender.sendAll([at('w1', 'web', 101), at('w2', 'web', 303), at('w3', 'web', 505)]);
    await seen(page, 'w3');
    await other.sendAll([at('d1', 'db', 55), at('d2', 'db', 222), at('d3', 'db', 506)]);
    await seen(page, 'd3');
    // The first page had them one after the other: no line moves. For one that comes later they are one frame.
    expect(await lines(page)).toEqual(['w1', 'w2', 'w3', 'd1', 'd2', 'd3']);
    const { page: later } = await play.visit(place.url);
    await seen(later, 'd3');
    expect(await lines(later)).toEqual(['d1', 'w1', 'd2', 'w2', 'w3', 'd3']);
    // Both go on behind the last of them: nothing comes twice.
    sender.send(line('the last'));
    await Promise.all([seen(page, 'the last'), seen(later, 'the last')]);
    expect(await lines(later)).toEqual(['d1', 'w1', 'd2', 'w2', 'w3', 'd3', 'the last']);
  });
});
