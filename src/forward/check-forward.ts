// What is wrong with options of `@type forward` that are each right by themselves.
import type { Element } from '../config/element.ts';
import type { Values } from '../config/options.ts';
import type { Report } from '../config/problem.ts';
import { AddressList } from '../core/address-list.ts';
import type { networkOptions, streamOptions } from './forward-options.ts';
import { checkSecurity } from './security-options.ts';
import { fileFault } from './tls-files.ts';
import { checkTransport, type TransportSettings } from './transport-options.ts';

export function checkForward(
  options: Values<typeof networkOptions & typeof streamOptions>,
  element: Element,
  report: Report,
): void {
  const refuse = (name: string, text: string, hint: string) => {
    const at = element.attributes.get(name)?.valueAt ?? element.at;
    report({ code: 'CONFIG_OPTION_REFUSED', severity: 'error', at, text, hint });
  };
  const { allow, security, transport, udp_events } = options;
  if (options.source_hostname_key !== undefined && options.resolve_hostname === false) {
    refuse('resolve_hostname', 'source_hostname_key needs host names.', 'Remove resolve_hostname false.');
  }
  if (options.deny_keepalive && options.send_keepalive_packet) {
    refuse(
      'send_keepalive_packet',
      'send_keepalive_packet keeps connections open, and deny_keepalive closes them.',
      'Remove one of the two.',
    );
  }
  for (const name of ['tag', 'add_tag_prefix'] as const) {
    if (options[name] === '') {
      refuse(name, `${name} is empty.`, 'Write a tag, or remove it.');
    }
  }
  const list = new AddressList();
  const wrong = allow?.find((text) => !list.add(String(text)));
  if (wrong !== undefined) {
    refuse('allow', `"${wrong}" is no address and no network.`, 'Write them as 172.16.0.0/12, ::1.');
  } else if (allow?.length === 0) {
    refuse('allow', 'allow names nobody, so nobody could send.', 'Write addresses, or remove it.');
  }
  if (udp_events && (security !== undefined || transport?.protocol === 'tls')) {
    refuse(
      'udp_events',
      'Events in UDP datagrams would come in without the key or the encryption that TCP asks for.',
      'Remove udp_events; or take them with another <source> on another port.',
    );
  }
  const section = (name: string) => element.elements.find((child) => child.name === name) ?? element;
  if (security !== undefined) {
    checkSecurity(security, section('security'), report);
  }
  if (transport !== undefined) {
    checkTls(transport, section('transport'), report);
  }
}

/** The files are looked at only where the options are right. */
function checkTls(transport: TransportSettings, element: Element, report: Report): void {
  let errors = 0;
  checkTransport(transport, element, (problem) => {
    errors++;
    report(problem);
  });
  const fault = errors > 0 || transport.protocol === 'tcp' ? undefined : fileFault(transport);
  if (fault !== undefined) {
    report({
      code: 'CONFIG_TLS_FILES',
      severity: 'error',
      at: element.attributes.get(fault.option)?.valueAt ?? element.at,
      text: `TLS cannot begin: ${fault.reason}.`,
      hint: 'Check the files, and whether the user that Forebay runs as may read them.',
    });
  }
}
