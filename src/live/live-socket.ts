// One websocket of the live stream: what its client says, and its reader's frames, one under way at a time, so that a client that is slow or
// stands still costs no memory here. What a frame holds is reader.ts's.
import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import type { Counter } from '../core/counters.ts';
import { parseTagPattern, type TagPattern } from '../routing/tag-pattern.ts';
import { type Hub, isFull } from './hub.ts';
import { type Hello, readClientMessage, type ServerMessage, type Start, type State } from './protocol.ts';
import type { OutFrame, Reader, Wanted } from './reader.ts';

export interface LiveSocketSettings {
  readonly hub: Hub;
  readonly hello: Hello;
  readonly dropped: Counter;
  /** The connection below the websocket. */
  readonly connection: Duplex;
  /** Patterns of the tags that the client may see; undefined: all. Checked before. */
  readonly allowed?: string | undefined;
  /** Messages and pings that a client may send in `messageTime`. */
  readonly messages: number;
  /** Told of what is wrong with the client. */
  noticed(code: ReaderFault): void;
}

export type ReaderFault = 'MESSAGE_TOO_LARGE' | 'MESSAGES_LIMIT' | 'READER_BEHIND';

/** ms. */
const messageTime = 10_000;
/** Bytes that one client may take before others get their turn. */
const turnBytes = 1024 * 1024;
/** A client that answers no ping for this long, ms, is gone. */
const patience = 60_000;
const longestPattern = 1000;
/** Tags whose match is remembered. */
const maxTags = 10_000;

export class LiveSocket {
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  readonly #settings: LiveSocketSettings;
  readonly #reader: Reader;
  readonly #allowed: Wanted | undefined;
  #underWay: OutFrame | undefined;
  #sentAny = false;
  #turn = 0;
  #messages = 0;
  #messagesFrom = 0;
  #heard = performance.now();
  #drained: (() => void) | undefined;

