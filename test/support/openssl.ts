// Certificates for tests, made by the system's openssl.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { reasonToSkip, requireProgram } from './system.ts';

/** Whether tests that need certificates are to be skipped; the reason is said once. */
export const opensslMissing = reasonToSkip('certificates', ['openssl']) !== undefined;

/** Runs openssl; returns what it prints. */
export function openssl(...args: readonly string[]): string {
  return execFileSync(requireProgram('openssl'), args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Paths of a certificate and its key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** Makes a CA. */
export function makeCa(folder: string, name: string): CertificateFiles {
  const files = pathsOf(folder, name);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', files.key];
  openssl('req', '-x509', ...key, '-subj', `/CN=${name}`, '-days', '2', '-out', files.cert);
  return files;
}

/** Makes a certificate for 127.0.0.1, signed by `ca`. With a passphrase the key is encrypted. */
export function makeLeaf(folder: string, name: string, ca: CertificateFiles, passphrase?: string): CertificateFiles {
  const files = pathsOf(folder, name);
  const secret = passphrase === undefined ? ['-nodes'] : ['-passout', `pass:${passphrase}`];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', ...secret, '-keyout', files.key];
  const signed = ['-CA', ca.cert, '-CAkey', ca.key, '-addext', 'subjectAltName=IP:127.0.0.1'];
  openssl('req', '-x509', ...key, ...signed, '-subj', `/CN=${name}`, '-days', '2', '-out', files.cert);
  return files;
}

function pathsOf(folder: string, name: string): CertificateFiles {
  return { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
}
