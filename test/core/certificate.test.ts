// Certificates that are made here are good ones to Node and to openssl.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type CertificateRequest, makeCertificate } from '../../src/core/certificate.ts';
import { openssl, opensslMissing } from '../support/openssl.ts';
import { tempFolder } from '../support/temp.ts';

const temp = tempFolder('certificate');
afterAll(() => temp.remove());

const request: CertificateRequest = {
  country: 'DE',
  state: 'Übersee',
  locality: 'Mountain View',
  commonName: 'logs.example',
  expiration: 86_400,
  digest: 'sha256',
  keyLength: 2048,
};
const now = Date.UTC(2026, 0, 15);

test('a certificate says who it is for, from when, and how long', async () => {
  const { certificate, key } = await makeCertificate(request, now);
  const made = new X509Certificate(certificate);
  expect(made.subject).toBe('C=DE\nST=Übersee\nL=Mountain View\nCN=logs.example');
  expect(made.issuer).toBe(made.subject);
  expect(made.ca).toBe(false);
  expect(made.checkHost('logs.example')).toBe('logs.example');
  expect(made.checkHost('other.example')).toBeUndefined();
  expect(made.validFromDate).toEqual(new Date(Date.UTC(2026, 0, 14)));
  expect(made.validToDate).toEqual(new Date(Date.UTC(2026, 0, 16)));
  expect(made.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  expect(made.verify(made.publicKey)).toBe(true);
  expect(made.checkPrivateKey(createPrivateKey(key))).toBe(true);
});

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['2001:db8::7', '2001:db8:0:0:0:0:0:7'],
  ['::ffff:192.0.2.7', '::ffff:192.0.2.7'],
  ['::1', '::1'],
])('a host that is the address %s can be checked as one', async (commonName, address) => {
  const { certificate } = await makeCertificate({ ...request, commonName }, now);
  expect(new X509Certificate(certificate).checkIP(address)).toBeDefined();
});

test('one that outlives 2049 says so', async () => {
  const { certificate } = await makeCertificate({ ...request, expiration: 30 * 365 * 86_400 }, now);
  expect(new X509Certificate(certificate).validToDate.getUTCFullYear()).toBe(2056);
});

test('no two have the same number', async () => {
  const numbers = await Promise.all(
    [0, 1].map(async () => new X509Certificate((await makeCertificate(request, now)).certificate).serialNumber),
  );
  expect(new Set(numbers).size).toBe(2);
});

describe.skipIf(opensslMissing)('signed by a CA', () => {
  test.each([
    ['RSA', ['rsa', '-pkeyopt', 'rsa_keygen_bits:2048'], 'sha256', undefined],
    ['RSA with a passphrase', ['rsa', '-pkeyopt', 'rsa_keygen_bits:2048'], 'sha512', 'open sesame'],
    ['EC', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'], 'sha384', undefined],
  ] as const)('with a key of the kind %s, openssl verifies it', async (name, algorithm, digest, passphrase) => {
    const [ca, caKey, leaf] = ['ca.pem', 'ca.key', 'leaf.pem'].map((file) => join(temp.path, `${name}-${file}`)) as [
      string,
      string,
      string,
    ];
    const secret = passphrase === undefined ? ['-nodes'] : ['-passout', `pass:${passphrase}`];
    openssl(
      'req',
      '-x509',
      '-newkey',
      ...algorithm,
      ...secret,
      '-subj',
      '/O=Test/CN=Test CA',
      '-addext',
      'keyUsage=critical,keyCertSign',
      '-days',
      '2',
      '-keyout',
      caKey,
      '-out',
      ca,
    );
    const issuer = { certificate: readFileSync(ca), key: readFileSync(caKey), passphrase };
    const { certificate } = await makeCertificate({ ...request, digest }, Date.now(), issuer);
    writeFileSync(leaf, certificate);
    expect(openssl('verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', ca, leaf)).toContain('OK');
    expect(new X509Certificate(certificate).issuer).toBe('O=Test\nCN=Test CA');
    if (passphrase !== undefined) {
      await expect(makeCertificate(request, now, { ...issuer, passphrase: 'wrong' })).rejects.toThrow();
    }
  });
});
