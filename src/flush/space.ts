// How many bytes buffers may hold: each its own total, and all of the process together.

/** A buffer among those that share. */
export interface SpaceUser {
  /** There is room again. */
  room(): void;
  /** Others wait for room: what can be delivered is to be. */
  press(): void;
}

/** The bytes that all buffers of one kind hold, in memory or on disk. What is full may be passed by one emit. */
export class SharedSpace {
  limit: number;
  readonly #users = new Set<SpaceUser>();
  #used = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get full(): boolean {
    return this.#used >= this.limit;
  }

  change(bytes: number): void {
    const wasFull = this.full;
    this.#used += bytes;
    if (wasFull && !this.full) {
      for (const user of this.#users) {
        user.room();
      }
    }
  }

  /** Where all is full, has each of the others make room. */
  press(): void {
    if (this.full) {
      for (const user of this.#users) {
        user.press();
      }
    }
  }

  /** Returns how to leave. */
  join(user: SpaceUser): () => void {
    this.#users.add(user);
    return () => this.#users.delete(user);
  }
}

export class BufferSpace {
  readonly limit: number;
  readonly shared: SharedSpace;
  #used = 0;

  constructor(limit: number, shared: SharedSpace) {
    this.limit = limit;
    this.shared = shared;
  }

  get used(): number {
    return this.#used;
  }

  get full(): boolean {
    return this.#used >= this.limit || this.shared.full;
  }

  change(bytes: number): void {
    this.#used += bytes;
    this.shared.change(bytes);
  }
}
