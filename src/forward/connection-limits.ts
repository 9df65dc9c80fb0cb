// How many connections a listener has, in all and from one address, and how long one may stand still. What is done about it is the listener's
// business.

export type ConnectionRefusal = 'FORWARD_CONNECTIONS_LIMIT' | 'FORWARD_ADDRESS_LIMIT';

export class ConnectionLimits {
  readonly #inAll: number;
  readonly #perAddress: number;
  readonly #byAddress = new Map<string, number>();
  #open = 0;

  constructor(inAll: number, perAddress: number) {
    this.#inAll = inAll;
    this.#perAddress = perAddress;
  }

  /** Counts a connection, unless it is one too many: says which bound it is over then. */
  admit(address: string): ConnectionRefusal | undefined {
    if (this.#open >= this.#inAll) {
      return 'FORWARD_CONNECTIONS_LIMIT';
    }
    const open = this.#byAddress.get(address) ?? 0;
    if (open >= this.#perAddress) {
      return 'FORWARD_ADDRESS_LIMIT';
    }
    this.#open++;
    this.#byAddress.set(address, open + 1);
    return undefined;
  }

  /** An admitted connection is gone. */
  leave(address: string): void {
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    this.#open--;
    if (left === 0) {
      this.#byAddress.delete(address);
    } else {
      this.#byAddress.set(address, left);
    }
  }
}

export type StallCode = 'FORWARD_IDLE' | 'FORWARD_MESSAGE_TIMEOUT' | 'FORWARD_ACKS_UNREAD';

/** ms; 0 where a connection may take for ever. */
export interface StallLimits {
  /** Without a byte. */
  readonly idle: number;
  /** From the first byte of a message to its last. */
  readonly message: number;
  /** Without reading its acks. */
  readonly acks: number;
}

/** What one connection waits for, and since when. Times are ms of any clock that does not jump. */
export class Stall {
  #read: number;
  #begun: number | undefined;
  #choked: number | undefined;

  constructor(now: number) {
    this.#read = now;
  }

  /** `count` bytes came; `unfinished` is how many of a message that is not whole are held, with these. */
  read(now: number, count: number, unfinished: number): void {
    this.#read = now;
    if (unfinished === 0) {
      this.#begun = undefined;
    } else if (unfinished <= count || this.#begun === undefined) {
      // It began within these bytes.
      this.#begun = now;
    }
  }

  /** The peer's side is full of acks, or no longer. */
  choked(now: number | undefined): void {
    this.#choked = now === undefined ? undefined : (this.#choked ?? now);
  }

  /** We ourselves do not read: that is not the peer's fault. */
  held(now: number): void {
    this.#read = now;
    this.#begun &&= now;
  }

  /** Over which limit it is. */
  over(now: number, { idle, message, acks }: StallLimits): StallCode | undefined {
    if (acks > 0 && this.#choked !== undefined) {
      return now - this.#choked > acks ? 'FORWARD_ACKS_UNREAD' : undefined;
    }
    if (message > 0 && this.#begun !== undefined && now - this.#begun > message) {
      return 'FORWARD_MESSAGE_TIMEOUT';
    }
    return idle > 0 && now - this.#read > idle ? 'FORWARD_IDLE' : undefined;
  }
}
