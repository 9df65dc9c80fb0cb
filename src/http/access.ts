// Who a visitor of the HTTP server is, and which tags are for them: by the token, a login's cookie, a user's password (basic authentication), or
// the word of a proxy at a trusted address. Where none of these is asked for, everybody who can connect may see all.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { AddressList } from '../core/address-list.ts';
import type { Clock } from '../core/clock.ts';
import { Attempts } from './attempts.ts';
import type { PageLimits } from './limits.ts';
import { Passwords } from './passwords.ts';
import { Sessions } from './sessions.ts';

export interface User {
  readonly name: string;
  /** The password or its hash (passwords.ts). Undefined where only a proxy can name the user. */
  readonly password: string | undefined;
  /** Patterns of the tags that the user may see; undefined: all. */
  readonly tags: string | undefined;
}

export interface AccessOptions {
  readonly users: readonly User[];
  /** Addresses and networks of proxies, and the header in which they name the user. */
  readonly proxies: readonly string[];
  readonly proxyHeader: string | undefined;
  /** A login ends after this long, ms. */
  readonly loginLifetime: number;
}

export interface AccessSettings extends AccessOptions {
  readonly token: string | undefined;
  readonly port: number;
  readonly clock: Clock;
  readonly limits: PageLimits;
  /** Told when a login ends because there are too many. */
  readonly loginEnded: () => void;
}

export interface Visitor {
  readonly name: string;
  readonly tags: string | undefined;
  /** When the login ends, ms since the epoch; undefined where each request says anew who it is. */
  readonly until: number | undefined;
}

export type AccessLogin = { readonly cookie: string } | 'wrong' | 'too many';

/** Whoever the token lets in. */
const tokenUser: User = { name: '', password: undefined, tags: undefined };
/** The user that stands for all whom a proxy names and who have no section of their own. */
const anybody = '*';

export const openAccess: AccessOptions = {
  users: [],
  proxies: [],
  proxyHeader: undefined,
  loginLifetime: 30 * 24 * 3600 * 1000,
};

export class Access {
  readonly needed: boolean;
  /** Whether a browser is to ask its user for a name and a password. */
  readonly challenges: boolean;
  readonly #settings: AccessSettings;
  readonly #users: ReadonlyMap<string, User>;
  readonly #sessions: Sessions;
  readonly #attempts: Attempts;
  readonly #passwords = new Passwords();
  readonly #proxies = new AddressList();
  /** Checked in place of the password of a user that is not there, to take the same time. */
  readonly #decoy: string;

  constructor(settings: AccessSettings) {
    const { token, port, clock, users, proxies, proxyHeader, loginLifetime, limits, loginEnded } = settings;
    this.#settings = settings;
    this.#users = new Map(users.map((user) => [user.name, user]));
    this.#attempts = new Attempts(clock, limits.loginTries);
    this.#sessions = new Sessions({
      ...{ token, port, clock, lifetime: loginLifetime, attempts: this.#attempts },
      idleTime: limits.loginIdleTime,
      most: limits.logins,
      ended: loginEnded,
    });
    for (const text of proxies) {
      this.#proxies.add(text);
    }
    const passwords = users.flatMap(({ password }) => password ?? []);
    this.challenges = passwords.length > 0;
    this.needed = token !== undefined || this.challenges || proxyHeader !== undefined;
    this.#decoy = passwords[0] ?? '';
  }

  /** Undefined where the visitor may see nothing. */
  async visitor(request: IncomingMessage): Promise<Visitor | undefined> {
    const { headers } = request;
    const address = request.socket.remoteAddress ?? '';
    if (!this.needed) {
      return visitorOf(tokenUser);
    }
    // Before a cookie: a proxy says who it is now.
    const named = this.#named(headers, address);
    if (named !== undefined) {
      return visitorOf(named);
    }
    const session = this.#sessions.find(headers.cookie);
    const user = session === undefined ? undefined : session.user === '' ? tokenUser : this.#users.get(session.user);
    if (session !== undefined && user !== undefined) {
      return visitorOf(user, session.end);
    }
    const given = await this.#authorized(headers.authorization, address);
    return typeof given === 'object' ? visitorOf(given) : undefined;
  }

  /** Opens a login with the token; `cookie` is what Set-Cookie says. */
  loginWithToken(token: string, address: string, secure: boolean): AccessLogin {
    return this.#sessions.login(token, address, secure);
  }

  /** The same with a user's name and password. */
  async loginWithPassword(name: string, password: string, address: string, secure: boolean): Promise<AccessLogin> {
    const user = await this.#password(name, password, address);
    return typeof user === 'object' ? this.#sessions.open(user.name, secure) : user;
  }

  /** A login for who has just shown a name and a password, so that the requests that follow need not; undefined for all others. */
  async loginOf(request: IncomingMessage, secure: boolean): Promise<string | undefined> {
    const { authorization, cookie } = request.headers;
    if (!/^Basic /i.test(authorization ?? '') || this.#sessions.find(cookie) !== undefined) {
      return undefined;
    }
    const user = await this.#authorized(authorization, request.socket.remoteAddress ?? '');
    return typeof user === 'object' ? this.#sessions.open(user.name, secure).cookie : undefined;
  }

  /** Whom a proxy names. A proxy must take the header out of what it is sent itself. */
  #named(headers: IncomingHttpHeaders, address: string): User | undefined {
    const { proxyHeader } = this.#settings;
    const name = proxyHeader === undefined ? undefined : headers[proxyHeader.toLowerCase()];
    if (typeof name !== 'string' || name === '' || !this.#proxies.has(address)) {
      return undefined;
    }
    if (this.#users.size === 0) {
      return { ...tokenUser, name };
    }
    return this.#users.get(name === anybody ? '' : name) ?? this.#users.get(anybody);
  }

  async #authorized(authorization: string | undefined, address: string): Promise<User | 'wrong' | 'too many'> {
    const bearer = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (bearer !== undefined) {
      return this.#sessions.isToken(bearer, address) === 'right' ? tokenUser : 'wrong';
    }
    const basic = /^Basic +([\w+/=-]+)$/i.exec(authorization ?? '')?.[1];
    const [, name, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(basic ?? '', 'base64').toString()) ?? [];
    return name === undefined || password === undefined ? 'wrong' : await this.#password(name, password, address);
  }

  async #password(name: string, password: string, address: string): Promise<User | 'wrong' | 'too many'> {
    if (!this.#attempts.begin(address)) {
      return 'too many';
    }
    const user = this.#users.get(name);
    const isRight = await this.#passwords.check(user?.password ?? this.#decoy, password);
    // A name and the token will do too: programs and browsers that know only this kind of login.
    const isToken = this.#sessions.hasToken(password);
    if (isRight === true && user?.password !== undefined) {
      this.#attempts.succeed(address);
      return user;
    }
    if (isToken) {
      this.#attempts.succeed(address);
      return tokenUser;
    }
    return isRight === undefined ? 'too many' : 'wrong';
  }
}

function visitorOf({ name, tags }: User, until?: number): Visitor {
  return { name, tags, until };
}
