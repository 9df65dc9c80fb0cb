// The token, and the sessions that it or a password opened. All of it is bounded and in memory only; who else is let in is access.ts's.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { type Attempts, dropOldest } from './attempts.ts';
import { sha256 } from './passwords.ts';

export interface SessionsSettings {
  /** Undefined where there is none. */
  readonly token: string | undefined;
  /** Part of the cookie's name, since cookies of all ports of a machine lie together. */
  readonly port: number;
  readonly clock: Clock;
  /** A session ends after this long, ms, however much it is used. */
  readonly lifetime: number;
  /** One that is not used for this long ends, ms. */
  readonly idleTime: number;
  /** Sessions that are remembered. */
  readonly most: number;
  /** Told when one ends because there are too many. */
  readonly ended: () => void;
  readonly attempts: Attempts;
}

export interface Session {
  /** Empty: whoever had the token. */
  readonly user: string;
  /** When it ends at the latest, ms since the epoch. */
  readonly end: number;
}

export class Sessions {
  readonly #settings: SessionsSettings;
  readonly #token: Buffer | undefined;
  readonly #cookie: string;
  /** By the hash of its id; the one used last stands last. */
  readonly #sessions = new Map<string, Session & { idleEnd: number }>();

  constructor(settings: SessionsSettings) {
    const { token, port } = settings;
    this.#settings = settings;
    this.#token = token === undefined ? undefined : sha256(token);
    this.#cookie = `forebay_${port}`;
  }

  /** Opens a session where the token is right; `cookie` is what Set-Cookie says. */
  login(token: string, address: string, secure: boolean): { readonly cookie: string } | 'wrong' | 'too many' {
    const checked = this.isToken(token, address);
    return checked === 'right' ? this.open('', secure) : checked;
  }

  /** Opens a session for a user whose password was right. */
  open(user: string, secure: boolean): { readonly cookie: string } {
    const { clock, lifetime, idleTime, most, ended } = this.#settings;
    const id = randomBytes(32).toString('base64url');
    this.#sessions.set(sha256(id).toString('base64'), { user, end: clock.now() + lifetime, idleEnd: this.#idleEnd() });
    if (dropOldest(this.#sessions, most)) {
      ended();
    }
    const age = Math.floor(Math.min(lifetime, idleTime) / 1000);
    const flags = `Path=/; Max-Age=${age}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
    return { cookie: `${this.#cookie}=${id}; ${flags}` };
  }

  /** The session that a request's cookies name, if it has not ended. */
  find(cookies: string | undefined): Session | undefined {
    const now = this.#settings.clock.now();
    for (const pair of (cookies ?? '').split(';', 100)) {
      const [name, id] = pair.trim().split('=', 2);
      const key = name === this.#cookie && id !== undefined ? sha256(id).toString('base64') : '';
      const session = this.#sessions.get(key);
      if (session !== undefined && session.end > now && session.idleEnd > now) {
        session.idleEnd = this.#idleEnd();
        this.#sessions.delete(key);
        this.#sessions.set(key, session);
        return session;
      }
    }
    return undefined;
  }

  /** Whether it is the token; what is wrong counts as a try of that address. */
  isToken(token: string, address: string): 'right' | 'wrong' | 'too many' {
    const { attempts } = this.#settings;
    if (!attempts.begin(address)) {
      return 'too many';
    }
    if (!this.hasToken(token)) {
      return 'wrong';
    }
    attempts.succeed(address);
    return 'right';
  }

  /** The same, where the caller counts. */
  hasToken(token: string): boolean {
    return this.#token !== undefined && timingSafeEqual(sha256(token), this.#token);
  }

  #idleEnd(): number {
    return this.#settings.clock.now() + this.#settings.idleTime;
  }
}

/** A token that nobody guesses. */
export function newToken(): string {
  return randomBytes(24).toString('base64url');
}
