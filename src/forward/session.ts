// One connection's side of the forward protocol: takes bytes as they come, gives replies, says when to stop reading and when to close.
// Sockets are stream-listener.ts; what a message means is intake.ts. Over 400 lines in one piece: all of it works on the same unfinished bytes.
import type { Emit, Origin } from '../core/batch.ts';
import type { Clock } from '../core/clock.ts';
import { Held, type UnfinishedBytes } from '../core/held.ts';
import type { FieldEdit } from '../msgpack/edit.ts';
import { jsonToMsgpack } from '../msgpack/from-json.ts';
import { needMore, tooDeep } from '../msgpack/skip.ts';
import { Acks, ackReplies, jsonAckReplies } from './acks.ts';
import { Batcher } from './batcher.ts';
import { Framer, noMessage } from './framer.ts';
import type { Gate } from './gate.ts';
import { Intake } from './intake.ts';
import type { CloseReason, IntakeSettings, Verdict } from './intake-settings.ts';
import { JsonFramer } from './json-framer.ts';
import { Opening } from './opening.ts';
import { Oversize, optionElement } from './oversize.ts';
import type { ResendMemory } from './resends.ts';

/**
 * Unfinished bytes are moved to where they are worked on fastest, but only so many for each byte that comes: however a message is cut, the
 * work is in proportion to its bytes.
 */
const movesPerByte = 4;
const mostMoves = 4 * 1024 * 1024;
/** Values in a row that are no messages, before the connection is closed. */
const noMessageLimit = 1000;

export type SessionClose =
  | CloseReason
  | 'FORWARD_NOT_FORWARD'
  | 'FORWARD_FRAME_TOO_LARGE'
  | 'FORWARD_TOO_DEEP'
  | 'FORWARD_JSON_INVALID'
  | 'FORWARD_UNFINISHED_SPENT'
  | 'FORWARD_EMIT_FAILED';

/** What a session does to its socket. */
export interface Link {
  send(bytes: Uint8Array): void;
  /** Reads again after a `read` that returned false. */
  resume(): void;
  /** Closes at once; nothing more is sent. */
  close(reason: SessionClose, cause?: unknown): void;
  /** All that was read is acked, and the peer sends no more: closes in peace. */
  finish(): void;
}

export interface SessionSettings extends IntakeSettings {
  readonly emit: Emit;
  readonly clock: Clock;
  readonly unfinished: UnfinishedBytes;
  readonly gate: Gate;
  /** Undefined where chunks that come again are taken again. */
  readonly resends?: ResendMemory | undefined;
  /** Bytes; a message's own size. */
  readonly chunkSizeLimit: number;
  readonly chunkSizeWarnLimit: number | undefined;
  readonly jsonSizeLimit: number;
  readonly denyKeepalive: boolean;
  /** Told that a connection is gone. */
  ended?(peer: Origin): void;
  /** Told of messages that were dropped unread, or are about to be, and of values that are none. */
  noticed(
    code: 'FORWARD_CHUNK_DROPPED' | 'FORWARD_CHUNK_LARGE' | 'FORWARD_NO_MESSAGE',
    peer: Origin,
    size: number,
  ): void;
}

export class Session {
  readonly #settings: SessionSettings;
  readonly #origin: Origin;
  readonly #link: Link;
  readonly #batcher: Batcher;
  readonly #intake: Intake;
  readonly #acks: Acks;
  readonly #held: Held;
  readonly #framer: Framer;
  readonly #opening = new Opening();
  #json: JsonFramer | undefined;
  #oversize: Oversize | undefined;
  #open = true;
  /** Whether a message that takes time is under way: the bytes behind it are held until it is done. */
  #busy = false;
  #ended = false;
  #taken = false;
  #noMessages = 0;
  /** What was held with the message that takes time. */
  #lent: Uint8Array | undefined;
  /** As many bytes as the unfinished message has at least, as far as is known. */
  #wanted = 0;
  /** As many unfinished bytes may be moved. */
  #moves = mostMoves;

