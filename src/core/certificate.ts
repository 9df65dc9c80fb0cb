// Makes certificates for servers, signed by themselves or by a CA's key: Node has the keys and signatures, but nothing that makes X.509.
// RFC 5280.
import {
  createHash,
  createPrivateKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { promisify } from 'node:util';
import {
  bits,
  boolean,
  content,
  der,
  integer,
  octets,
  oid,
  parts,
  printableString,
  sequence,
  set,
  time,
  utf8,
} from './der.ts';

export interface CertificateRequest {
  readonly country: string;
  readonly state: string;
  readonly locality: string;
  /** The host that the certificate is for. */
  readonly commonName: string;
  /** Seconds that it is valid, from `now` on. */
  readonly expiration: number;
  readonly digest: 'sha1' | 'sha256' | 'sha384' | 'sha512';
  /** Bits of the RSA key. */
  readonly keyLength: number;
}

export interface Issuer {
  /** PEM. */
  readonly certificate: Uint8Array;
  readonly key: Uint8Array;
  readonly passphrase: string | undefined;
}

export interface KeyPair {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
}

/** Resolves with a new key and its certificate; without an issuer it is its own. `now` is in ms since the epoch. */
export async function makeCertificate(request: CertificateRequest, now: number, issuer?: Issuer): Promise<KeyPair> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: request.keyLength });
  const subject = nameOf(request);
  const signer = issuer === undefined ? { name: subject, key: privateKey, keyId: keyId(publicKey) } : signerOf(issuer);
  const algorithm = algorithmOf(signer.key, request.digest);
  const body = sequence(
    der(0xa0, integer(Uint8Array.of(2))),
    integer(serialNumber()),
    algorithm,
    signer.name,
    // A day back, for clocks that are late.
    sequence(time(now - 86_400_000), time(now + request.expiration * 1000)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions(request.commonName, publicKey, signer.keyId)),
  );
  const certificate = sequence(body, algorithm, bits(sign(request.digest, body, signer.key)));
  return {
    certificate: pem('CERTIFICATE', certificate),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

interface Signer {
  readonly name: Uint8Array;
  readonly key: KeyObject;
  /** Of its certificate's subjectKeyIdentifier, where it has one. */
  readonly keyId: Uint8Array | undefined;
}

function signerOf({ certificate, key, passphrase }: Issuer): Signer {
  const { raw } = new X509Certificate(certificate);
  const fields = parts(parts(raw)[0] ?? raw);
  // A version of 1 is not written: then the serial number comes first.
  const subject = fields[(fields[0]?.[0] === 0xa0 ? 1 : 0) + 4];
  if (subject === undefined) {
    throw new RangeError('This is no certificate.');
  }
  const secret = passphrase === undefined ? {} : { passphrase };
  return {
    name: subject,
    key: createPrivateKey({ key: Buffer.from(key), format: 'pem', ...secret }),
    keyId: keyIdIn(fields),
  };
}

/** The subjectKeyIdentifier among the fields of a certificate's body. */
function keyIdIn(fields: readonly Uint8Array[]): Uint8Array | undefined {
  const all = fields.find((field) => field[0] === 0xa3);
  const id = oid(subjectKeyIdentifier);
  const found = all && parts(content(all)).find((extension) => Buffer.compare(parts(extension)[0] ?? id, id) === 0);
  const value = found && parts(found).at(-1);
  return value && content(content(value));
}

function nameOf({ country, state, locality, commonName }: CertificateRequest): Uint8Array {
  const part = (id: string, value: Uint8Array) => set(sequence(oid(id), value));
  return sequence(
    part('2.5.4.6', printableString(country)),
    part('2.5.4.8', utf8(state)),
    part('2.5.4.7', utf8(locality)),
    part('2.5.4.3', utf8(commonName)),
  );
}

const subjectKeyIdentifier = '2.5.29.14';

function extensions(host: string, key: KeyObject, issuerKeyId: Uint8Array | undefined): Uint8Array {
  const extension = (id: string, value: Uint8Array, critical = false) =>
    sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value));
  return sequence(
    extension('2.5.29.19', sequence(), true), // basicConstraints: no CA
    extension('2.5.29.15', bits(Uint8Array.of(0xa0), 5), true), // keyUsage: digitalSignature, keyEncipherment
    extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'))), // extKeyUsage: serverAuth
    extension('2.5.29.17', sequence(generalName(host))), // subjectAltName
    extension(subjectKeyIdentifier, octets(keyId(key))),
    // authorityKeyIdentifier
    ...(issuerKeyId === undefined ? [] : [extension('2.5.29.35', sequence(der(0x80, issuerKeyId)))]),
  );
}

function generalName(host: string): Uint8Array {
  return isIPv4(host) || isIPv6(host) ? der(0x87, addressBytes(host)) : der(0x82, Buffer.from(host, 'latin1'));
}

function addressBytes(address: string): Uint8Array {
  if (isIPv4(address)) {
    return Uint8Array.from(address.split('.').map(Number));
  }
  const groups = new SocketAddress({ address, family: 'ipv6' }).address.split('::').map((part) => part.split(':'));
  const [head = [], tail = []] = groups.map((part) =>
    part
      .filter((group) => group !== '')
      .flatMap((group) =>
        isIPv4(group)
          ? group.split('.').map(Number)
          : [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff],
      ),
  );
  return Uint8Array.from([...head, ...new Array<number>(16 - head.length - tail.length).fill(0), ...tail]);
}

/** RFC 5280, 4.2.1.2: the SHA-1 of the key's bits. It names the key, and protects nothing. */
function keyId(key: KeyObject): Uint8Array {
  const [, bitString] = parts(key.export({ type: 'spki', format: 'der' }));
  return createHash('sha1')
    .update(bitString === undefined ? '' : content(bitString).subarray(1))
    .digest();
}

const digests = ['sha1', 'sha256', 'sha384', 'sha512'] as const;
const rsaAlgorithms = [
  '1.2.840.113549.1.1.5',
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
];
const ecAlgorithms = ['1.2.840.10045.4.1', '1.2.840.10045.4.3.2', '1.2.840.10045.4.3.3', '1.2.840.10045.4.3.4'];

function algorithmOf(key: KeyObject, digest: CertificateRequest['digest']): Uint8Array {
  const index = digests.indexOf(digest);
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return sequence(oid(rsaAlgorithms[index] ?? ''), der(0x05));
    case 'ec':
      return sequence(oid(ecAlgorithms[index] ?? ''));
    default:
      throw new TypeError(`A CA's key must be RSA or EC, and this one is ${key.asymmetricKeyType ?? 'of no kind'}.`);
  }
}

/** 126 random bits, and one above them so that the number is never short. */
function serialNumber(): Uint8Array {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

function pem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
