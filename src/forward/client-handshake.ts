// The client's side of the handshake: waits for HELO, sends PING, checks PONG. The server is not trusted before its PONG proves the key:
// what is held of its answers is bounded. Sockets, time and what is sent afterwards are its user's.
import { needMore, Skip } from '../msgpack/skip.ts';
import { keyDigest, passwordDigest, sameDigest } from './handshake-digest.ts';
import { type Helo, printable, readHelo, readPong, writePing } from './handshake-messages.ts';

/** Why a server is not to be sent to. */
export type ClientFault =
  /** Its first message is no HELO, or one without a nonce. */
  | 'HELO_INVALID'
  | 'PONG_INVALID'
  /** It refuses; it says why. */
  | 'PONG_REFUSED'
  /** It calls itself as we do: a loop, or somebody who sends our own proof back to us. */
  | 'PONG_OWN_NAME'
  /** It has not the key. */
  | 'PONG_KEY_MISMATCH'
  | 'TOO_LARGE';

export type ClientStep =
  | { readonly state: 'waiting'; readonly send: Uint8Array | undefined }
  /** `next` is up to where the bytes that were read last are done with. */
  | { readonly state: 'established'; readonly next: number; readonly keepalive: boolean; readonly hostname: string }
  /** `reason` is what the server says, fit to be shown. */
  | { readonly state: 'failed'; readonly fault: ClientFault; readonly reason: string };

export interface ClientSettings {
  readonly selfHostname: string;
  readonly sharedKey: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly random: (size: number) => Uint8Array;
}

/** HELO and PONG may have this many bytes each. */
const messageLimit = 4096;

export class ClientHandshake {
  readonly #settings: ClientSettings;
  /** As Fluentd's: 32 characters, new for each connection. */
  readonly #salt: string;
  readonly #held = new Uint8Array(messageLimit);
  #length = 0;
  #skip = new Skip();
  #helo: Helo | undefined;

  constructor(settings: ClientSettings) {
    this.#settings = settings;
    this.#salt = Buffer.from(settings.random(16)).toString('hex');
  }

  /** Takes the bytes between `from` and `to`. After `established` or `failed` it is not called again. */
  read(bytes: Uint8Array, from: number, to: number): ClientStep {
    let send: Uint8Array | undefined;
    let pos = from;
    for (;;) {
      const before = this.#length;
      const taken = Math.min(to - pos, messageLimit - before);
      this.#held.set(bytes.subarray(pos, pos + taken), before);
      this.#length += taken;
      const end = this.#skip.run(this.#held, this.#skip.at, this.#length);
      if (end === needMore) {
        return this.#length === messageLimit ? failed('TOO_LARGE') : { state: 'waiting', send };
      }
      if (this.#helo !== undefined) {
        return end < 0 ? failed('PONG_INVALID') : this.#pong(this.#helo, end, pos + end - before);
      }
      this.#helo = end < 0 ? undefined : readHelo(this.#held, 0, end);
      if (this.#helo === undefined) {
        return failed('HELO_INVALID');
      }
      send = this.#ping(this.#helo);
      pos += end - before;
      this.#length = 0;
      this.#skip = new Skip();
    }
  }

  #ping({ nonce, auth }: Helo): Uint8Array {
    const { selfHostname, sharedKey, username, password } = this.#settings;
    const asksForUser = auth.length > 0;
    const user = asksForUser ? (username ?? '') : '';
    return writePing({
      host: selfHostname,
      salt: this.#salt,
      keyDigest: keyDigest(Buffer.from(this.#salt), Buffer.from(selfHostname), nonce, Buffer.from(sharedKey)),
      user,
      passwordDigest: asksForUser
        ? passwordDigest(auth, Buffer.from(user), Buffer.from(password ?? ''))
        : new Uint8Array(0),
    });
  }

  #pong({ nonce, keepalive }: Helo, end: number, next: number): ClientStep {
    const { selfHostname, sharedKey } = this.#settings;
    const pong = readPong(this.#held, 0, end);
    if (pong === undefined) {
      return failed('PONG_INVALID');
    }
    if (!pong.accepted) {
      return failed('PONG_REFUSED', printable(pong.reason));
    }
    if (pong.host === undefined) {
      return failed('PONG_INVALID');
    }
    if (Buffer.compare(pong.host, Buffer.from(selfHostname)) === 0) {
      return failed('PONG_OWN_NAME');
    }
    const ours = keyDigest(Buffer.from(this.#salt), pong.host, nonce, Buffer.from(sharedKey));
    if (!sameDigest(ours, pong.keyDigest)) {
      return failed('PONG_KEY_MISMATCH');
    }
    return { state: 'established', next, keepalive, hostname: printable(pong.host) };
  }
}

function failed(fault: ClientFault, reason = ''): ClientStep {
  return { state: 'failed', fault, reason };
}
