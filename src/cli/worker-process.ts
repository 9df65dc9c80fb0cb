// One worker as its parent sees it: started, started again when it ends without having been asked to, and ended. What it is asked is the
// supervisor's business.
import cluster, { type Worker } from 'node:cluster';
import type { Readable } from 'node:stream';
import type { Logger } from '../core/log.ts';
import { RelayFrames, type TakeRelayed } from '../live/relay-frames.ts';
import { closeHandedOver } from './handed-over.ts';
import { passLines } from './whole-lines.ts';
import { relayDescriptor, workerVariable } from './worker-environment.ts';
import { type Answers, WorkerLink } from './worker-link.ts';
import type { WorkerStatus } from './worker-status.ts';

export interface WorkerProcessSettings {
  readonly number: number;
  readonly log: Logger;
  /** Resolves when it may open what it has. */
  turn(): Promise<void>;
  /** Answers what the worker asks. */
  answers(worker: WorkerProcess): Answers;
  /** Takes a batch for the page. */
  readonly relayed: TakeRelayed;
  /** It ended without having been asked to; it is started again. */
  ended(): void;
}

/** A worker that lived shorter than this is started again later and later, ms. */
const shortLife = 5_000;
const firstWait = 100;
const longestWait = 30_000;

export class WorkerProcess {
  readonly number: number;
  /** What it said last of itself. */
  status: WorkerStatus | undefined;
  readonly #settings: WorkerProcessSettings;
  #worker: Worker | undefined;
  #link: WorkerLink | undefined;
  #ready = Promise.withResolvers<void>();
  #isReady = false;
  #exited: Promise<void> = Promise.resolve();
  #stopping = false;
  #started = 0;
  #wait = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: WorkerProcessSettings) {
    this.#settings = settings;
    this.number = settings.number;
  }

  get pid(): number | undefined {
    return this.#worker?.process.pid;
  }

  /** Whether it takes events in. */
  get ready(): boolean {
    return this.#isReady;
  }

  /** Resolves when it takes events in; rejects where it ends before. From the second time on it is started again instead. */
  start(): Promise<void> {
    this.#fork();
    return this.#ready.promise;
  }

  /** Asks the worker; rejects where there is none now. */
  async ask(name: string, timeout?: number): Promise<unknown> {
    if (this.#link === undefined || !this.#isReady) {
      throw new Error('it does not run');
    }
    return await this.#link.ask(name, undefined, timeout);
  }

  /** Has it deliver what is under way, and resolves when it has ended; after `patience` ms it is ended. */
  async stop(patience: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    void this.#link?.ask('stop').catch(() => undefined);
    const timer = setTimeout(() => this.#worker?.process.kill('SIGKILL'), patience);
    await this.#exited;
    clearTimeout(timer);
  }

  #fork(): void {
    const { log, number, relayed } = this.#settings;
    this.#started = performance.now();
    const worker = cluster.fork({ [workerVariable]: String(number) });
    closeHandedOver(worker.process);
    const link = new WorkerLink((message) => void worker.send(message), {
      turn: () => this.#settings.turn(),
      ready: () => this.#becomesReady(),
      tell: (status: WorkerStatus) => {
        this.status = status;
      },
      ...this.#settings.answers(this),
    });
    this.#worker = worker;
    this.#link = link;
    worker.on('message', (message: Parameters<WorkerLink['receive']>[0]) => link.receive(message));
    worker.on('error', (error) => log.debug({ err: error, worker: number }, 'A message did not reach a worker.'));
    const { stdout, stdio } = worker.process;
    const printed = stdout === null ? Promise.resolve() : passLines(stdout, process.stdout);
    const frames = new RelayFrames(relayed);
    const relay = stdio[relayDescriptor] as Readable | null;
    relay?.on('data', (bytes: Buffer) => {
      if (!frames.push(bytes)) {
        relay.destroy();
      }
    });
    relay?.on('error', () => undefined);
    this.#exited = new Promise((resolve) => {
      worker.process.once('exit', (code, signal) => {
        link.close();
        void printed.then(resolve);
        this.#exit(code, signal);
      });
    });
  }

  #becomesReady(): void {
    this.#isReady = true;
    this.#settings.log.info({ worker: this.number, pid: this.pid }, 'A worker runs.');
    this.#ready.resolve();
  }

  #exit(code: number | null, signal: string | null): void {
    const wasReady = this.#isReady;
    this.#isReady = false;
    if (this.#stopping) {
      return;
    }
    const how = signal ?? `code ${code}`;
    if (!wasReady && this.#wait === 0) {
      this.#ready.promise.catch(() => undefined);
      this.#ready.reject(new Error(`Worker ${this.number} ended with ${how} before it was ready.`));
    }
    const { log, ended } = this.#settings;
    const lived = performance.now() - this.#started;
    this.#wait =
      lived >= shortLife && wasReady ? firstWait : Math.min(longestWait, Math.max(firstWait, this.#wait * 2));
    log.error(
      { code: 'WORKER_ENDED', worker: this.number, how, again: this.#wait },
      'A worker ended without having been asked to: it is started again.',
    );
    ended();
    this.#timer = setTimeout(() => this.#fork(), this.#wait);
  }
}
