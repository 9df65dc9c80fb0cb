// IP addresses and networks as people write them: `172.16.0.0/12, ::1`. An IPv4 address is the same one however it comes: also as the
// IPv4-mapped IPv6 address that a listener on `::` sees (`::ffff:172.16.0.1`).
import net from 'node:net';

export class AddressList {
  // One for each family: Node's own check would find IPv4 addresses in `::/0`.
  readonly #ipv4 = new net.BlockList();
  readonly #ipv6 = new net.BlockList();

  /** Adds an address or a network (`10.0.0.0/8`, also `10.0.0.0/255.0.0.0`); false where the text is neither, and nothing is added. */
  add(text: string): boolean {
    const [address = '', mask, ...more] = text.split('/');
    const plain = canonicalAddress(address);
    const length = plain === undefined ? undefined : prefixLength(plain, mask);
    if (plain === undefined || length === undefined || more.length > 0) {
      return false;
    }
    const mapped = fromMapped(plain);
    if (mapped !== undefined && length >= mappedBits) {
      this.#ipv4.addSubnet(mapped, length - mappedBits, 'ipv4');
    } else if (net.isIPv4(plain)) {
      this.#ipv4.addSubnet(plain, length, 'ipv4');
    } else {
      this.#ipv6.addSubnet(plain, length, 'ipv6');
    }
    return true;
  }

  /** Whether an address is in the list; what is no address is not. */
  has(address: string): boolean {
    const plain = canonicalAddress(address);
    if (plain === undefined) {
      return false;
    }
    const ipv4 = fromMapped(plain) ?? plain;
    return net.isIPv4(ipv4) ? this.#ipv4.check(ipv4, 'ipv4') : this.#ipv6.check(plain, 'ipv6');
  }
}

/** Of `::ffff:0:0/96`. */
const mappedBits = 96;

/** The address in one spelling, without a zone (`%eth0`); undefined for what is none. */
function canonicalAddress(text: string): string | undefined {
  if (net.isIPv4(text)) {
    return text;
  }
  const [address = ''] = text.split('%');
  return net.isIPv6(address) ? new net.SocketAddress({ address, family: 'ipv6' }).address : undefined;
}

/** The IPv4 address in an IPv4-mapped one, given in the canonical spelling. */
function fromMapped(address: string): string | undefined {
  const ipv4 = address.startsWith('::ffff:') ? address.slice(7) : '';
  return net.isIPv4(ipv4) ? ipv4 : undefined;
}

function prefixLength(address: string, mask: string | undefined): number | undefined {
  const whole = net.isIPv4(address) ? 32 : 128;
  if (mask === undefined) {
    return whole;
  }
  if (/^\d{1,3}$/.test(mask)) {
    return Number(mask) <= whole ? Number(mask) : undefined;
  }
  if (whole === 128 || !net.isIPv4(mask)) {
    return undefined;
  }
  const bits = mask
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');
  return /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : undefined;
}
