// Events that a plug-in refuses for a fault of their own: kept until the plug-ins are done with the batch that they were part of, then sent to
// `<label @ERROR>`; where there is none, counted and logged once per code and tag. What is refused on its way through @ERROR is not sent there
// again: it would go round for ever.
import type { Batch, Emit } from '../core/batch.ts';
import type { Counters } from '../core/counters.ts';
import { type ErrorCode, errorText } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { OnceEach } from '../core/once-each.ts';
import { both } from '../core/settle.ts';
import type { Refuse } from '../plugin/context.ts';

interface Waiting {
  readonly first: Batch;
  readonly pieces: Uint8Array[];
  count: number;
}

export class Refusals {
  readonly #log: Logger;
  readonly #counters: Counters;
  readonly #said = new OnceEach();
  readonly #errors: () => Emit | undefined;
  #waiting: Waiting[] = [];
  #emitting = false;
  #inside = false;

  /** `errors` says what takes events to `<label @ERROR>`, where there is one. */
  constructor(log: Logger, counters: Counters, errors: () => Emit | undefined) {
    this.#log = log;
    this.#counters = counters;
    this.#errors = errors;
  }

  /** How the plug-in of that id refuses. */
  of(id: string): Refuse {
    return (events, code, fields) => this.#refuse(id, events, code, fields);
  }

  /** Hands a batch to `emit`, and then what was refused of it to @ERROR; both are waited for. */
  around(emit: Emit, batch: Batch): Promise<void> | undefined {
    this.#emitting = true;
    const settled = emit(batch);
    this.#emitting = false;
    return this.#waiting.length === 0 ? settled : both(settled, this.#send());
  }

  #refuse(id: string, events: Batch, code: ErrorCode, fields: Readonly<Record<string, unknown>> | undefined): void {
    this.#counters.get('forebay_refused_events_total', { id, code }).value += events.count;
    if (!this.#inside && this.#errors() !== undefined) {
      this.#keep(events);
      if (!this.#emitting) {
        // From an output that found out later: nobody waits for these any more.
        this.#send()?.catch((error) => this.#log.warn({ err: error }, 'Refused events did not reach @ERROR.'));
      }
    } else if (this.#said.first(`${code} ${events.tag.text}`)) {
      this.#log.warn({ code, tag: events.tag.text, plugin: id }, errorText(code, fields));
    }
  }

  /** Copies, because the bytes are the plug-in's; events in a row that belong together become one batch again. */
  #keep(events: Batch): void {
    const last = this.#waiting.at(-1);
    const bytes = new Uint8Array(events.entries);
    if (last?.first.tag === events.tag && last.first.origin === events.origin && last.first.acks === events.acks) {
      last.pieces.push(bytes);
      last.count += events.count;
    } else {
      this.#waiting.push({ first: events, pieces: [bytes], count: events.count });
    }
  }

  #send(): Promise<void> | undefined {
    const waiting = this.#waiting;
    this.#waiting = [];
    let settled: Promise<void> | undefined;
    const emit = this.#errors();
    this.#inside = true;
    for (const { first, pieces, count } of waiting) {
      const entries = pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
      settled = both(settled, emit?.({ ...first, entries, count }));
    }
    this.#inside = false;
    return settled;
  }
}
