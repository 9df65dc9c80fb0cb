// The worker as the page sees it: what it is told, what it answers, and the events that have come from it, of which the last few thousand are
// held here for the rows.
import type { Held } from './held.ts';
import type { Answers, FromWorker, Question, ToWorker } from './wire.ts';

const mostHeld = 4000;

export class Remote {
  readonly #worker: Worker;
  readonly #held = new Map<number, Held>();
  /** Events that have been asked for. */
  readonly #wanted = new Set<number>();
  readonly #questions = new Map<number, (answer: Answers[keyof Answers]) => void>();
  #request = 0;

  /** `take` gets all that is not an answer. */
  constructor(take: (message: FromWorker) => void) {
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
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
      take(data);
    };
  }

  tell(message: ToWorker): void {
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
