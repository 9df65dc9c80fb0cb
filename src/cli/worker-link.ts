// How the process that has the workers and each of them talk: questions by name, each with one answer. What the questions mean is for those who
// answer them.
import { type ErrorCode, ForebayError } from '../core/errors.ts';

type Message =
  | { readonly kind: 'ask'; readonly id: number; readonly name: string; readonly body: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly body: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: Failure };

interface Failure {
  readonly message: string;
  readonly code: ErrorCode | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Answers a question; what it throws is thrown where it was asked. */
export type Answers = Readonly<Record<string, (body: never) => unknown>>;

interface Waiting {
  readonly answer: PromiseWithResolvers<unknown>;
  readonly timer: NodeJS.Timeout | undefined;
}

export class WorkerLink {
  readonly #send: (message: Message) => void;
  readonly #answers: Answers;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #closed = false;

  /** `send` throws, or loses the message, where there is nobody any more. */
  constructor(send: (message: Message) => void, answers: Answers) {
    this.#send = send;
    this.#answers = answers;
  }

  /** Asks, and resolves with the answer; rejects with what was thrown there, or after `timeout` ms. */
  ask(name: string, body?: unknown, timeout?: number): Promise<unknown> {
    const id = this.#next++;
    const answer = Promise.withResolvers<unknown>();
    const late = () => this.#settle(id)?.answer.reject(new Error(`no answer within ${(timeout ?? 0) / 1000} s`));
    const timer = timeout === undefined ? undefined : setTimeout(late, timeout);
    this.#waiting.set(id, { answer, timer });
    if (this.#closed) {
      this.close();
    } else {
      this.#write({ kind: 'ask', id, name, body });
    }
    return answer.promise;
  }

  /** Takes a message of the other side. */
  receive(message: Message): void {
    if (message.kind === 'ask') {
      void this.#answer(message.id, message.name, message.body);
    } else {
      const waiting = this.#settle(message.id);
      if (message.kind === 'answer') {
        waiting?.answer.resolve(message.body);
      } else {
        waiting?.answer.reject(errorOf(message.failure));
      }
    }
  }

  /** The other side is gone: nobody answers any more. */
  close(): void {
    this.#closed = true;
    for (const id of [...this.#waiting.keys()]) {
      this.#settle(id)?.answer.reject(new Error('it has ended'));
    }
  }

  async #answer(id: number, name: string, body: unknown): Promise<void> {
    try {
      this.#write({ kind: 'answer', id, body: await this.#answers[name]?.(body as never) });
    } catch (error) {
      const { code, fields } = error instanceof ForebayError ? error : { code: undefined, fields: {} };
      this.#write({ kind: 'failure', id, failure: { message: (error as Error).message, code, fields } });
    }
  }

  #write(message: Message): void {
    try {
      this.#send(message);
    } catch {
      this.close();
    }
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(waiting?.timer);
    return waiting;
  }
}

function errorOf({ message, code, fields }: Failure): Error {
  return code === undefined ? new Error(message) : new ForebayError(code, fields);
}
