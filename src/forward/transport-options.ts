// The `<transport>` section of a forward input: plain TCP or TLS, what may stand in it, and what does not go together. Reading the files
// is tls-files.ts, accepting connections tls-acceptor.ts.
import type { Element, Position } from '../config/element.ts';
import { p, type Values } from '../config/options.ts';
import type { Report } from '../config/problem.ts';

const versions = ['TLSv1_1', 'TLSv1_2', 'TLSv1_3', 'TLS1_1', 'TLS1_2', 'TLS1_3'] as const;

const transportOptions = {
  protocol: p.enum({ desc: 'What connections speak: <transport tls>.', values: ['tcp', 'tls'], default: 'tcp' }),
  linger_timeout: p.integer({
    desc: 'With 0, connections that are closed for a fault are reset. Other values have no effect.',
  }),
  receive_buffer_size: p.size({
    desc: "The size of the kernel's buffer for what was received.",
    ignored: 'the kernel sizes it as needed',
  }),
  version: p.enum({ desc: 'The one version of TLS that is spoken; without it, 1.2 and 1.3.', values: versions }),
  min_version: p.enum({ desc: 'The oldest version of TLS that is spoken.', values: versions }),
  max_version: p.enum({ desc: 'The newest version of TLS that is spoken.', values: versions }),
  ciphers: p.string({ desc: "The ciphers, in OpenSSL's language; without it, those of Node." }),
  insecure: p.bool({
    desc: 'Whether a certificate that nobody signed may be made, and versions of TLS older than 1.2 spoken.',
    default: 'false',
  }),
  ensure_fips: p.bool({ desc: 'Whether Node must run with a FIPS provider.', default: 'false' }),
  cert_path: p.string({
    desc: 'The certificate, and those between it and the root, in PEM. Read again when it is renewed.',
  }),
  private_key_path: p.string({ desc: "The certificate's key, in PEM." }),
  private_key_passphrase: p.string({ desc: "The key's passphrase.", secret: true }),
  client_cert_auth: p.bool({
    desc: 'Whether senders must have a certificate that one in ca_path has signed.',
    default: 'false',
  }),
  ca_path: p.string({ desc: "The certificates that sign the senders', in PEM." }),
  cert_verifier: p.string({ desc: 'Ruby code that decides about certificates: not run here.' }),
  ca_cert_path: p.string({ desc: 'A CA that signs a certificate made when Forebay starts, in PEM.' }),
  ca_private_key_path: p.string({ desc: "The CA's key, in PEM." }),
  ca_private_key_passphrase: p.string({ desc: "The passphrase of the CA's key.", secret: true }),
  generate_private_key_length: p.integer({ desc: "Bits of a made certificate's RSA key.", default: '2048' }),
  generate_cert_country: p.string({ desc: 'The country in a made certificate.', default: 'US' }),
  generate_cert_state: p.string({ desc: 'The state in a made certificate.', default: 'CA' }),
  generate_cert_locality: p.string({ desc: 'The place in a made certificate.', default: 'Mountain View' }),
  generate_cert_common_name: p.string({ desc: "The host in a made certificate; without it, this machine's." }),
  generate_cert_expiration: p.time({ desc: 'How long a made certificate is valid.', default: '3650d' }),
  generate_cert_digest: p.enum({
    desc: 'The digest that a made certificate is signed with.',
    values: ['sha1', 'sha256', 'sha384', 'sha512'],
    default: 'sha256',
  }),
};

export type TransportSettings = Values<typeof transportOptions>;

export const transportSection = p.section({
  desc: 'How connections are carried: plain, or in TLS. UDP stays plain.',
  argument: 'protocol',
  options: transportOptions,
});

/** The range of versions, as Node writes them. */
export function versionRange({ version, min_version, max_version }: TransportSettings): { min: number; max: number } {
  const only = version === undefined ? undefined : minorOf(version);
  const max = max_version === undefined ? (min_version === undefined ? (only ?? 3) : 3) : minorOf(max_version);
  const min =
    min_version === undefined ? Math.min(max, max_version === undefined ? (only ?? 2) : 2) : minorOf(min_version);
  return { min, max };
}

/** Reports what does not go together. `element` is the section itself. */
export function checkTransport(settings: TransportSettings, element: Element, report: Report): void {
  if (settings.protocol === 'tcp') {
    return;
  }
  const at = (name: string) => element.attributes.get(name)?.valueAt ?? element.at;
  const refuse = (place: Position, text: string, hint: string) =>
    report({ code: 'CONFIG_OPTION_REFUSED', severity: 'error', at: place, text, hint });
  const { cert_path, private_key_path, ca_cert_path, ca_private_key_path, insecure, client_cert_auth, ca_path } =
    settings;
  if (cert_path !== undefined && private_key_path === undefined) {
    refuse(at('cert_path'), 'cert_path needs private_key_path.', "Name the file with the certificate's key.");
  } else if (cert_path === undefined && ca_cert_path !== undefined && ca_private_key_path === undefined) {
    refuse(at('ca_cert_path'), 'ca_cert_path needs ca_private_key_path.', "Name the file with the CA's key.");
  } else if (cert_path === undefined && ca_cert_path === undefined && !insecure) {
    refuse(
      element.at,
      'TLS needs a certificate, and none is named.',
      'Write cert_path and private_key_path; or ca_cert_path and ca_private_key_path, to have one made; or insecure true.',
    );
  }
  if (client_cert_auth && ca_path === undefined) {
    refuse(
      at('client_cert_auth'),
      'client_cert_auth needs ca_path: without it everybody with a certificate of a public CA could send.',
      "Name the file with the certificates that sign the senders'.",
    );
  }
  if (settings.cert_verifier !== undefined) {
    refuse(
      at('cert_verifier'),
      'cert_verifier names Ruby code, and Forebay runs none.',
      "Remove it; client_cert_auth with ca_path checks senders' certificates.",
    );
  }
  if (settings.ensure_fips) {
    const hint = 'Start Node with a FIPS provider, or remove it.';
    if (process.getBuiltinModule('node:crypto').getFips() !== 1) {
      refuse(at('ensure_fips'), 'ensure_fips is on, and Node runs without a FIPS provider.', hint);
    }
  }
  const { min, max } = versionRange(settings);
  if (min > max) {
    refuse(at('min_version'), 'min_version is newer than max_version.', 'Exchange them.');
  } else if (min < 2 && !insecure) {
    const name = settings.min_version === undefined ? 'version' : 'min_version';
    refuse(at(name), 'TLS 1.1 is not safe any more.', 'Take 1.2, or write insecure true beside it.');
  }
}

function minorOf(version: (typeof versions)[number]): number {
  return Number(version.at(-1));
}
