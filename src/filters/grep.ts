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
  }

  filter(batch: Batch): Batch | undefined {
    const from = this.#from;
    from.set(batch.entries);
    let out: Uint8Array | undefined;
    let used = 0;
    let seen = 0;
    let count = 0;
    let first = -1;
    // Where the run of kept events begins that the next event may belong to.
    let run = from.start;
    for (let at = from.start; at < from.end; ) {
      const events = this.#readBlock(at);
      this.#decide(events, batch);
      for (let i = 0; i < events; i++, seen++) {
        if (this.#states[i] === dropped) {
          const start = this.#starts[i] as number;
          // Filled by nobody before: only what is written is ever shown.
          out ??= Buffer.allocUnsafeSlow(batch.entries.length);
          out.set(from.bytes.subarray(run, start), used);
          used += start - run;
          run = this.#starts[i + 1] as number;
        } else {
          first = first < 0 ? seen : first;
          count++;
        }
      }
      at = this.#starts[events] as number;
    }
    let left: Batch | undefined = batch;
    if (out !== undefined) {
      out.set(from.bytes.subarray(run, from.end), used);
      used += from.end - run;
      left = count === 0 ? undefined : { ...batch, entries: out.subarray(0, used), count, seq: batch.seq + first };
    }
    from.forget();
    return left;
  }

  /** Finds the events from `at` on, as many as a block holds; returns how many. */
  #readBlock(at: number): number {
    const from = this.#from;
    let events = 0;
    let pos = at;
    while (events < blockSize && pos < from.end) {
      const record = this.#event.open(from, pos);
      const next = record < 0 ? -1 : this.#skip.run(from.bytes, record, from.end);
      if (next < 0) {
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
