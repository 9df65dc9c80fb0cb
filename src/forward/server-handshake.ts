// The server's side of the handshake: HELO, then the peer's PING, then PONG. Stands before a connection's first message; what it holds and
// looks at is bounded by `limit`, however the bytes are cut. Sockets and time are connection.ts; who may send is authenticator.ts.
import { Held, type UnfinishedBytes } from '../core/held.ts';
import { jsonToMsgpack } from '../msgpack/from-json.ts';
import { needMore, Skip } from '../msgpack/skip.ts';
import type { Authenticator, Refusal, Salts } from './authenticator.ts';
import { printable, readPing, writeHelo, writePong } from './handshake-messages.ts';
import { JsonFramer } from './json-framer.ts';

export type HandshakeFault = Refusal | 'FORWARD_PING_INVALID' | 'FORWARD_HANDSHAKE_TOO_LARGE';

export type HandshakeResult =
  | {
      readonly ok: true;
      readonly reply: Uint8Array;
      /** Up to where the bytes that were read last are done with: messages may stand behind the PING. */
      readonly next: number;
      /** Whether the peer speaks JSON. */
      readonly json: boolean;
      /** Who the peer is, where a user was asked for. */
      readonly user: string | undefined;
      /** What it calls itself; whoever has the key may call himself anything. */
      readonly hostname: string;
    }
  | {
      readonly ok: false;
      readonly code: HandshakeFault;
      /** What the peer is to be told before the connection is closed. */
      readonly reply: Uint8Array | undefined;
      /** For the log: the name that the peer gives itself, and the user it claims to be. */
      readonly claims: { readonly hostname?: string; readonly user?: string };
    };

export interface HandshakeSettings {
  readonly authenticator: Authenticator;
  /** What the HELO says: whether a connection may stay open after its first messages. */
  readonly keepalive: boolean;
  /** A PING may have this many bytes. */
  readonly limit: number;
  readonly unfinished: UnfinishedBytes;
  readonly random: (size: number) => Uint8Array;
}

/** Of nonce and salt, bytes. */
const saltSize = 16;

export class ServerHandshake {
  /** To be sent first. */
  readonly helo: Uint8Array;
  readonly #settings: HandshakeSettings;
  readonly #address: string;
  readonly #salts: Salts;
  readonly #held: Held;
  readonly #skip = new Skip();
  #json: JsonFramer | undefined;

  /** `revoked` is called when the memory for unfinished messages is spent and this connection holds most of it. */
  constructor(settings: HandshakeSettings, address: string, revoked: () => void) {
    this.#settings = settings;
    this.#address = address;
    this.#salts = { nonce: settings.random(saltSize), auth: settings.random(saltSize) };
    this.helo = writeHelo({ ...this.#salts, keepalive: settings.keepalive });
    this.#held = new Held(settings.unfinished, revoked);
  }

  /** Takes the bytes between `from` and `to`; undefined while the PING is not whole. */
  read(bytes: Uint8Array, from: number, to: number): HandshakeResult | undefined {
    const held = this.#held;
    const before = held.length;
    const first = before === 0 ? bytes[from] : undefined;
    if (first === 0x7b || first === 0x5b) {
      this.#json = new JsonFramer();
    }
    held.append(bytes, from, Math.min(to, from + this.#settings.limit - before));
    const walked =
      this.#json === undefined
        ? this.#skip.run(held.bytes, this.#skip.at, held.length)
        : this.#json.next(held.bytes, 0, held.length);
    if (walked === needMore) {
      return held.length < this.#settings.limit ? undefined : this.#refused('FORWARD_HANDSHAKE_TOO_LARGE');
    }
    const next = from + walked - before;
    return walked < 0 ? this.#refused('FORWARD_PING_INVALID') : this.#answer(walked, next);
  }

  /** Gives back what is held. */
  release(): void {
    this.#held.release();
  }

  #answer(end: number, next: number): HandshakeResult {
    const json = this.#json !== undefined;
    const sent = this.#held.bytes;
    const message = json ? jsonToMsgpack(sent, 0, end, 'bin') : sent.slice(0, end);
    if (message === undefined) {
      return this.#refused('FORWARD_PING_INVALID');
    }
    const ping = readPing(message, 0, message.length);
    if (typeof ping === 'string') {
      return this.#refused('FORWARD_PING_INVALID', ping === 'invalid' ? 'invalid ping message' : undefined);
    }
    const { authenticator } = this.#settings;
    const verdict = authenticator.check(ping, this.#address, this.#salts);
    if (!verdict.ok) {
      return this.#refused(verdict.code, verdict.reason, {
        ...(ping.host === undefined ? {} : { hostname: printable(ping.host) }),
        ...(verdict.code !== 'FORWARD_USER_REFUSED' || ping.user === undefined ? {} : { user: printable(ping.user) }),
      });
    }
    return {
      ok: true,
      reply: writePong({ host: authenticator.host, keyDigest: verdict.keyDigest }, json),
      next,
      json,
      user: verdict.user === undefined ? undefined : printable(verdict.user),
      hostname: printable(verdict.host),
    };
  }

  #refused(
    code: HandshakeFault,
    reason?: string,
    claims: { readonly hostname?: string; readonly user?: string } = {},
  ): HandshakeResult {
    const reply = reason === undefined ? undefined : writePong({ reason }, this.#json !== undefined);
    return { ok: false, code, reply, claims };
  }
}
