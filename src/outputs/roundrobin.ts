// Gives each batch to one of several outputs, in turns, as often as their weights say. A batch that the one whose turn it is cannot take is the
// sender's, who sends it again: to the next. Starting, watching and stopping the outputs is the engine's.
import { p } from '../config/options.ts';
import type { Emit } from '../core/batch.ts';
import { defineOutput, type Output } from '../plugin/output.ts';

export default defineOutput({
  type: 'roundrobin',
  summary: 'Gives events to every <store> in turns.',
  options: {
    store: p.plugins({
      desc: 'An output.',
      kind: 'output',
      required: true,
      options: {
        weight: p.integer({ desc: 'How many turns in a row it has; with 0 it has none.', default: '1' }),
      },
    }),
  },
  check({ store: stores }, element, report) {
    for (const { own, element: store } of stores) {
      if (own.weight < 0) {
        report({
          code: 'CONFIG_VALUE_INVALID',
          severity: 'error',
          at: store.attributes.get('weight')?.valueAt ?? store.at,
          text: 'A weight below 0 has no meaning.',
          hint: 'Write 0 for a store that gets nothing.',
        });
      }
    }
    if (stores.length > 0 && stores.every(({ own }) => own.weight === 0)) {
      report({
        code: 'CONFIG_STORE_WEIGHTS',
        severity: 'error',
        at: element.at,
        text: 'All stores have weight 0: none would get events.',
        hint: 'Give one of them a weight of 1 or more.',
      });
    }
  },
  create(context, { store: stores }) {
    const weights = stores.map(({ own }) => own.weight);
    const divisor = weights.reduce(commonDivisor, 0);
    return new RoundRobinOutput(
      stores.map((section, index) => ({
        emit: context.output(section),
        turns: (weights[index] as number) / divisor,
      })),
    );
  },
});

interface Store {
  readonly emit: Emit;
  /** Of one round. */
  readonly turns: number;
}

class RoundRobinOutput implements Output {
  readonly #stores: readonly Store[];
  #turn = 0;
  #used = 0;

  /** One of them has a turn. */
  constructor(stores: readonly Store[]) {
    this.#stores = stores;
  }

  readonly emit: Emit = (batch) => this.#next().emit(batch);

  async stop(): Promise<void> {}

  #next(): Store {
    let store = this.#stores[this.#turn] as Store;
    while (this.#used >= store.turns) {
      this.#turn = (this.#turn + 1) % this.#stores.length;
      this.#used = 0;
      store = this.#stores[this.#turn] as Store;
    }
    this.#used++;
    return store;
  }
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
