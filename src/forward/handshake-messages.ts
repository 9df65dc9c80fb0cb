// HELO, PING and PONG as bytes, read and written for both ends of a connection. Nothing is decoded into objects: what stands in them is
// kept as it was sent, since digests are made over it. What they prove is authenticator.ts (server) and client-handshake.ts.
import { encode } from '@msgpack/msgpack';
import { isArray, isMap } from '../msgpack/entries.ts';
import { Skip } from '../msgpack/skip.ts';
import { type Span, stringIs, stringSpan } from '../msgpack/text.ts';

/** What a PING brings; undefined where an element is no string. */
export interface Ping {
  readonly host: Uint8Array | undefined;
  readonly salt: Uint8Array | undefined;
  readonly keyDigest: Uint8Array | undefined;
  readonly user: Uint8Array | undefined;
  readonly passwordDigest: Uint8Array | undefined;
}

/** `invalid`: the peer is told so; `unanswerable`: Fluentd fails on it and closes without a word. */
export type PingFault = 'invalid' | 'unanswerable';

export interface Helo {
  readonly nonce: Uint8Array;
  /** Salt for the password; empty where no user is asked for. */
  readonly auth: Uint8Array;
  readonly keepalive: boolean;
}

export interface Pong {
  readonly accepted: boolean;
  readonly reason: Uint8Array;
  readonly host: Uint8Array | undefined;
  readonly keyDigest: Uint8Array | undefined;
}

/** Reads the whole msgpack value between `start` and `end`. */
export function readPing(bytes: Uint8Array, start: number, end: number): Ping | PingFault {
  const message = new Elements(bytes, start, end);
  if (!message.is('PING', 6)) {
    return sized(bytes[start] as number) ? 'invalid' : 'unanswerable';
  }
  return {
    host: message.text(1),
    salt: message.text(2),
    keyDigest: message.text(3),
    user: message.text(4),
    passwordDigest: message.text(5),
  };
}

/** Undefined for what is no HELO, or one without a nonce: nothing could be proved with it. */
export function readHelo(bytes: Uint8Array, start: number, end: number): Helo | undefined {
  const message = new Elements(bytes, start, end);
  if (!message.is('HELO', 2)) {
    return undefined;
  }
  const options = new Elements(bytes, message.at(1), end);
  const nonce = options.valueOf('nonce');
  if (nonce === undefined || nonce.length === 0) {
    return undefined;
  }
  const keepalive = options.placeOf('keepalive');
  return {
    nonce,
    auth: options.valueOf('auth') ?? new Uint8Array(0),
    keepalive: keepalive === undefined || truthy(bytes[keepalive] as number),
  };
}

/** Undefined for what is no PONG. */
export function readPong(bytes: Uint8Array, start: number, end: number): Pong | undefined {
  const message = new Elements(bytes, start, end);
  if (!message.is('PONG', 5)) {
    return undefined;
  }
  return {
    // Fluentd takes all that is not nil or false for true; from a server that is to prove itself, true is asked for.
    accepted: bytes[message.at(1)] === 0xc3,
    reason: message.text(2) ?? new Uint8Array(0),
    host: message.text(3),
    keyDigest: message.text(4),
  };
}

export function writeHelo({ nonce, auth, keepalive }: Helo): Uint8Array {
  return encode(['HELO', { nonce, auth, keepalive }]);
}

export interface PingFields {
  readonly host: string;
  readonly salt: string;
  readonly keyDigest: Uint8Array;
  /** Empty where no user is asked for. */
  readonly user: string;
  readonly passwordDigest: Uint8Array;
}

export function writePing({ host, salt, keyDigest, user, passwordDigest }: PingFields): Uint8Array {
  return encode(['PING', host, salt, ascii(keyDigest), user, ascii(passwordDigest)]);
}

/** A PONG that accepts, or, with a reason, one that refuses; in the peer's own language. */
export function writePong(
  answer: { readonly host: string; readonly keyDigest: Uint8Array } | { readonly reason: string },
  json: boolean,
): Uint8Array {
  const pong =
    'reason' in answer
      ? ['PONG', false, answer.reason, '', '']
      : ['PONG', true, '', answer.host, ascii(answer.keyDigest)];
  return json ? Buffer.from(JSON.stringify(pong)) : encode(pong);
}

/** A name for logs and pages: nothing in it steers a terminal or turns the line around (threats.md's A4), nor is it longer than a host name. */
export function printable(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, 255));
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd');
}

function ascii(digest: Uint8Array): string {
  return Buffer.from(digest.buffer, digest.byteOffset, digest.length).toString('latin1');
}

/** What has a size in Ruby: all but nil, true, false and floats. */
function sized(head: number): boolean {
  return !(head >= 0xc0 && head <= 0xc3) && head !== 0xca && head !== 0xcb;
}

function truthy(head: number): boolean {
  return head !== 0xc0 && head !== 0xc2;
}

/** Where the elements of an array, or the keys and values of a map, begin; none for other values. */
class Elements {
  readonly #bytes: Uint8Array;
  readonly #starts: number[] = [];
  readonly #array: boolean;
  readonly #span: Span = { start: 0, end: 0 };

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    const head = bytes[start] as number;
    this.#array = isArray(head);
    if (this.#array || isMap(head)) {
      const skip = new Skip();
      const headSize = head === 0xdc || head === 0xde ? 3 : head === 0xdd || head === 0xdf ? 5 : 1;
      for (let pos = start + headSize; pos < end; pos = skip.run(bytes, pos, end)) {
        this.#starts.push(pos);
      }
    }
  }

  /** Whether this is an array of `count` whose first element is `name`. */
  is(name: string, count: number): boolean {
    return this.#array && this.#starts.length === count && stringIs(this.#bytes, this.at(0), name, this.#span);
  }

  at(index: number): number {
    return this.#starts[index] as number;
  }

  text(index: number): Uint8Array | undefined {
    return stringSpan(this.#bytes, this.at(index), this.#span)
      ? this.#bytes.slice(this.#span.start, this.#span.end)
      : undefined;
  }

  /** Of a map: where a key's value begins. Of a key that comes twice the last one counts, as in a Ruby hash. */
  placeOf(key: string): number | undefined {
    const value = this.#valueIndex(key);
    return value === undefined ? undefined : this.#starts[value];
  }

  valueOf(key: string): Uint8Array | undefined {
    const value = this.#valueIndex(key);
    return value === undefined ? undefined : this.text(value);
  }

  #valueIndex(key: string): number | undefined {
    const last = this.#array ? 0 : this.#starts.length;
    for (let i = last - 2; i >= 0; i -= 2) {
      if (stringIs(this.#bytes, this.at(i), key, this.#span)) {
        return i + 1;
      }
    }
    return undefined;
  }
}
