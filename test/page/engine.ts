// The worker's engine without a worker: frames go in, and what the page would have of it comes out.
import { encode } from '@msgpack/msgpack';
import { blockSize, encodePlace, frameHead, frameHeadSize, type Place, writeBlock } from '../../src/live/protocol.ts';
import type { BlockSize } from '../../src/page/columns/block.ts';
import { Engine } from '../../src/page/columns/engine.ts';
import { facetLists } from '../../src/page/columns/facets.ts';
import { type KernelAndMemory, loadPlainKernel, loadWasmKernel } from '../../src/page/columns/kernel.ts';
import { type Dossier, readDossier } from '../../src/page/dossier.ts';
import { EventReader, type Shown } from '../../src/page/event.ts';
import type { FacetName } from '../../src/page/facet.ts';
import type { Held } from '../../src/page/held.ts';
import { View } from '../../src/page/view.ts';

export const place: Place = {
  label: undefined,
  matched: true,
  listener: 'forward',
  address: '127.0.0.1',
  port: 4711,
  name: undefined,
};

/** Both kernels, by name. */
export const kernels: readonly (readonly [string, () => KernelAndMemory])[] = [
  ['WebAssembly', () => loadWasmKernel() ?? loadPlainKernel()],
  ['TypeScript', () => loadPlainKernel(96 * 1024 * 1024)],
];

const smallSize: BlockSize = { slab: 64 * 1024, events: 512 };
const usual = { events: 200_000, bytes: 32 * 1024 * 1024 };

export interface BatchOptions {
  readonly tag?: string;
  readonly seq?: number;
  readonly time?: unknown;
  /** Ms since the epoch. */
  readonly arrived?: number;
  readonly place?: Partial<Place>;
}

/** A frame with one batch of these records. */
export function frameOf(records: readonly unknown[], options: BatchOptions = {}): Uint8Array {
  const time = encode(options.time ?? 1_700_000_000);
  return frameOfEntries(
    records.map((record) => Buffer.concat([Buffer.of(0x92), time, encode(record)])),
    options,
  );
}

export function frameOfEntries(events: readonly Uint8Array[], options: BatchOptions = {}): Uint8Array {
  const { tag = 'docker.x', seq = 0, arrived = 1_700_000_000_123 } = options;
  const entries = Buffer.concat(events);
  const placeBytes = encodePlace({ ...place, ...options.place });
  const tagBytes = Buffer.from(tag);
  const size = blockSize(placeBytes.length, tagBytes.length, entries.length);
  const bytes = new Uint8Array(size);
  const numbers = { position: seq, seq, count: events.length, arrived };
  writeBlock(new DataView(bytes.buffer), 0, numbers, placeBytes, tagBytes, entries);
  return new Uint8Array(Buffer.concat([frameHead(0, size), bytes]));
}

/** One frame with the blocks of these. */
export function together(...frames: readonly Uint8Array[]): Uint8Array {
  const blocks = Buffer.concat(frames.map((frame) => frame.subarray(frameHeadSize)));
  return new Uint8Array(Buffer.concat([frameHead(0, blocks.length), blocks]));
}

export const docker = (log: unknown, name = 'web-1', more: object = {}) => ({
  container_id: 'c0ffee'.repeat(11).slice(0, 64),
  container_name: `/${name}`,
  source: 'stdout',
  log,
  ...more,
});

export class Desk {
  readonly engine: Engine;
  readonly view = new View();
  readonly reader = new EventReader();
  now = 1_700_000_000_000;
  #generation = 0;

  constructor(kernel: KernelAndMemory, keeping = usual, size: BlockSize = smallSize) {
    this.engine = new Engine(kernel, keeping, () => this.now, size);
  }

  take(...frames: Uint8Array[]): this {
    for (const frame of frames) {
      this.engine.frame(frame, 0);
    }
    return this;
  }

  /** Searches to the end. */
  filter(text: string): this {
    this.begin(text);
    this.finish();
    return this;
  }

  /** Begins a search, and looks at the newest block only. */
  begin(text: string): void {
    this.engine.filter(text, this.now, ++this.#generation, Number.POSITIVE_INFINITY, 0);
  }

  finish(): void {
    while (this.engine.running) {
      this.engine.work(performance.now() + 50);
    }
  }

  /** The numbers of the events that are shown, as the page has them. */
  ids(): number[] {
    const update = this.engine.update();
    if (update.anew) {
      this.view.clear();
    }
    for (const block of update.blocks) {
      this.view.put(block);
    }
    this.view.dropBefore(update.first);
    return Array.from({ length: this.view.length }, (_, index) => this.view.at(index));
  }

  held(id: number): Held {
    const held = this.engine.reading.held(id, Number.POSITIVE_INFINITY);
    if (held === undefined) {
      throw new Error(`event ${id} is not kept`);
    }
    return held;
  }

  last(): Held {
    return this.held(this.ids().at(-1) ?? -1);
  }

  lines(): string[] {
    return this.ids().map((id) => this.reader.line(this.held(id)));
  }

  shown(id: number): Shown {
    return this.reader.shown(this.held(id));
  }

  dossier(held: Held): Dossier {
    return readDossier(held, this.reader);
  }

  /** The values of a field that has been made a facet. */
  pinned(name: string): Record<string, number> {
    const list = facetLists(this.engine.columns, this.engine.search).pinned.find((one) => one.name === name);
    return Object.fromEntries((list?.values ?? []).map((value) => [value.name, value.count]));
  }

  facet(name: FacetName): Record<string, number> {
    const { values } = facetLists(this.engine.columns, this.engine.search)[name];
    return Object.fromEntries(values.map((value) => [value.name, value.count]));
  }
}
