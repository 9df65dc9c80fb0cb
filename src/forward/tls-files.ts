// What a `<transport tls>` says, as Node takes it: reads certificates and keys, and has one made where that is asked for.
import { readFileSync } from 'node:fs';
import type { SecureContextOptions } from 'node:tls';
import { ForebayError } from '../core/errors.ts';
import { type TransportSettings, versionRange } from './transport-options.ts';

/** The files that `contextOptions` reads anew each time. */
export function watchedFiles({ cert_path, private_key_path, client_cert_auth, ca_path }: TransportSettings): string[] {
  const own = cert_path === undefined ? [] : [cert_path, private_key_path];
  return [...own, ...(client_cert_auth ? [ca_path] : [])].filter((path) => path !== undefined);
}

/** A certificate and key that were made, to be used where no file has one. */
export interface MadePair {
  readonly certificate: string;
  readonly key: string;
}

/** Throws TLS_FILE_UNREADABLE where a file cannot be read. */
export function contextOptions(settings: TransportSettings, made: MadePair | undefined): SecureContextOptions {
  const { cert_path, private_key_path, private_key_passphrase, client_cert_auth, ca_path } = settings;
  const { min, max } = versionRange(settings);
  const ciphers = cipherList(settings, min);
  return {
    ...(cert_path === undefined || private_key_path === undefined
      ? { cert: made?.certificate, key: made?.key }
      : {
          cert: read(cert_path),
          key: read(private_key_path),
          ...(private_key_passphrase === undefined ? {} : { passphrase: private_key_passphrase }),
        }),
    ...(client_cert_auth && ca_path !== undefined ? { ca: read(ca_path) } : {}),
    minVersion: `TLSv1.${min}` as 'TLSv1.2',
    maxVersion: `TLSv1.${max}` as 'TLSv1.2',
    ...(ciphers === undefined ? {} : { ciphers }),
    honorCipherOrder: true,
  };
}

/** Makes a certificate where the settings ask for one; undefined where they name one. */
export async function makePair(
  settings: TransportSettings,
  hostname: string,
  now: number,
): Promise<MadePair | undefined> {
  const { cert_path, ca_cert_path, ca_private_key_path, ca_private_key_passphrase } = settings;
  if (cert_path !== undefined) {
    return undefined;
  }
  const { makeCertificate } = await import('../core/certificate.ts');
  const issuer =
    ca_cert_path === undefined || ca_private_key_path === undefined
      ? undefined
      : { certificate: read(ca_cert_path), key: read(ca_private_key_path), passphrase: ca_private_key_passphrase };
  const request = {
    country: settings.generate_cert_country,
    state: settings.generate_cert_state,
    locality: settings.generate_cert_locality,
    commonName: settings.generate_cert_common_name ?? hostname,
    expiration: settings.generate_cert_expiration,
    digest: settings.generate_cert_digest,
    keyLength: settings.generate_private_key_length,
  };
  return await makeCertificate(request, now, issuer);
}

/** Why the files cannot be used, with the option that is to blame; undefined where they can. Nothing is made for it. */
export function fileFault(
  settings: TransportSettings,
): { readonly option: string; readonly reason: string } | undefined {
  const { cert_path, ca_cert_path, ca_private_key_path, ca_private_key_passphrase } = settings;
  // The module is loaded only where there is TLS.
  const tls = process.getBuiltinModule('node:tls');
  try {
    tls.createSecureContext(contextOptions(settings, undefined));
    if (cert_path === undefined && ca_cert_path !== undefined && ca_private_key_path !== undefined) {
      // Whether the CA's key is that of its certificate.
      tls.createSecureContext({
        cert: read(ca_cert_path),
        key: read(ca_private_key_path),
        ...(ca_private_key_passphrase === undefined ? {} : { passphrase: ca_private_key_passphrase }),
      });
    }
    return undefined;
  } catch (error) {
    const path = error instanceof ForebayError ? error.fields['path'] : undefined;
    const unreadable = pathOptions.find((name) => path !== undefined && settings[name] === path);
    const ciphers = (error as NodeJS.ErrnoException).code === 'ERR_SSL_NO_CIPHER_MATCH' ? 'ciphers' : undefined;
    const option = unreadable ?? ciphers ?? (cert_path === undefined ? 'ca_cert_path' : 'cert_path');
    return { option, reason: reasonOf(error) };
  }
}

const pathOptions = ['cert_path', 'private_key_path', 'ca_path', 'ca_cert_path', 'ca_private_key_path'] as const;

/** What OpenSSL says is for those who know it; the usual mistakes are said in plain words. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const plain: Readonly<Record<string, string>> = {
    ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'the key is not that of the certificate',
    ERR_OSSL_PEM_NO_START_LINE: 'a file holds no PEM',
    ERR_OSSL_BAD_DECRYPT: "the key's passphrase is missing or wrong",
    ERR_OSSL_EVP_BAD_DECRYPT: "the key's passphrase is missing or wrong",
    // A wrong passphrase now and then makes something of a key that only looks decrypted.
    ERR_OSSL_UNSUPPORTED: "the key's passphrase is missing or wrong, or its form is not known",
    ERR_MISSING_PASSPHRASE: "the key's passphrase is missing or wrong",
    ERR_SSL_NO_CIPHER_MATCH: 'OpenSSL knows none of these ciphers',
    ERR_SSL_WRONG_VERSION_NUMBER: 'the peer speaks no TLS',
    ERR_SSL_HTTP_REQUEST: 'the peer speaks no TLS',
    ERR_TLS_HANDSHAKE_TIMEOUT: 'it took longer than handshake_timeout',
  };
  return plain[code ?? ''] ?? (error as { readonly reason?: string }).reason ?? message.replace(/\.$/, '');
}

const modernSuites = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256';

/** In Fluentd `ciphers` says nothing about TLS 1.3, whose suites have names of their own; Node would turn 1.3 off without one of them. */
function cipherList({ ciphers }: TransportSettings, min: number): string | undefined {
  // OpenSSL speaks the versions before 1.2 only at this level.
  const level = min < 2 ? '@SECLEVEL=0' : '';
  if (ciphers === undefined) {
    return level === '' ? undefined : `${modernSuites}:DEFAULT:${level}`;
  }
  const own = /(^|[:, ])TLS_/.test(ciphers) ? ciphers : `${modernSuites}:${ciphers}`;
  return level === '' ? own : `${own}:${level}`;
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ForebayError('TLS_FILE_UNREADABLE', { path, reason: (error as Error).message }, { cause: error });
  }
}