  constructor(socket: WebSocket, settings: LiveSocketSettings) {
    this.#socket = socket;
    this.#settings = settings;
    const { hub, hello } = settings;
    this.#reader = hub.open(() => this.#pump());
    this.#allowed = settings.allowed === undefined ? undefined : allowedBy(settings.allowed);
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        hub.close(this.#reader);
        this.#drained?.();
        resolve();
      });
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (/^WS_ERR_UNSUPPORTED_(?:MESSAGE|DATA_PAYLOAD)_LENGTH$/.test(error.code ?? '')) {
        settings.noticed('MESSAGE_TOO_LARGE');
      }
      socket.terminate();
    });
    socket.on('message', (data, isBinary) => this.#message(data, isBinary));
    socket.on('ping', (data: Buffer) => {
      if (this.#mayTalk() && socket.bufferedAmount < turnBytes) {
        socket.pong(data);
      }
    });
    socket.on('pong', () => {
      this.#heard = performance.now();
    });
    this.#say(hello);
  }

  /** Sends how the server is. */
  tell(state: State): void {
    this.#say(state);
  }

  /** Asks whether the client is still there; one that has not answered for long is closed. */
  ask(): void {
    if (performance.now() - this.#heard > patience) {
      this.#socket.terminate();
    } else {
      this.#socket.ping();
    }
  }

  /** Sends what is left, until `signal` aborts, and closes. */
  async stop(signal: AbortSignal): Promise<void> {
    if (this.#underWay !== undefined || this.#reader.ready) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
        if (signal.aborted) {
          resolve();
        }
        this.#pump();
      });
    }
    this.#socket.close(1001, 'The collector stops.');
    const timer = setTimeout(() => this.#socket.terminate(), 500);
    await this.closed;
    clearTimeout(timer);
  }

  #say(message: ServerMessage): void {
    this.#socket.send(JSON.stringify(message), () => {});
  }

  #message(data: RawData, isBinary: boolean): void {
    if (!this.#mayTalk()) {
      return;
    }
    const message = isBinary ? undefined : readClientMessage(String(data));
    if (message === undefined) {
      this.#socket.close(1008, 'A message that is none of this protocol.');
    } else if (message.op === 'pause') {
      this.#reader.pause();
    } else {
      this.#start(message);
    }
  }

  #start({ since, stream, match }: Start): void {
    const asked = match === undefined ? undefined : compileWanted(match);
    if (typeof asked === 'string') {
      this.#say({ type: 'error', code: 'MATCH_INVALID', text: asked });
      return;
    }
    const allowed = this.#allowed;
    const wanted = allowed && asked ? (tag: Uint8Array) => allowed(tag) && asked(tag) : (allowed ?? asked);
    // Positions of an earlier run of the server say nothing about this one.
    const here = stream === undefined || stream === this.#settings.hub.stream;
    this.#reader.start(here || since === 'now' ? since : undefined, wanted);
    this.#pump();
  }

  /** False, and the connection is closed, where a client talks without end. */
  #mayTalk(): boolean {
    const now = performance.now();
    this.#heard = now;
    if (now - this.#messagesFrom > messageTime) {
      this.#messagesFrom = now;
      this.#messages = 0;
    }
    if (++this.#messages <= this.#settings.messages) {
      return true;
    }
    if (this.#socket.readyState === this.#socket.OPEN) {
      this.#settings.noticed('MESSAGES_LIMIT');
    }
    this.#socket.close(1008, 'Too many messages.');
    return false;
  }

  #pump(): void {
    if (this.#underWay !== undefined || this.#socket.readyState !== this.#socket.OPEN) {
      return;
    }
    const frame = this.#reader.take();
    if (frame === undefined) {
      this.#drained?.();
      return;
    }
    this.#underWay = frame;
    this.#settings.dropped.value += frame.dropped;
    // What the first frame lacks was gone before.
    if (frame.dropped > 0 && this.#sentAny) {
      this.#settings.noticed('READER_BEHIND');
    }
    this.#sentAny = true;
    const { connection } = this.#settings;
    const last = frame.parts.length - 1;
    // One message in fragments: nothing is copied, and all of it goes to the kernel at once.
    connection.cork();
    for (const [index, part] of frame.parts.entries()) {
      this.#socket.send(part, { binary: true, fin: index === last }, index === last ? this.#sent : () => {});
    }
    connection.uncork();
  }

  readonly #sent = (error?: Error | null): void => {
    const frame = this.#underWay;
    this.#underWay = undefined;
    frame?.done();
    if (error != null) {
      return;
    }
    this.#turn += frame?.size ?? 0;
    if (!isFull(this.#reader) && this.#drained === undefined) {
      this.#turn = 0;
      if (this.#reader.ready) {
        this.#settings.hub.schedule();
      }
    } else if (this.#turn < turnBytes) {
      this.#pump();
    } else {
      this.#turn = 0;
      setImmediate(() => this.#pump());
    }
  };
}

/** Which tags fit a pattern, or why it is none. Regular expressions are not taken: whoever may look may not choose how long that lasts. */
function compileWanted(match: string): Wanted | string {
  if (match.length > longestPattern) {
    return `A pattern has at most ${longestPattern} characters.`;
  }
  if (/(?:^|\s)\//.test(match)) {
    return 'A pattern with a regular expression is not taken here.';
  }
  const parsed = parseTagPattern(match);
  if (!parsed.ok) {
    return `${parsed.problem.text} ${parsed.problem.hint}`;
  }
  return wantedBy(parsed.pattern);
}

/** What a configuration lets a client see: nothing where the pattern is none. */
function allowedBy(tags: string): Wanted {
  const parsed = parseTagPattern(tags);
  return parsed.ok ? wantedBy(parsed.pattern) : () => false;
}

function wantedBy(pattern: TagPattern): Wanted {
  const known = new Map<string, boolean>();
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  return (tag) => {
    const text = utf8.decode(tag);
    let fits = known.get(text);
    if (fits === undefined) {
      fits = pattern.matches(text) === true;
      if (known.size < maxTags && text.length <= longestPattern) {
        known.set(text, fits);
      }
    }
    return fits;
  };
}
