// The worker: has the connection and the engine, and tells the page what has changed, when it has asked for more. Works on in slices, so
// that it answers at once also while it searches.
import { frameDropped } from '../live/protocol.ts';
import { beat, Engine } from './columns/engine.ts';
import { loadKernel } from './columns/kernel.ts';
import { Connection } from './connection.ts';
import type { FromWorker, Keeping, ToWorker } from './wire.ts';

/** Ms that a slice of the search may take. */
const slice = 8;

class Room {
  readonly #engine: Engine;
  readonly #connection: Connection;
  /** Whether the page has asked for more than it was told. */
  #isAsked = true;
  #changed = false;
  readonly #turns = new MessageChannel();
  #hasTurn = false;

  constructor(address: string, keeping: Keeping) {
    const engine = new Engine(loadKernel(), keeping, () => Date.now());
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
        this.#isAsked = true;
        if (this.#changed) {
          this.#tell();
        }
        return;
      case 'filter':
        this.#engine.filter(message.text, message.now, message.generation, message.until);
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
    this.#changed = !this.#isAsked;
    if (this.#isAsked) {
      this.#isAsked = false;
      say(this.#engine.update());
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
      this.#engine.search.run(performance.now() + slice);
      this.#tell();
      this.#turn();
    }
  }
}

const scope = self as unknown as {
  postMessage(message: FromWorker): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
};
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
