// The two proofs of the forward protocol's handshake, as Fluentd makes them: sha512 in hexadecimal over salt, name, nonce and secret.
import { createHash, timingSafeEqual } from 'node:crypto';

/** Proves a shared key: in a PING with the client's host name, in a PONG with the server's. `salt` is the client's, `nonce` the server's. */
export function keyDigest(salt: Uint8Array, host: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array {
  return hexDigest(salt, host, nonce, key);
}

/** Proves a password; `salt` is the HELO's `auth`. */
export function passwordDigest(salt: Uint8Array, user: Uint8Array, password: Uint8Array): Uint8Array {
  return hexDigest(salt, user, password);
}

/** Whether two digests are equal; how long that takes does not say where they differ. */
export function sameDigest(ours: Uint8Array, theirs: Uint8Array | undefined): boolean {
  const known = theirs !== undefined && theirs.length === ours.length;
  // What has another length is compared too, with ours: then the answer is known, but takes as long.
  return timingSafeEqual(ours, known ? theirs : ours) && known;
}

function hexDigest(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha512');
  for (const part of parts) {
    hash.update(part);
  }
  return Buffer.from(hash.digest('hex'), 'latin1');
}
