// Keeps or drops events by regular expressions on their fields. How a field is found and matched is field-test.ts's, what the configuration
// says grep-conditions.ts's; here is what follows from the answers. What is kept is copied in runs; a batch that loses nothing is passed on as
// it is.
import type { Batch } from '../core/batch.ts';
import type { ErrorCode } from '../core/errors.ts';
import { errorText } from '../core/errors.ts';
import { OnceEach } from '../core/once-each.ts';
import { Skip } from '../msgpack/skip.ts';
import { ReadView } from '../msgpack/view.ts';
import { EventView } from '../msgpack/view-event.ts';
import { answer, type FieldTest } from '../plugin/field-test.ts';
import { defineFilter, type Filter, type FilterContext } from '../plugin/filter.ts';
import { type GrepConditions, grepOptions, readConditions } from '../plugin/grep-conditions.ts';
import { KeptEvents, WasmGrep } from '../plugin/wasm-grep.ts';

export default defineFilter({
  type: 'grep',
  summary: 'Keeps or drops events by regular expressions on their fields.',
  options: grepOptions,
  check(options, element, report) {
    readConditions(options, element, report);
  },
  create(context, options) {
    return new GrepFilter(context, readConditions(options));
  },
});

/** Events that are looked at together: a regular expression is run for all of them at once. */
const blockSize = 1024;

/** What is known of an event. */
const open = 0;
const kept = 1;
const dropped = 2;
/** Decided for the group of conditions at hand. */
const passed = 3;

/** An error in the evaluation keeps the event, as in Fluentd. */
const errors: Readonly<Record<number, ErrorCode>> = {
  [answer.key]: 'FILTER_GREP_KEY',
  [answer.binary]: 'FILTER_GREP_BINARY',
  [answer.deadline]: 'FILTER_GREP_DEADLINE',
};

class GrepFilter implements Filter {
  readonly #conditions: GrepConditions;
  readonly #context: FilterContext;
  readonly #said = new OnceEach();
  readonly #fast: WasmGrep | undefined;
  /** For each batch that was given out: whether what is in it was put there by `#fast`. */
  readonly #ways: (WasmGrep | undefined)[] = [];
  readonly #kept = new KeptEvents();
  readonly #from = new ReadView();
  readonly #event = new EventView();
  readonly #skip = new Skip();
  /** Of the block's events: where they begin and the last one ends, where their records are, what is known, and the last answers. */
  readonly #starts = new Int32Array(blockSize + 1);
  readonly #records = new Int32Array(blockSize);
  readonly #states = new Uint8Array(blockSize);
  readonly #answers = new Uint8Array(blockSize);

  constructor(context: FilterContext, conditions: GrepConditions) {
    this.#context = context;
    this.#conditions = conditions;
    this.#fast = fastWay(context, conditions);
  }

  filter(batch: Batch): Batch | undefined {
    const from = this.#from;
    const kept = this.#kept;
    from.set(batch.entries);
    kept.begin(from.start);
    const fast = this.#fast?.open(batch.entries, kept) === true ? this.#fast : undefined;
    for (let at = from.start; at < from.end; ) {
      at = fast?.run(at, from.end, kept) ?? at;
      if (at < from.end) {
        at = this.#take(this.#readBlock(at, fast === undefined ? blockSize : 1), batch);
      }
    }
    let left: Batch | undefined = batch;
    if (kept.count === 0) {
      left = undefined;
    } else if (kept.count < kept.seen) {
      kept.copy(from.bytes, from.end);
      const entries = kept.out.subarray(0, kept.used);
      left = { ...batch, entries, count: kept.count, seq: batch.seq + kept.first };
    }
    if (left === undefined || left === batch) {
      fast?.leave();
    } else {
      this.#ways.push(fast);
      fast?.use();
    }
    from.forget();
    return left;
  }

  release(): void {
    this.#ways.pop()?.release();
  }

  async stop(): Promise<void> {
    this.#fast?.close();
  }

  /** Decides the events of a block; returns where the next one begins. */
  #take(events: number, batch: Batch): number {
    const kept = this.#kept;
    this.#decide(events, batch);
    for (let i = 0; i < events; i++) {
      if (this.#states[i] === dropped) {
        const [start, end] = [this.#starts[i] as number, this.#starts[i + 1] as number];
        kept.drop(this.#from.bytes, start, end, batch.entries.length);
      } else {
        kept.keep();
      }
    }
    return this.#starts[events] as number;
  }

  /** Finds the events from `at` on, at most `most`; returns how many. */
  #readBlock(at: number, most: number): number {
    const from = this.#from;
    let events = 0;
    let pos = at;
    while (events < most && pos < from.end) {
      const record = this.#event.open(from, pos);
      const next = record < 0 ? -1 : this.#skip.run(from.bytes, record, from.end);
      if (next < 0) {
        this.#skip.reset();
        throw new TypeError('An entry is not in clean form.');
      }
      this.#starts[events] = pos;
      this.#records[events] = record;
      this.#states[events] = open;
      events++;
      pos = next;
    }
    this.#starts[events] = pos;
    return events;
  }

  #decide(events: number, batch: Batch): void {
    const { regexpAnd, regexpOr, excludeAnd, excludeOr } = this.#conditions;
    this.#group(events, batch, regexpAnd, answer.no, dropped, open);
    this.#group(events, batch, regexpOr, answer.yes, passed, dropped);
    this.#group(events, batch, excludeAnd, answer.no, passed, dropped);
    this.#group(events, batch, excludeOr, answer.yes, dropped, open);
  }

  /** An event for which a condition gives the answer `decides` becomes `decided`, one for which none does `undecided`. */
  #group(
    events: number,
    batch: Batch,
    tests: readonly FieldTest[],
    decides: number,
    decided: number,
    undecided: number,
  ): void {
    if (tests.length === 0) {
      return;
    }
    const states = this.#states;
    const answers = this.#answers;
    for (const test of tests) {
      test.run(this.#from, this.#records, events, states, answers);
      for (let i = 0; i < events; i++) {
        if (states[i] === open) {
          const given = answers[i] as number;
          if (given > answer.yes) {
            states[i] = kept;
            this.#warn(given, test, batch);
          } else if (given === decides) {
            states[i] = decided;
          }
        }
      }
    }
    for (let i = 0; i < events; i++) {
      if (states[i] === open) {
        states[i] = undecided;
      } else if (states[i] === passed) {
        states[i] = open;
      }
    }
  }

  #warn(given: number, test: FieldTest, batch: Batch): void {
    const code = errors[given] ?? 'FILTER_FAILED';
    this.#context.counters.get('forebay_filter_errors_total', { id: this.#context.id, code }).value++;
    const key = test.path.text;
    if (this.#said.first(`${code} ${key} ${batch.tag.text}`)) {
      const pattern = `/${test.pattern.source}/`;
      this.#context.log.warn({ code, tag: batch.tag.text }, errorText(code, { key, pattern }));
    }
  }
}

/** Where there is one condition, it may be one for the module. */
function fastWay(context: FilterContext, conditions: GrepConditions): WasmGrep | undefined {
  const { regexpAnd, regexpOr, excludeAnd, excludeOr } = conditions;
  const [test, ...more] = [...regexpAnd, ...regexpOr, ...excludeAnd, ...excludeOr];
  return test === undefined || more.length > 0
    ? undefined
    : WasmGrep.of(context.wasm, test, regexpAnd.length + regexpOr.length > 0);
}