  /** `json` says what the peer speaks, where a handshake has told; else its first byte does. */
  constructor(settings: SessionSettings, origin: Origin, fields: readonly FieldEdit[], link: Link, json?: boolean) {
    this.#settings = settings;
    this.#origin = origin;
    this.#framer = new Framer(settings.wasm);
    this.#link = link;
    if (json !== undefined) {
      this.#opening.pass();
      this.#json = json ? new JsonFramer() : undefined;
    }
    this.#held = new Held(settings.unfinished, () => this.#close('FORWARD_UNFINISHED_SPENT'));
    this.#acks = new Acks(
      (chunks) => this.#link.send(this.#json === undefined ? ackReplies(chunks) : jsonAckReplies(chunks)),
      (error) => this.#close('FORWARD_EMIT_FAILED', error),
      () => this.#finishIfDone(),
    );
    this.#batcher = new Batcher(settings.emit, origin, (acks, settled, bytes) => {
      this.#acks.add(acks, settled);
      settings.gate.add(settled, bytes);
    });
    this.#intake = new Intake(settings, this.#batcher, settings.clock, fields, settings.resends?.peer(origin));
  }

  /** Whether all that was taken in is settled and acked. */
  get idle(): boolean {
    return !this.#busy && this.#acks.empty;
  }

  /** Bytes of a message that is not whole yet. */
  get unfinished(): number {
    return this.#held.length + this.#held.parked;
  }

  /** Takes `count` bytes that stand at the beginning of the read window. False: read no more until `Link.resume`. */
  read(count: number): boolean {
    const { window } = this.#settings;
    const { bytes, start } = window;
    const held = this.#held;
    const to = start + count;
    if (!this.#opened(bytes, start, to)) {
      return false;
    }
    if (this.#busy) {
      held.append(bytes, start, to);
      return false;
    }
    this.#moves = Math.min(mostMoves, this.#moves + movesPerByte * count);
    if (held.parked > 0) {
      this.#take(bytes, start - window.unpark(held), to);
    } else if (held.length === 0) {
      this.#take(bytes, start, to);
    } else if (held.length + count < this.#wanted) {
      held.append(bytes, start, to);
    } else if (held.length <= start && this.#mayMove(held.length)) {
      window.clear();
      bytes.set(held.bytes.subarray(0, held.length), start - held.length);
      const from = start - held.length;
      held.clear();
      this.#take(bytes, from, to);
    } else {
      held.append(bytes, start, to);
      this.#take(held.bytes, 0, held.length);
    }
    if (this.#settings.denyKeepalive && this.#taken && held.length + held.parked === 0) {
      this.end();
    }
    return this.#open && !this.#busy && !this.#settings.gate.closed;
  }

  /** The peer sends no more. */
  end(): void {
    this.#ended = true;
    this.#finishIfDone();
  }

  /** The socket is gone. */
  closed(): void {
    this.#open = false;
    this.#release();
    this.#settings.ended?.(this.#origin);
  }

  /** False once the connection is closed, because its first bytes say that it is another protocol. */
  #opened(bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#opening.done) {
      return this.#open;
    }
    const first = bytes[from];
    if (this.#opening.untouched && (first === 0x7b || first === 0x5b)) {
      this.#json = new JsonFramer();
    }
    if (this.#opening.read(bytes, from, to) !== undefined) {
      this.#close('FORWARD_NOT_FORWARD');
    }
    return this.#open;
  }

  /** Takes the messages between `from` and `to`, hands their events on, and holds what is unfinished. */
  #take(bytes: Uint8Array, from: number, to: number): void {
    this.#batcher.begin(bytes, this.#settings.clock.now());
    this.#wanted = 0;
    let done = from;
    try {
      done = this.#json === undefined ? this.#messages(bytes, from, to) : this.#documents(this.#json, bytes, from, to);
      this.#batcher.flush();
    } catch (error) {
      this.#close('FORWARD_EMIT_FAILED', error);
    }
    if (!this.#open) {
      return;
    }
    if (bytes === this.#held.bytes) {
      if (this.#busy) {
        this.#lent = this.#held.lend(done);
      } else {
        this.#held.shift(done);
      }
    } else if (done < to) {
      this.#keep(bytes, done, to);
    } else {
      this.#held.trim();
    }
    this.#acks.flush();
  }

  /** Keeps bytes of the window until more come: in front of it where it may be, so that the next read finishes them in place. */
  #keep(bytes: Uint8Array, from: number, to: number): void {
    const { window } = this.#settings;
    const length = to - from;
    if (bytes === window.bytes && !this.#busy && length <= window.start && this.#mayMove(length)) {
      window.park(this.#held, from, to);
    } else {
      this.#held.append(bytes, from, to);
    }
  }

  /** Returns up to where the bytes are done with. */
  #messages(bytes: Uint8Array, from: number, to: number): number {
    const framer = this.#framer;
    const { chunkSizeLimit } = this.#settings;
    let pos = from;
    while (pos < to && this.#open && !this.#busy) {
      if (this.#oversize !== undefined) {
        pos = this.#pass(this.#oversize, bytes, pos, to);
        if (this.#oversize !== undefined) {
          return pos;
        }
        continue;
      }
      const usual = framer.element < 0 ? this.#intake.usual(bytes, pos, to, chunkSizeLimit) : 0;
      if (usual > 0) {
        this.#taken = true;
        this.#noMessages = 0;
        pos = usual;
        continue;
      }
      const next = framer.next(bytes, pos, to);
      if (next < 0) {
        if (next !== needMore) {
          this.#close(next === tooDeep ? 'FORWARD_TOO_DEEP' : 'FORWARD_MALFORMED');
        } else if (Math.max(to - pos, framer.want) > chunkSizeLimit) {
          const optionAt = framer.element < 0 ? undefined : optionElement(framer, bytes, pos, to);
          if (optionAt !== undefined) {
            this.#oversize = new Oversize(framer, optionAt);
            continue;
          }
          if (to - pos > chunkSizeLimit) {
            this.#close('FORWARD_FRAME_TOO_LARGE');
          }
        }
        this.#wanted = framer.want > chunkSizeLimit ? 0 : framer.want;
        return pos;
      }
      if (next - pos > chunkSizeLimit) {
        this.#dropWhole(bytes, pos, next);
      } else {
        this.#message(bytes, pos, next);
      }
      pos = next;
    }
    return pos;
  }

  #message(bytes: Uint8Array, pos: number, next: number): void {
    const framer = this.#framer;
    const { chunkSizeWarnLimit } = this.#settings;
    if (chunkSizeWarnLimit !== undefined && next - pos > chunkSizeWarnLimit) {
      this.#settings.noticed('FORWARD_CHUNK_LARGE', this.#origin, next - pos);
    }
    if (framer.elements >= 0) {
      this.#taken = true;
      this.#noMessages = 0;
      this.#judge(this.#intake.message(bytes, pos, framer));
    } else if (framer.elements === noMessage) {
      if (this.#noMessages++ === 0) {
        this.#settings.noticed('FORWARD_NO_MESSAGE', this.#origin, next - pos);
      }
      if (this.#noMessages === noMessageLimit) {
        this.#close('FORWARD_NOT_FORWARD');
      }
    }
  }

  /** Documents of a JSON stream become msgpack messages, each in bytes of its own. */
  #documents(json: JsonFramer, bytes: Uint8Array, from: number, to: number): number {
    let pos = from;
    while (pos < to && this.#open && !this.#busy) {
      const next = json.next(bytes, pos, to);
      if (next === needMore) {
        if (to - pos > this.#settings.jsonSizeLimit) {
          this.#close('FORWARD_FRAME_TOO_LARGE');
        }
        return json.between ? to : pos;
      }
      const message = next < 0 ? undefined : jsonToMsgpack(bytes, pos, next, 'bin');
      if (message === undefined) {
        this.#close('FORWARD_JSON_INVALID');
        return to;
      }
      this.#batcher.begin(message, this.#settings.clock.now());
      this.#framer.next(message, 0, message.length);
      this.#message(message, 0, message.length);
      this.#batcher.flush();
      pos = next;
    }
    return pos;
  }

  #judge(verdict: Verdict | Promise<Verdict>): void {
    if (typeof verdict === 'string') {
      if (verdict !== 'done') {
        this.#close(verdict);
      }
      return;
    }
    this.#busy = true;
    verdict.then(
      (later) => {
        this.#busy = false;
        this.#giveLent();
        this.#judge(later);
        this.#goOn();
      },
      (error: unknown) => {
        this.#giveLent();
        this.#close('FORWARD_EMIT_FAILED', error);
      },
    );
  }

  #giveLent(): void {
    if (this.#lent !== undefined) {
      this.#settings.unfinished.giveLent(this.#lent);
      this.#lent = undefined;
    }
  }

  /** After a message that took time: what came behind it. */
  #goOn(): void {
    if (!this.#open) {
      return;
    }
    this.#take(this.#held.bytes, 0, this.#held.length);
    if (this.#open && !this.#busy) {
      this.#finishIfDone();
      this.#link.resume();
    }
  }

  #pass(oversize: Oversize, bytes: Uint8Array, from: number, to: number): number {
    const passed = oversize.feed(bytes, from, to);
    if (passed === true) {
      this.#oversize = undefined;
      this.#settings.noticed('FORWARD_CHUNK_DROPPED', this.#origin, 0);
      this.#intake.oversize(bytes, oversize.optionStart, oversize.optionEnd);
    } else if (passed !== false) {
      this.#close(passed === 'large' ? 'FORWARD_FRAME_TOO_LARGE' : 'FORWARD_MALFORMED');
    }
    return oversize.pos;
  }

  /** A message that is over the limit, but here already. */
  #dropWhole(bytes: Uint8Array, pos: number, next: number): void {
    const framer = this.#framer;
    const optionAt = optionElement(framer, bytes, pos, next);
    const starts = framer.starts;
    this.#settings.noticed('FORWARD_CHUNK_DROPPED', this.#origin, next - pos);
    if (optionAt !== undefined && framer.elements > optionAt) {
      this.#intake.oversize(bytes, pos + (starts[optionAt] as number), pos + (starts[optionAt + 1] as number));
    }
  }

  #finishIfDone(): void {
    if (this.#ended && this.#open && this.idle) {
      this.#open = false;
      this.#link.finish();
    }
  }

  #close(reason: SessionClose, cause?: unknown): void {
    if (!this.#open) {
      return;
    }
    this.#open = false;
    try {
      // Events before the fault are honest: they were handed on already, or are now.
      this.#batcher.flush();
      this.#acks.flush();
    } finally {
      this.#release();
      this.#link.close(reason, cause);
    }
  }

  #release(): void {
    this.#settings.window.unpark(this.#held);
    this.#held.release();
  }

  /** Whether unfinished bytes may be moved once more. */
  #mayMove(count: number): boolean {
    if (count > this.#moves) {
      return false;
    }
    this.#moves -= count;
    return true;
  }
}
