// Takes events over the Fluentd forward protocol, TCP and UDP.
import { AddressList } from '../core/address-list.ts';
import { checkForward } from '../forward/check-forward.ts';
import { createForwardInput } from '../forward/forward-input.ts';
import { networkOptions, streamOptions } from '../forward/forward-options.ts';
import { defineInput } from '../plugin/input.ts';

export default defineInput({
  type: 'forward',
  summary: 'Takes events over the Fluentd forward protocol.',
  options: { ...networkOptions, ...streamOptions },
  claims: ({ port }) => [`port ${port}`],
  check: checkForward,
  create(context, options) {
    const { bind, security } = options;
    const tls = options.transport?.protocol === 'tls' ? options.transport : undefined;
    const linger = options.linger_timeout ?? options.transport?.linger_timeout;
    if (linger !== undefined && linger !== 0) {
      context.log.info({ linger_timeout: linger }, 'A linger_timeout other than 0 has no effect.');
    }
    const closed = security !== undefined || options.allow !== undefined || tls?.client_cert_auth === true;
    if ((bind === '0.0.0.0' || bind === '::') && !closed) {
      context.log.warn(
        { code: 'FORWARD_OPEN', bind },
        'Everybody who can reach this machine may send events. Set bind to 127.0.0.1 to take them from here only, allow to the networks that may send, or <security> to a key that they must have.',
      );
    }
    if (tls?.insecure === true && tls.cert_path === undefined && tls.ca_cert_path === undefined) {
      context.log.warn(
        { code: 'TLS_INSECURE' },
        'The certificate was made just now and signed by nobody: senders cannot tell this collector from another.',
      );
    }
    return createForwardInput(context, { host: bind, port: options.port }, options, {
      udp: options.udp_events ? 'events' : 'heartbeats',
      datagramSizeLimit: options.datagram_size_limit,
      keepAlive: options.send_keepalive_packet,
      reset: linger === 0,
      resolveHostname: options.resolve_hostname ?? options.source_hostname_key !== undefined,
      denyKeepalive: options.deny_keepalive,
      allowed: options.allow === undefined ? undefined : addressList(options.allow),
      connectionsPerAddress: options.connections_per_address_limit,
      handshakeTimeout: options.handshake_timeout * 1000,
      handshakeSizeLimit: options.handshake_size_limit,
      security,
      tls,
    });
  },
});

function addressList(texts: readonly unknown[]): AddressList {
  const list = new AddressList();
  for (const text of texts) {
    list.add(String(text));
  }
  return list;
}
