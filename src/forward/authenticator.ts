// Decides who may send, as Fluentd's in_forward does: is the peer's address known, has it the key, has it a user. In this order, so that a
// peer learns nothing of what comes after the first thing it lacks. Reading and answering its PING is server-handshake.ts.
import { AddressList } from '../core/address-list.ts';
import { ForebayError } from '../core/errors.ts';
import { keyDigest, passwordDigest, sameDigest } from './handshake-digest.ts';
import type { Ping } from './handshake-messages.ts';
import type { SecuritySettings } from './security-options.ts';

export type Refusal = 'FORWARD_ANONYMOUS_REFUSED' | 'FORWARD_KEY_MISMATCH' | 'FORWARD_USER_REFUSED';

export type Verdict =
  | {
      readonly ok: true;
      /** For the PONG. */
      readonly keyDigest: Uint8Array;
      /** What the peer calls itself. */
      readonly host: Uint8Array;
      /** Who it is, where users are asked for. */
      readonly user: Uint8Array | undefined;
    }
  /** `reason` is what the peer is told, in Fluentd's words; without one, nothing. */
  | { readonly ok: false; readonly code: Refusal; readonly reason: string }
  | { readonly ok: false; readonly code: 'FORWARD_PING_INVALID'; readonly reason: undefined };

/** The two salts of one connection. */
export interface Salts {
  readonly nonce: Uint8Array;
  readonly auth: Uint8Array;
}

interface Client {
  readonly addresses: AddressList;
  readonly keys: readonly Uint8Array[];
  /** Names of the users that this client may be; empty: all. */
  readonly users: ReadonlySet<string>;
}

interface User {
  readonly name: Uint8Array;
  readonly password: Uint8Array;
}

/** Makes the authenticator; looks up the addresses of `<client>` hosts. Rejects with CONFIG_INVALID_VALUE where one has none. */
export async function createAuthenticator(settings: SecuritySettings): Promise<Authenticator> {
  const clients: Client[] = [];
  const keys = keysOf(settings);
  for (const client of settings.client) {
    const addresses = new AddressList();
    for (const address of client.host === undefined ? [client.network ?? ''] : await addressesOf(client.host)) {
      addresses.add(address);
    }
    const own = keysOf(client);
    clients.push({ addresses, keys: own.length > 0 ? own : keys, users: new Set(client.users.map(String)) });
  }
  return new Authenticator(settings, clients, keys);
}

export class Authenticator {
  /** What the server calls itself. */
  readonly host: string;
  readonly #clients: readonly Client[];
  readonly #keys: readonly Uint8Array[];
  readonly #anonymous: boolean;
  readonly #users: readonly User[] | undefined;

  constructor(settings: SecuritySettings, clients: readonly Client[], keys: readonly Uint8Array[]) {
    this.host = settings.self_hostname;
    this.#clients = clients;
    this.#keys = keys;
    this.#anonymous = settings.allow_anonymous_source;
    this.#users = settings.user_auth
      ? settings.user.map(({ username, password }) => ({
          name: Buffer.from(username),
          password: Buffer.from(password),
        }))
      : undefined;
  }

  check(ping: Ping, address: string, { nonce, auth }: Salts): Verdict {
    const client = this.#clients.find(({ addresses }) => addresses.has(address));
    if (client === undefined && !this.#anonymous) {
      const reason = `anonymous source host '${address}' denied`;
      return { ok: false, code: 'FORWARD_ANONYMOUS_REFUSED', reason };
    }
    if (ping.salt === undefined || ping.host === undefined) {
      return { ok: false, code: 'FORWARD_PING_INVALID', reason: undefined };
    }
    let known: Uint8Array | undefined;
    for (const key of client?.keys ?? this.#keys) {
      // All of them are tried, whichever it is.
      known = sameDigest(keyDigest(ping.salt, ping.host, nonce, key), ping.keyDigest) ? key : known;
    }
    if (known === undefined) {
      return { ok: false, code: 'FORWARD_KEY_MISMATCH', reason: 'shared_key mismatch' };
    }
    if (this.#users !== undefined && !this.#hasUser(this.#users, ping, auth, client)) {
      return { ok: false, code: 'FORWARD_USER_REFUSED', reason: 'username/password mismatch' };
    }
    return {
      ok: true,
      keyDigest: keyDigest(ping.salt, Buffer.from(this.host), nonce, known),
      host: ping.host,
      user: this.#users === undefined ? undefined : ping.user,
    };
  }

  #hasUser(users: readonly User[], { user, passwordDigest: digest }: Ping, auth: Uint8Array, client?: Client): boolean {
    if (user === undefined) {
      return false;
    }
    const may = client === undefined || client.users.size === 0 || client.users.has(Buffer.from(user).toString());
    let found = false;
    for (const { name, password } of users) {
      // For each user as much work, whoever is asked for.
      const right = sameDigest(passwordDigest(auth, user, password), digest);
      found = (right && Buffer.compare(name, user) === 0) || found;
    }
    return found && may;
  }
}

function keysOf({
  shared_key,
  shared_keys,
}: {
  readonly shared_key: string | undefined;
  readonly shared_keys: readonly unknown[] | undefined;
}): Uint8Array[] {
  return [...(shared_key === undefined ? [] : [shared_key]), ...(shared_keys ?? []).map(String)].map((key) =>
    Buffer.from(key),
  );
}

async function addressesOf(host: string): Promise<string[]> {
  try {
    const { lookup } = await import('node:dns/promises');
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    throw new ForebayError(
      'CONFIG_INVALID_VALUE',
      { option: 'host', value: host, reason: 'it cannot be resolved' },
      { cause: error },
    );
  }
}
