// The websocket: connects, asks for what comes after the last event it got, and connects again for as long as it takes. What the messages
// hold is for who listens.
import { type Hello, livePath, protocolVersion, readServerMessage, type Start, type State } from '../live/protocol.ts';

export type Link =
  | { readonly kind: 'connecting' | 'connected' | 'version' }
  /** Ms since the epoch. */
  | { readonly kind: 'away' | 'stopped'; readonly since: number };

export interface ConnectionEvents {
  link(link: Link): void;
  /** A stream begins: the same as before or another one. */
  hello(hello: Hello, resumed: boolean): void;
  /** A frame's bytes; the position behind the last of its events is given back, where it has one. */
  frame(bytes: Uint8Array): number | undefined;
  state(state: State): void;
  /** The server refuses, or is not there. */
  refused(): void;
}

const firstWait = 250;
const longestWait = 5000;
/** The server says something every 5 s; a connection that says nothing for so long is dead. */
const silence = 16_000;
/** The server's word that it is going: RFC 6455, 7.4.1. */
const goingAway = 1001;

export class Connection {
  readonly #address: string;
  readonly #on: ConnectionEvents;
  #socket: WebSocket | undefined;
  #stopped = true;
  #wait = firstWait;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #heard = 0;
  #since = 0;
  #stream: string | undefined;
  #next: number | undefined;

  /** `address` is the page's. */
  constructor(address: string, events: ConnectionEvents) {
    this.#address = address;
    this.#on = events;
  }

  start(): void {
    if (this.#stopped) {
      this.#stopped = false;
      this.#on.link(this.#since === 0 ? { kind: 'connecting' } : { kind: 'away', since: this.#since });
      this.#open();
    }
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = undefined;
  }

  /** Does not wait: the network is there again, or somebody looks. */
  hurry(): void {
    if (!this.#stopped && this.#socket === undefined) {
      this.#wait = firstWait;
      clearTimeout(this.#timer);
      this.#open();
    }
  }

  /** Ends a connection that has died silently. */
  check(now: number): void {
    if (this.#socket !== undefined && now - this.#heard > silence) {
      this.#lost(this.#socket, 0);
    }
  }

  #open(): void {
    const address = new URL(livePath.slice(1), this.#address);
    address.hash = '';
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(address);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    this.#heard = Date.now();
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
      if (socket === this.#socket) {
        this.#heard = Date.now();
        if (typeof event.data === 'string') {
          this.#text(socket, event.data);
        } else {
          this.#binary(event.data);
        }
      }
    };
    socket.onclose = (event) => this.#lost(socket, event.code);
  }

  #text(socket: WebSocket, data: string): void {
    const message = readServerMessage(data);
    if (message?.type === 'hello') {
      this.#hello(socket, message);
    } else if (message?.type === 'state') {
      this.#on.state(message);
    }
  }

  #hello(socket: WebSocket, hello: Hello): void {
    if (hello.version !== protocolVersion) {
      this.stop();
      this.#on.link({ kind: 'version' });
      return;
    }
    const resumed = this.#stream === hello.stream;
    const start: Start =
      this.#next === undefined || this.#stream === undefined
        ? { op: 'start' }
        : { op: 'start', since: this.#next, stream: this.#stream };
    if (!resumed) {
      this.#next = undefined;
    }
    this.#wait = firstWait;
    this.#on.hello(hello, resumed);
    this.#stream = hello.stream;
    this.#since = 0;
    this.#on.link({ kind: 'connected' });
    socket.send(JSON.stringify(start));
  }

  #binary(data: ArrayBuffer): void {
    this.#next = this.#on.frame(new Uint8Array(data)) ?? this.#next;
  }

  #lost(socket: WebSocket, code: number): void {
    if (socket !== this.#socket || this.#stopped) {
      return;
    }
    this.#socket = undefined;
    socket.close();
    if (this.#since === 0) {
      this.#since = Date.now();
      this.#on.link({ kind: code === goingAway ? 'stopped' : 'away', since: this.#since });
    }
    this.#on.refused();
    this.#timer = setTimeout(
      () => {
        if (!this.#stopped) {
          this.#open();
        }
      },
      this.#wait * (0.75 + Math.random() / 2),
    );
    this.#wait = Math.min(longestWait, this.#wait * 1.7);
  }
}
