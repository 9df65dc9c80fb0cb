// The list's bookkeeping: which events are in it, and where it is scrolled to.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Metrics, Position } from '../../src/page/position.ts';
import { View } from '../../src/page/view.ts';

const content = (view: View) => Array.from({ length: view.length }, (_, index) => view.at(index));

describe('the view', () => {
  test('equals a sorted list, whatever is done to it', () => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant('push' as const), by: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ kind: fc.constant('unshift' as const), by: fc.integer({ min: 1, max: 900 }) }),
      fc.record({ kind: fc.constant('set' as const), by: fc.integer({ min: 0, max: 4000 }), shown: fc.boolean() }),
      fc.record({ kind: fc.constant('drop' as const), by: fc.integer({ min: 0, max: 50 }) }),
      fc.record({ kind: fc.constant('clear' as const), by: fc.constant(0) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const view = new View();
        let model: number[] = [];
        let low = 100_000;
        let high = low;
        for (const one of actions) {
          if (one.kind === 'push') {
            high += one.by;
            view.push(high);
            model.push(high);
          } else if (one.kind === 'unshift') {
            const added = Array.from({ length: one.by }, () => --low);
            view.unshift(added);
            model.unshift(...added.toReversed());
          } else if (one.kind === 'set') {
            const id = low + one.by;
            high = Math.max(high, id);
            view.set(id, one.shown);
            model = model.filter((each) => each !== id);
            if (one.shown) {
              model = [...model, id].sort((a, b) => a - b);
            }
          } else if (one.kind === 'drop') {
            view.dropBefore(low + one.by);
            model = model.filter((each) => each >= low + one.by);
            low = Math.min(low + one.by, high);
          } else {
            view.clear();
            model = [];
          }
        }
        expect(content(view)).toEqual(model);
        for (const id of model.slice(0, 20)) {
          expect(view.has(id)).toBe(true);
          expect(view.at(view.place(id))).toBe(id);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a million events at its end cost little memory once the oldest are dropped', () => {
    const view = new View();
    for (let id = 0; id < 1_000_000; id++) {
      view.push(id);
      if (id % 1000 === 0) {
        view.dropBefore(id - 5000);
      }
    }
    expect(view.at(0)).toBeGreaterThan(990_000);
    expect(view.length).toBeLessThan(7000);
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
