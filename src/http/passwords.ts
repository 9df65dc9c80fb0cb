// Passwords of the page's users, as they stand in a configuration: the words themselves, or what scrypt makes of them,
// `scrypt:SALT:HASH` in base64. Compared in constant time; scrypt runs beside the event loop, for few at once.
import { createHash, createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { dropOldest } from './attempts.ts';

const hashLength = 32;
/** Hashes that are made at once; each takes 16 MB and some 50 ms of a core. */
const maxAtOnce = 4;
/** Right passwords that need not be hashed again. */
const maxKnown = 100;

const hash = promisify(scrypt) as (password: string, salt: Buffer, length: number) => Promise<Buffer>;

/** Why a text is no password, or undefined. */
export function passwordFault(text: string): string | undefined {
  if (text === '') {
    return 'it is empty';
  }
  return text.startsWith('scrypt:') && partsOf(text) === undefined
    ? 'scrypt: is followed by a salt of at least 8 bytes, a colon, and a hash of 32 bytes, both in base64'
    : undefined;
}

export class Passwords {
  /** So that a copy of the memory's keys is no list of hashes of passwords. */
  readonly #key = randomBytes(32);
  readonly #known = new Map<string, true>();
  #atOnce = 0;

  /** Whether `given` is the password that the configuration writes as `wanted`; undefined where too many are asked for at once. */
  async check(wanted: string, given: string): Promise<boolean | undefined> {
    const parts = partsOf(wanted);
    if (parts === undefined) {
      return timingSafeEqual(sha256(given), sha256(wanted));
    }
    const key = createHmac('sha256', this.#key).update(`${wanted}\0${given}`).digest('base64');
    if (this.#known.has(key)) {
      return true;
    }
    if (this.#atOnce >= maxAtOnce) {
      return undefined;
    }
    this.#atOnce++;
    try {
      const isRight = timingSafeEqual(await hash(given, parts.salt, hashLength), parts.hash);
      if (isRight) {
        this.#known.set(key, true);
        dropOldest(this.#known, maxKnown);
      }
      return isRight;
    } finally {
      this.#atOnce--;
    }
  }
}

/** The hashes have one length, so nothing of a secret shows in the time that comparing them takes. */
export function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function partsOf(text: string): { readonly salt: Buffer; readonly hash: Buffer } | undefined {
  const [, salt = '', wanted = ''] = /^scrypt:([\w+/=-]+):([\w+/=-]+)$/.exec(text) ?? [];
  const parts = { salt: Buffer.from(salt, 'base64'), hash: Buffer.from(wanted, 'base64') };
  return parts.salt.length >= 8 && parts.hash.length === hashLength ? parts : undefined;
}
