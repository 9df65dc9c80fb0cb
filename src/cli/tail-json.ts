// Events as JSON lines for programs that read `forebay tail --json`: time, tag, where it came from, record.
import type { Batch } from '../core/batch.ts';
import { ruby } from '../msgpack/json-dialects.ts';
import { Skip } from '../msgpack/skip.ts';
import { JsonTranscoder } from '../msgpack/transcode.ts';
import { noRoom, ReadView, WriteView } from '../msgpack/view.ts';
import { EventView } from '../msgpack/view-event.ts';
import type { Formatter, OutputArea } from '../plugin/formatter.ts';

export class JsonLines implements Formatter {
  /** The label of the events that come next. */
  label: string | undefined;
  readonly #from = new ReadView();
  readonly #to = new WriteView();
  readonly #event = new EventView();
  readonly #skip = new Skip();
  // Of the two dialects the one that is always JSON: no NaN, no broken UTF-8.
  readonly #json: JsonTranscoder;

  constructor(escapeControls: boolean) {
    this.#json = new JsonTranscoder(ruby, escapeControls);
  }

  format(batch: Batch, from: number, area: OutputArea): number {
    const events = this.#from;
    const to = this.#to;
    events.set(batch.entries);
    to.set(area.bytes, area.used);
    const { address, name } = batch.origin;
    const place = { tag: batch.tag.text, ...(this.label === undefined ? {} : { label: this.label }), address, name };
    const head = `","${JSON.stringify(place).slice(2, -1)},"record":`;
    const headBytes = Buffer.from(head);
    let at = events.start + from;
    while (at < events.end) {
      const begin = to.at;
      const record = this.#event.open(events, at);
      let next = record;
      if (record >= 0) {
        const fits = to.ascii(`{"time":"${this.#time()}`) && to.copy(headBytes, 0, headBytes.length);
        next = fits ? this.#json.write(events, record, to) : noRoom;
      }
      if (next >= 0 && !to.ascii('}\n')) {
        next = noRoom;
      }
      if (next < 0) {
        to.at = begin;
      }
      if (next === noRoom) {
        break;
      }
      at = next < 0 ? this.#behind(at) : next;
    }
    area.used = to.at;
    return at - events.start;
  }

  /** Where the event behind one that cannot be printed begins. */
  #behind(at: number): number {
    const next = this.#skip.run(this.#from.bytes, at, this.#from.end);
    this.#skip.reset();
    return next < 0 ? this.#from.end : next;
  }

  /** ISO 8601 with nanoseconds; of times that no date can be, the seconds. */
  #time(): string {
    const { sec, nsec } = this.#event;
    const date = new Date(sec * 1000);
    return Number.isNaN(date.getTime())
      ? String(sec)
      : `${date.toISOString().slice(0, -5)}.${String(nsec).padStart(9, '0')}Z`;
  }
}
