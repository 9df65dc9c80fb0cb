// The list's bookkeeping: which events are in it, and where it is scrolled to.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Metrics, Position } from '../../src/page/position.ts';
import { View } from '../../src/page/view.ts';
import { runs } from './runs.ts';

describe('the view', () => {
  test('equals a sorted list, whatever blocks come and go', () => {
    const block = fc.record({
      at: fc.nat(20),
      count: fc.integer({ min: 1, max: 100 }),
      seed: fc.nat(),
      all: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(block, { maxLength: 40 }), fc.nat(2500), (blocks, drop) => {
        const view = new View();
        const model = new Map<number, number[]>();
        for (const { at, count, seed, all } of blocks) {
          const first = at * 100;
          const bits = new Uint32Array(4);
          const rows: number[] = [];
          for (let row = 0; row < count; row++) {
            if (all || (Math.imul(seed + row, 0x9e3779b1) >>> 30) % 2 === 0) {
              bits[row >> 5] = (bits[row >> 5] ?? 0) | (1 << (row & 31));
              rows.push(first + row);
            }
          }
          view.put({ first, count, shown: rows.length, bits: all ? undefined : bits });
          model.set(first, rows);
        }
        const check = () => {
          const ids = [...model].sort(([a], [b]) => a - b).flatMap(([, rows]) => rows);
          expect(Array.from({ length: view.length }, (_, index) => view.at(index))).toEqual(ids);
          for (let id = -1; id < 2100; id += 7) {
            const place = ids.findIndex((each) => each >= id);
            expect([id, view.place(id)]).toEqual([id, place < 0 ? ids.length : place]);
            expect(view.has(id)).toBe(ids.includes(id));
          }
        };
        check();
        view.dropBefore(drop);
        for (const first of [...model.keys()].filter((one) => one < drop)) {
          model.delete(first);
        }
        check();
        view.clear();
        expect(view.length).toBe(0);
      }),
      { numRuns: runs(100) },
    );
  });
});

/** Rows with ids 10, 20, 30 … and heights given by a list that repeats. */
function metrics(length: number, heights: readonly number[], height = 100): Metrics {
  return {
    length,
    height,
    rowHeight: 20,
    idAt: (index) => (index + 1) * 10,
    placeOf: (id) => Math.min(length, Math.max(0, Math.ceil(id / 10) - 1)),
    heightOf: (index) => heights[index % heights.length] ?? 20,
  };
}

describe('the position', () => {
  /** Pixels above the edge, counted from the list's beginning. */
  const pixels = (position: Position, heights: readonly number[]) => {
    let sum = position.offset;
    for (let n = 0; n < position.index; n++) {
      sum += heights[n % heights.length] ?? 20;
    }
    return sum;
  };

  test('moving by pixels is exact, whatever the heights, and stops at the beginning', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 7 }),
        fc.array(fc.integer({ min: -400, max: 400 }), { maxLength: 30 }),
        (heights, moves) => {
          const position = new Position(metrics(500, heights));
          position.set(250, 0);
          let expected = pixels(position, heights);
          for (const by of moves) {
            position.move(by);
            expected = Math.max(0, expected + by);
            expect(pixels(position, heights)).toBe(expected);
          }
        },
      ),
    );
  });

  test('the end is where the last row ends at the lower edge', () => {
    const position = new Position(metrics(10, [20, 50]));
    position.toEnd();
    // 350 pixels of rows, 100 of screen.
    expect(pixels(position, [20, 50])).toBe(250);
    expect(position.isAtEnd()).toBe(true);
    position.move(-1);
    expect(position.isAtEnd()).toBe(true);
    position.move(-1);
    expect(position.isAtEnd()).toBe(false);
  });

  test('a list that fits stands at its beginning', () => {
    const position = new Position(metrics(3, [20]));
    position.toEnd();
    expect([position.index, position.offset]).toEqual([0, 0]);
    expect(new Position(metrics(0, [20])).end()).toEqual({ index: 0, offset: 0 });
  });

  test('what goes before the top moves nothing', () => {
    let gone = 0;
    const all = metrics(100, [20]);
    const shrinking: Metrics = {
      ...all,
      get length() {
        return 100 - gone;
      },
      idAt: (index) => all.idAt(index + gone),
      placeOf: (id) => Math.max(0, all.placeOf(id) - gone),
    };
    const position = new Position(shrinking);
    position.set(50, 7);
    const before = position.top;
    gone = 30;
    expect([position.top, position.index, position.offset]).toEqual([before, 20, 7]);
  });

  test('a row is brought into sight by as little as is needed', () => {
    const position = new Position(metrics(100, [20]));
    position.set(50, 10);
    position.bringIntoSight(52);
    expect([position.index, position.offset]).toEqual([50, 10]);
    position.bringIntoSight(55);
    expect([position.index, position.offset]).toEqual([51, 0]);
    position.bringIntoSight(48);
    expect([position.index, position.offset]).toEqual([48, 0]);
  });

  test('a share is a place between beginning and end', () => {
    const position = new Position(metrics(105, [20]));
    position.toShare(0.5);
    expect(position.index).toBe(50);
    position.toShare(2);
    expect(position.isAtEnd()).toBe(true);
    position.toShare(-1);
    expect(position.index).toBe(0);
  });
});
