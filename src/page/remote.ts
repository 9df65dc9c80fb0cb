// The worker as the page sees it: what it is told, what it answers, and the events that have come from it, of which the last few thousand are
// held here for the rows.
import type { Held } from './held.ts';
import type { Answers, FromWorker, Question, ToWorker } from './wire.ts';

const mostHeld = 4000;
/** The worker has ended, or is of no use any more. */
export interface Failed {
  readonly op: 'failed';
}

/** Ms after which a worker whose script did not come is asked for again. */
const patience = 1000;

export class Remote {
  readonly #take: (message: FromWorker | Failed) => void;
  #worker: Worker;
  /** What it was told before it said its first word, to tell it again to the one in its place; undefined from then on. */
  #told: ToWorker[] | undefined = [];
  readonly #held = new Map<number, Held>();
  /** Events that have been asked for. */
  readonly #wanted = new Set<number>();
  readonly #questions = new Map<number, (answer: Answers[keyof Answers]) => void>();
  #request = 0;

  /** `take` gets all that is not an answer. */
  constructor(take: (message: FromWorker | Failed) => void) {
    this.#take = take;
    this.#worker = this.#open();
  }

  #open(): Worker {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#heard(data);
    worker.onerror = () => this.#failed(worker);
    return worker;
  }

  /** Its script did not come, as where a connection was cut: it is asked for again. Later on it has an error that nobody expected. */
  #failed(worker: Worker): void {
    if (this.#told === undefined) {
      this.#take({ op: 'failed' });
      return;
    }
    worker.terminate();
    setTimeout(() => {
      this.#worker = this.#open();
      for (const message of this.#told ?? []) {
        this.#worker.postMessage(message);
      }
    }, patience);
  }

  #heard(data: FromWorker): void {
    this.#told = undefined;
    if (data.op === 'answer') {
      const answered = this.#questions.get(data.request);
      this.#questions.delete(data.request);
      answered?.(data.answer);
      return;
    }
    if (data.op === 'rows') {
      for (const id of data.missing) {
        this.#wanted.delete(id);
      }
      this.keep(data.rows);
    } else if (data.op === 'update') {
      this.keep(data.rows);
      this.keep(data.touched);
    }
    this.#take(data);
  }

  tell(message: ToWorker): void {
    this.#told?.push(message);
    this.#worker.postMessage(message);
  }

  ask<Q extends Question>(what: Q): Promise<Answers[Q['kind']]> {
    const request = ++this.#request;
    this.tell({ op: 'ask', request, what });
    return new Promise((resolve) => {
      this.#questions.set(request, (answer) => resolve(answer as Answers[Q['kind']]));
    });
  }

  get(id: number): Held | undefined {
    return this.#held.get(id);
  }

  want(ids: readonly number[]): void {
    const fresh = [...new Set(ids)].filter((id) => !this.#wanted.has(id));
    if (fresh.length > 0) {
      for (const id of fresh) {
        this.#wanted.add(id);
      }
      this.tell({ op: 'rows', ids: fresh });
    }
  }

  keep(rows: readonly Held[]): void {
    for (const held of rows) {
      // The one that came last stands last.
      this.#held.delete(held.id);
      this.#held.set(held.id, held);
      this.#wanted.delete(held.id);
    }
    for (const id of this.#held.keys()) {
      if (this.#held.size <= mostHeld) {
        break;
      }
      this.#held.delete(id);
    }
  }
}
