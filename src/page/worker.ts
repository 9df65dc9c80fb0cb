// The worker: has the connection and the engine, and tells the page what has changed, when it has asked for more and pace.ts says so. Works
// on in slices, so that it answers at once also while it searches.
import { frameDropped } from '../live/protocol.ts';
import { beat, Engine } from './columns/engine.ts';
import { loadKernel } from './columns/kernel.ts';
import { Connection } from './connection.ts';
import { Pace } from './pace.ts';
import type { FromWorker, Keeping, ToWorker } from './wire.ts';

/** Ms that a slice of the search may take. */
const slice = 8;

class Room {
  readonly #engine: Engine;
  readonly #connection: Connection;
  readonly #pace = new Pace();
  /** Whether there is something that the page has not been told. */
  #changed = false;
  #isWaiting = false;
  readonly #turns = new MessageChannel();
  #hasTurn = false;

  constructor(address: string, keeping: Keeping) {
    const engine = new Engine(kernel, keeping, () => Date.now());
    this.#engine = engine;
    this.#connection = new Connection(address, {
      link: (link) => {
        if (link.kind === 'away' || link.kind === 'stopped') {
          engine.away(link.since);
        }
        say({ op: 'link', link });
      },
      hello: (hello, resumed) => {
        engine.hello(hello, resumed);
        say({ op: 'hello', hello });
        this.#tell();
      },
      frame: (bytes) => {
        const next = engine.frame(bytes, frameDropped(bytes));
        this.#tell();
        this.#turn();
        return next;
      },
      state: ({ holding }) => say({ op: 'holding', sentences: holding }),
      refused: () => say({ op: 'refused' }),
    });
    this.#turns.port1.onmessage = () => {
      this.#hasTurn = false;
      this.#work();
    };
    setInterval(() => {
      engine.beat();
      this.#connection.check(Date.now());
      this.#tell();
    }, beat);
    this.#connection.start();
  }

  take(message: ToWorker): void {
    switch (message.op) {
      case 'start':
        this.#connection.start();
        return;
      case 'stop':
        this.#connection.stop();
        return;
      case 'hurry':
        this.#connection.hurry();
        return;
      case 'keep':
        this.#engine.keep(message.keeping);
        this.#tell();
        return;
      case 'more':
        this.#pace.asked(performance.now());
        if (this.#changed) {
          this.#tell();
        }
        return;
      case 'filter':
        this.#engine.filter(message.text, message.now, message.generation, message.until);
        this.#tell();
        this.#turn();
        return;
      case 'facets':
        this.#engine.facets(message.names);
        this.#tell();
        this.#turn();
        return;
      case 'tail':
        this.#engine.tail(message.rows);
        return;
      case 'rows':
        say({ op: 'rows', ...this.#engine.rows(message.ids) });
        return;
      default:
        say({ op: 'answer', request: message.request, answer: this.#engine.answer(message.what) });
    }
  }

  #tell(): void {
    const now = performance.now();
    const { next } = this.#engine.columns;
    const wait = this.#pace.wait(now, next);
    this.#changed = wait !== 0;
    if (wait === 0) {
      this.#pace.told(now, next);
      say(this.#engine.update());
    } else if (wait !== undefined && !this.#isWaiting) {
      this.#isWaiting = true;
      setTimeout(() => {
        this.#isWaiting = false;
        if (this.#changed) {
          this.#tell();
        }
      }, wait);
    }
  }

  #turn(): void {
    if (!this.#hasTurn && this.#engine.running) {
      this.#hasTurn = true;
      this.#turns.port2.postMessage(undefined);
    }
  }

  #work(): void {
    if (this.#engine.running) {
      this.#engine.work(performance.now() + slice);
      this.#tell();
      this.#turn();
    }
  }
}

const scope = self as unknown as {
  postMessage(message: FromWorker): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
};
/** Made while the page is still drawn. */
const kernel = loadKernel();
let room: Room | undefined;
/** What is asked before the room is there: the query of the address. */
const early: ToWorker[] = [];

function say(message: FromWorker): void {
  scope.postMessage(message);
}

scope.onmessage = ({ data }) => {
  if (room === undefined && data.op === 'start') {
    room = new Room(data.address, data.keeping);
    for (const message of early.splice(0)) {
      room.take(message);
    }
  } else if (room === undefined) {
    early.push(data);
  } else {
    room.take(data);
  }
};
