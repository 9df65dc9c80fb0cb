// Viewers of a worker: what they get is shown by another process, which has the page for all workers. It goes there in the frames that a page
// gets, out of bounded memory: when the other process does not keep up, the oldest is lost, and no input waits.
import type { Batch } from '../core/batch.ts';
import type { Counter } from '../core/counters.ts';
import { addressText, type HttpAddress } from '../http/address.ts';
import { Hub, isFull } from './hub.ts';
import type { OutFrame, Reader } from './reader.ts';
import type { Viewer } from './viewer.ts';
import { otherOptions, sameOptions, type ViewerOptions } from './viewer-options.ts';

/** The name of the part, of those that the process shares, that is there where viewers are relayed. */
export const relayPart = 'viewer relay';

/** How the other process is reached. */
export interface RelayLink {
  /** Has it open a viewer, which `index` stands for from now on. `options` are undefined where those of another will do. */
  open(index: number, address: HttpAddress, options: ViewerOptions | undefined): Promise<void>;
  close(index: number): Promise<void>;
  /** Writes a frame of that viewer; calls `sent` when its bytes may be used anew. False where there is nobody any more. */
  write(index: number, parts: readonly Uint8Array[], sent: () => void): boolean;
  /** Events that were lost on the way. */
  readonly dropped: Counter;
}

/** What waits to be sent is bounded by this, bytes; a segment of it holds the largest batch. */
const memorySize = 20 * 1024 * 1024;
const backlogSize = 16 * 1024 * 1024;

export class Relay {
  readonly #link: RelayLink;
  readonly #viewers = new Map<string, RelayedViewer>();
  #next = 0;

  constructor(link: RelayLink) {
    this.#link = link;
  }

  /** The viewer of an address: the one that is there already, or a new one. */
  viewerAt(address: HttpAddress, options: ViewerOptions | undefined): Viewer {
    const name = addressText(address);
    let viewer = this.#viewers.get(name);
    if (viewer === undefined) {
      viewer = new RelayedViewer(this.#link, this.#next, { address, options }, () => this.#viewers.delete(name));
      this.#next = (this.#next + 1) % 256;
      this.#viewers.set(name, viewer);
    }
    if (options !== undefined && viewer.options !== undefined && !sameOptions(viewer.options, options)) {
      throw otherOptions(address);
    }
    return viewer;
  }
}

interface Wanted {
  readonly address: HttpAddress;
  readonly options: ViewerOptions | undefined;
}

class RelayedViewer implements Viewer {
  readonly options: ViewerOptions | undefined;
  readonly #link: RelayLink;
  readonly #index: number;
  readonly #wanted: Wanted;
  readonly #gone: () => void;
  readonly #hub = new Hub({ memorySize, backlogSize });
  readonly #reader: Reader;
  readonly #users = new Set<object>();
  #tapped = false;
  #started: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;
  #underWay: OutFrame | undefined;
  #drained: (() => void) | undefined;

  constructor(link: RelayLink, index: number, wanted: Wanted, gone: () => void) {
    this.options = wanted.options;
    this.#link = link;
    this.#index = index;
    this.#wanted = wanted;
    this.#gone = gone;
    this.#reader = this.#hub.open(() => this.#pump());
    this.#reader.start('now', undefined);
  }

  start(user: object = this): Promise<void> {
    this.#users.add(user);
    this.#started ??= this.#link.open(this.#index, this.#wanted.address, this.#wanted.options);
    return this.#started;
  }

  async stop(signal: AbortSignal, user: object = this): Promise<void> {
    this.#users.delete(user);
    if (this.#users.size === 0) {
      this.#stopped ??= this.#stop(signal);
      await this.#stopped;
    }
  }

  take(batch: Batch): void {
    if (!this.#tapped) {
      this.#hub.tap(batch, { label: '@ROOT', matched: true });
    }
  }

  tap(): Hub['tap'] {
    this.#tapped = true;
    return (batch, place) => this.#hub.tap(batch, place);
  }

  async #stop(signal: AbortSignal): Promise<void> {
    this.#gone();
    if (this.#started === undefined) {
      return;
    }
    if ((this.#underWay !== undefined || this.#reader.ready) && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
        this.#pump();
      });
    }
    this.#hub.close(this.#reader);
    await this.#link.close(this.#index);
  }

  #pump(): void {
    if (this.#underWay !== undefined) {
      return;
    }
    const frame = this.#reader.take();
    if (frame === undefined) {
      this.#drained?.();
      return;
    }
    this.#link.dropped.value += frame.dropped;
    this.#underWay = frame;
    if (!this.#link.write(this.#index, frame.parts, this.#sent)) {
      this.#drained?.();
    }
  }

  readonly #sent = (): void => {
    this.#underWay?.done();
    this.#underWay = undefined;
    if (isFull(this.#reader) || this.#drained !== undefined) {
      setImmediate(() => this.#pump());
    } else if (this.#reader.ready) {
      this.#hub.schedule();
    }
  };
}
