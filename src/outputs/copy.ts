// Gives each event to several outputs. A batch is never changed in place, so that all of them get the same one; it is taken charge of when
// each of them has. Starting, watching and stopping them is the engine's.
import { type PluginSection, p } from '../config/options.ts';
import type { Batch, Emit } from '../core/batch.ts';
import type { Counter } from '../core/counters.ts';
import { both } from '../core/settle.ts';
import { defineOutput, type Output, type OutputContext } from '../plugin/output.ts';

const words = ['ignore_error', 'ignore_if_prev_success'] as const;

export default defineOutput({
  type: 'copy',
  summary: 'Gives each event to every <store>.',
  options: {
    store: p.plugins({
      desc: 'An output. Behind its name: ignore_error, ignore_if_prev_success.',
      kind: 'output',
      required: true,
    }),
    copy_mode: p.enum({
      desc: 'How the copies are made.',
      values: ['no_copy', 'shallow', 'deep', 'marshal'],
      ignored: 'Events are never changed in place: each store gets them as they came.',
    }),
    deep_copy: p.bool({
      desc: 'Whether copies are made.',
      deprecated: 'Remove it: each store gets the events as they came.',
    }),
  },
  check({ store: stores }, _, report) {
    for (const [index, { arg, element }] of stores.entries()) {
      if (index === 0 && saysSo(arg, 'ignore_if_prev_success')) {
        report({
          code: 'CONFIG_STORE_FIRST',
          severity: 'error',
          at: element.at,
          text: 'ignore_if_prev_success means the store before it, and before the first there is none.',
          hint: 'Move the store down, or remove the word.',
        });
      }
      const unknown = arg.split(/\s+/).filter((word) => word !== '' && !words.some((known) => known === word));
      if (unknown.length > 0) {
        report({
          code: 'CONFIG_STORE_WORD',
          severity: 'warning',
          at: element.at,
          text: `${unknown.join(' ')} has no meaning behind <store.`,
          hint: `Known are: ${words.join(', ')}.`,
        });
      }
    }
  },
  create(context, { store }) {
    return new CopyOutput(
      context,
      store.map((section) => ({
        id: section.id,
        emit: context.output(section),
        ignoresErrors: saysSo(section.arg, 'ignore_error'),
        standsIn: saysSo(section.arg, 'ignore_if_prev_success'),
      })),
    );
  },
});

function saysSo(arg: PluginSection['arg'], word: (typeof words)[number]): boolean {
  return arg.split(/\s+/).includes(word);
}

interface Store {
  readonly id: string;
  readonly emit: Emit;
  readonly ignoresErrors: boolean;
  /** Gets only what the store before it did not take. */
  readonly standsIn: boolean;
}

class CopyOutput implements Output {
  readonly #stores: readonly Store[];
  readonly #context: OutputContext;
  readonly #ignored: Counter;

  constructor(context: OutputContext, stores: readonly Store[]) {
    this.#context = context;
    this.#stores = stores;
    this.#ignored = context.counters.get('forebay_ignored_errors_total', { id: context.id });
  }

  readonly emit: Emit = (batch) => {
    let settled: Promise<void> | undefined;
    // What came of the batch in the store before, or in that one's place: a chain of stand-ins ends with the first that takes it.
    let taken: Promise<void> | undefined;
    for (let i = 0; i < this.#stores.length; i++) {
      const store = this.#stores[i] as Store;
      if (!store.standsIn) {
        taken = store.emit(batch);
      } else if (taken !== undefined) {
        taken = this.#instead(store, this.#stores[i - 1] as Store, taken, batch);
      }
      settled = both(settled, store.ignoresErrors && taken !== undefined ? this.#ignoring(store, taken) : taken);
    }
    return settled;
  };

  async stop(): Promise<void> {}

  /** Waits for what becomes of the batch in the store before, with a copy, since the view is gone by then. */
  #instead(store: Store, before: Store, taken: Promise<void>, batch: Batch): Promise<void> {
    if (!before.ignoresErrors) {
      // Its failure is the sender's, who sends the batch again.
      return taken;
    }
    const kept = { ...batch, entries: new Uint8Array(batch.entries) };
    return taken.then(
      () => undefined,
      () => store.emit(kept),
    );
  }

  #ignoring(store: Store, taken: Promise<void>): Promise<void> {
    return taken.catch((error: unknown) => {
      if (this.#ignored.value++ === 0) {
        this.#context.log.error({ store: store.id, err: error }, 'A store failed, which is ignored from now on.');
      }
    });
  }
}
