// Takes events over the Fluentd forward protocol, TCP and UDP.
import { ForebayError } from '../core/errors.ts';
import { createForwardInput } from '../forward/forward-input.ts';
import { networkOptions, streamOptions } from '../forward/forward-options.ts';
import { defineInput } from '../plugin/input.ts';

export default defineInput({
  type: 'forward',
  summary: 'Takes events over the Fluentd forward protocol.',
  options: { ...networkOptions, ...streamOptions },
  create(context, options) {
    const wantsHost = options.source_hostname_key !== undefined;
    if (wantsHost && options.resolve_hostname === false) {
      throw new ForebayError('CONFIG_INVALID_VALUE', {
        option: 'resolve_hostname',
        value: 'false',
        reason: 'source_hostname_key needs host names',
      });
    }
    if (options.linger_timeout !== undefined && options.linger_timeout !== 0) {
      context.log.info({ linger_timeout: options.linger_timeout }, 'A linger_timeout other than 0 has no effect.');
    }
    if (options.bind === '0.0.0.0' || options.bind === '::') {
      context.log.warn(
        { code: 'FORWARD_OPEN', bind: options.bind },
        'Everybody who can reach this machine may send events. Set bind to 127.0.0.1 to take them from here only.',
      );
    }
    return createForwardInput(context, { host: options.bind, port: options.port }, options, {
      udp: options.udp_events ? 'events' : 'heartbeats',
      keepAlive: options.send_keepalive_packet,
      reset: options.linger_timeout === 0,
      resolveHostname: options.resolve_hostname ?? wantsHost,
      denyKeepalive: options.deny_keepalive,
    });
  },
});
