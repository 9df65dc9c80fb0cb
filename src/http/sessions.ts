// Who may see what the HTTP server shows: the token, the sessions that it opened, and how often it may be tried. All of it is bounded and in
// memory only; what is asked over HTTP and how it is answered is app.ts's.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/clock.ts';

export interface SessionsSettings {
  /** Undefined where everybody who can connect may see all: on a loopback address. */
  readonly token: string | undefined;
  /** Part of the cookie's name, since cookies of all ports of a machine lie together. */
  readonly port: number;
  readonly clock: Clock;
}

const maxSessions = 1000;
/** A session that is not used for this long ends, ms. */
const lifetime = 7 * 24 * 3600 * 1000;
/** Wrong tokens of one address in a minute, and addresses that are remembered. */
const maxFailures = 10;
const failureTime = 60_000;
const maxAddresses = 1000;

export type Login = { readonly cookie: string } | 'wrong' | 'too many';

export class Sessions {
  readonly tokenNeeded: boolean;
  readonly #token: Buffer | undefined;
  readonly #cookie: string;
  readonly #clock: Clock;
  /** When each ends, by the hash of its id; the one used last stands last. */
  readonly #sessions = new Map<string, number>();
  readonly #failures = new Map<string, { count: number; until: number }>();

  constructor({ token, port, clock }: SessionsSettings) {
    this.tokenNeeded = token !== undefined;
    this.#token = token === undefined ? undefined : sha256(token);
    this.#cookie = `forebay_${port}`;
    this.#clock = clock;
  }

  /** Opens a session where the token is right; `cookie` is what Set-Cookie says. */
  login(token: string, address: string, secure: boolean): Login {
    const checked = this.#check(token, address);
    if (checked !== 'right') {
      return checked;
    }
    const id = randomBytes(32).toString('base64url');
    this.#keep(sha256(id).toString('base64'));
    const flags = `Path=/; Max-Age=${lifetime / 1000}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
    return { cookie: `${this.#cookie}=${id}; ${flags}` };
  }

  /** Whether a request may see the events: by its session, or by `Authorization: Bearer`. */
  authenticated(cookies: string | undefined, authorization: string | undefined, address: string): boolean {
    if (!this.tokenNeeded) {
      return true;
    }
    const bearer = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    return this.#sessionOf(cookies) || (bearer !== undefined && this.#check(bearer, address) === 'right');
  }

  #check(token: string, address: string): 'right' | 'wrong' | 'too many' {
    const now = this.#clock.now();
    const failures = this.#failures.get(address);
    const current = failures !== undefined && failures.until > now ? failures : { count: 0, until: now + failureTime };
    if (current.count >= maxFailures) {
      return 'too many';
    }
    // The hashes have one length, so nothing of the token shows in the time this takes.
    if (this.#token !== undefined && timingSafeEqual(sha256(token), this.#token)) {
      this.#failures.delete(address);
      return 'right';
    }
    current.count++;
    this.#failures.delete(address);
    this.#failures.set(address, current);
    dropOldest(this.#failures, maxAddresses);
    return 'wrong';
  }

  #sessionOf(cookies: string | undefined): boolean {
    for (const pair of (cookies ?? '').split(';', 100)) {
      const [name, id] = pair.trim().split('=', 2);
      if (name === this.#cookie && id !== undefined) {
        const key = sha256(id).toString('base64');
        const end = this.#sessions.get(key);
        if (end !== undefined && end > this.#clock.now()) {
          this.#keep(key);
          return true;
        }
      }
    }
    return false;
  }

  #keep(key: string): void {
    this.#sessions.delete(key);
    this.#sessions.set(key, this.#clock.now() + lifetime);
    dropOldest(this.#sessions, maxSessions);
  }
}

/** A token that nobody guesses. */
export function newToken(): string {
  return randomBytes(24).toString('base64url');
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function dropOldest(map: Map<string, unknown>, limit: number): void {
  const [oldest] = map.size > limit ? map.keys() : [];
  if (oldest !== undefined) {
    map.delete(oldest);
  }
}
