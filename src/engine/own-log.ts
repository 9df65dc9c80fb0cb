// The program's own log as events (architecture.md, rule 11): `fluent.warn` and its like go to `<label @FLUENT_LOG>`, or to matches at the top
// level that name `fluent` literally; `**` never gets them. Lines are gathered and sent when what is under way is done, so that they come in
// between no other event; what happens to them makes no new ones.
import { type Batch, type Emit, type Tag, tagFromText } from '../core/batch.ts';
import type { Clock } from '../core/clock.ts';
import type { Counter } from '../core/counters.ts';
import { GrowingBytes } from '../msgpack/growing-bytes.ts';
import { JsonRecords } from '../msgpack/json-records.ts';
import { appendByte, appendTime } from '../msgpack/pack-text.ts';

/** Lines that wait to be sent; what comes beyond is counted and not sent. */
const maxWaiting = 1000;

export interface OwnLogSettings {
  readonly clock: Clock;
  /** Lines that were not sent. */
  readonly lost: Counter;
}

export interface OwnLogRoute {
  readonly emit: Emit;
  /** Plug-ins on the way of these events: what they log makes no event, which would make them log again. */
  readonly onTheWay: ReadonlySet<string>;
}

export class OwnLog {
  readonly #settings: OwnLogSettings;
  readonly #json = new JsonRecords(false);
  readonly #tags = new Map<number, Tag>(
    Object.entries(levels).map(([level, name]) => [Number(level), tagFromText(`fluent.${name}`)]),
  );
  /** Where the events go; undefined where nobody takes them. */
  route: OwnLogRoute | undefined;
  #waiting: { readonly tag: Tag; readonly bytes: Uint8Array }[] = [];
  #started = false;
  #sending = false;
  #scheduled: NodeJS.Immediate | undefined;

  constructor(settings: OwnLogSettings) {
    this.#settings = settings;
  }

  /** Takes a line of the log: a JSON object. */
  readonly take = (line: string): void => {
    if (this.#sending || this.route === undefined) {
      return;
    }
    const { level, time: _, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
    const tag = this.#tags.get(Number(level));
    if (tag === undefined || this.#isOnTheWay(fields)) {
      return;
    }
    if (this.#waiting.length >= maxWaiting) {
      this.#settings.lost.value++;
      return;
    }
    this.#waiting.push({ tag, bytes: this.#entry(JSON.stringify({ ...fields, message: msg })) });
    if (this.#started && this.#scheduled === undefined) {
      this.#scheduled = setImmediate(() => this.send());
    }
  };

  /** From now on lines are sent, those that wait too. */
  start(): void {
    this.#started = true;
    this.send();
  }

  /** Sends what waits, at once. */
  send(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let i = 0; i < waiting.length; ) {
      const { tag } = waiting[i] as { readonly tag: Tag };
      let end = i + 1;
      while (end < waiting.length && waiting[end]?.tag === tag) {
        end++;
      }
      this.#emit(tag, Buffer.concat(waiting.slice(i, end).map(({ bytes }) => bytes)), end - i);
      i = end;
    }
  }

  #emit(tag: Tag, entries: Uint8Array, count: number): void {
    const batch: Batch = {
      tag,
      entries,
      count,
      origin: ownOrigin,
      seq: 0,
      arrived: this.#settings.clock.now(),
      acks: undefined,
    };
    const failed = () => {
      this.#settings.lost.value += count;
    };
    this.#sending = true;
    try {
      this.route?.emit(batch)?.catch(failed);
    } catch {
      failed();
    } finally {
      this.#sending = false;
    }
  }

  #isOnTheWay({ plugin, output, filter }: Readonly<Record<string, unknown>>): boolean {
    return [plugin, output, filter].some((id) => typeof id === 'string' && this.route?.onTheWay.has(id) === true);
  }

  #entry(json: string): Uint8Array {
    const out = new GrowingBytes(json.length + 16);
    const ms = this.#settings.clock.now();
    const sec = Math.floor(ms / 1000);
    appendByte(out, 0x92);
    appendTime(out, sec, Math.floor((ms - sec * 1000) * 1e6));
    const text = Buffer.from(json);
    if (!this.#json.read(text, 0, text.length, out, [])) {
      appendByte(out, 0x80);
    }
    return out.take();
  }
}

/** Who sent these events: the program itself. */
export const ownOrigin = { listener: 'log', address: '', port: 0, name: undefined };

/** Whether a tag pattern names the tags of the own log, and does not only take all. */
export function namesOwnLog(pattern: string): boolean {
  return /(?:^|[\s{,])fluent(?=[.,}\s]|$)/.test(pattern);
}

const levels = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' } as const;
