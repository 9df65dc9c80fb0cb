// The pages that workers feed: opened here once for all of them, and fed with what they relay.
import type { Batch } from '../core/batch.ts';
import { ForebayError } from '../core/errors.ts';
import type { HttpAddress } from '../http/address.ts';
import type { TapPlace } from '../live/hub.ts';
import { type PageViewer, pageAt, type ViewerContext } from '../live/viewer.ts';
import type { ViewerOptions } from '../live/viewer-options.ts';
import type { Answers } from './worker-link.ts';

interface OpenRequest {
  readonly index: number;
  readonly address: HttpAddress;
  readonly options: ViewerOptions | undefined;
}

/** A viewer that other workers still feed with other options is waited for so long, ms: all of them reload at once. */
const patience = 10_000;
const lastTime = 2_000;
/** The numbers of events tell workers apart, and those that were started again: so many numbers each has, at most 256 of them in turns. */
const numbersEach = 2 ** 40;

interface Fed {
  readonly viewer: PageViewer;
  /** Who feeds it: the same through all lives of a worker, so that the page stays when one is started again. */
  readonly user: object;
}

export class WorkerPages {
  readonly #context: ViewerContext;
  /** By worker and its index. */
  readonly #fed = new Map<string, Fed & { readonly numbersFrom: number }>();
  readonly #users = new Map<string, Fed>();
  #lives = 0;

  constructor(context: ViewerContext) {
    this.#context = context;
  }

  /** What a worker may ask, that was started just now. */
  answersFor(worker: number): Answers {
    const numbersFrom = (this.#lives++ % 256) * numbersEach;
    return {
      open: (request: OpenRequest) => this.#open(worker, request, numbersFrom),
      close: ({ index }: { readonly index: number }) => this.#close(worker, index),
    };
  }

  take(worker: number, index: number, batch: Batch, place: TapPlace): void {
    const fed = this.#fed.get(`${worker} ${index}`);
    if (fed !== undefined) {
      batch.seq += fed.numbersFrom;
      fed.viewer.relay(batch, place);
    }
  }

  async stop(): Promise<void> {
    const signal = AbortSignal.timeout(lastTime);
    await Promise.all([...this.#users.values()].map(({ viewer, user }) => viewer.stop(signal, user)));
  }

  async #open(worker: number, { index, address, options }: OpenRequest, numbersFrom: number): Promise<void> {
    const viewer = await this.#viewer(address, options);
    const name = `${worker} ${address.host}:${address.port}`;
    const before = this.#users.get(name);
    const user = before?.viewer === viewer ? before.user : {};
    this.#users.set(name, { viewer, user });
    try {
      await viewer.start(user);
    } catch (error) {
      this.#users.delete(name);
      await viewer.stop(AbortSignal.abort(), user);
      throw error;
    }
    this.#fed.set(`${worker} ${index}`, { viewer, user, numbersFrom });
  }

  /** The viewer of an address; where it has other options, it is waited for until nobody feeds it any more. */
  async #viewer(address: HttpAddress, options: ViewerOptions | undefined): Promise<PageViewer> {
    const late = performance.now() + patience;
    for (;;) {
      try {
        return pageAt(this.#context, address, options);
      } catch (error) {
        const left = late - performance.now();
        if (!(error instanceof ForebayError) || left <= 0) {
          throw error;
        }
        await within(left, pageAt(this.#context, address).closed);
      }
    }
  }

  async #close(worker: number, index: number): Promise<void> {
    const key = `${worker} ${index}`;
    const fed = this.#fed.get(key);
    this.#fed.delete(key);
    if (fed === undefined) {
      return;
    }
    for (const [name, { viewer, user }] of this.#users) {
      if (viewer === fed.viewer && user === fed.user) {
        this.#users.delete(name);
      }
    }
    await fed.viewer.stop(AbortSignal.timeout(lastTime), fed.user);
  }
}

async function within(time: number, promise: Promise<void>): Promise<void> {
  const timer = Promise.withResolvers<void>();
  const timeout = setTimeout(timer.resolve, time);
  await Promise.race([promise, timer.promise]);
  clearTimeout(timeout);
}
