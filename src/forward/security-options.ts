// The `<security>` section of a forward input: what may stand in it, and what does not go together. What it means is authenticator.ts.
import type { Element, Position } from '../config/element.ts';
import { p, type Values } from '../config/options.ts';
import type { Report } from '../config/problem.ts';
import { AddressList } from '../core/address-list.ts';

const sharedKeys = p.array({
  desc: 'More keys that are taken, beside shared_key: the old or the new one, while senders change theirs.',
  secret: true,
});

const clientOptions = {
  host: p.string({ desc: 'The address of the client, or a name that has one when Forebay starts.' }),
  network: p.string({ desc: 'The network of the clients: 10.0.0.0/8.' }),
  shared_key: p.string({ desc: 'A key of their own, instead of the one for all.', secret: true }),
  shared_keys: sharedKeys,
  users: p.array({ desc: 'The users that may come from there; without it, all.', default: '[]' }),
};

const securityOptions = {
  self_hostname: p.string({ desc: 'What this collector calls itself to senders.', required: true }),
  shared_key: p.string({ desc: 'The key that senders must have.', required: true, secret: true }),
  shared_keys: sharedKeys,
  user_auth: p.bool({ desc: 'Whether senders must have a user and its password too.', default: 'false' }),
  allow_anonymous_source: p.bool({
    desc: 'Whether senders may have an address that no <client> section holds.',
    default: 'true',
  }),
  user: p.sections({
    desc: 'A user that senders may be.',
    options: {
      username: p.string({ desc: "The user's name.", required: true }),
      password: p.string({ desc: "The user's password.", required: true, secret: true }),
    },
  }),
  client: p.sections({ desc: 'Senders with a key or users of their own.', options: clientOptions }),
};

export type SecuritySettings = Values<typeof securityOptions>;

export const securitySection = p.section({
  desc: 'Senders must prove that they have a key; without it anybody who reaches the port may send.',
  options: securityOptions,
});

/** Reports what does not go together, as Fluentd refuses it. `element` is the section itself. */
export function checkSecurity(settings: SecuritySettings, element: Element, report: Report): void {
  const refuse = (at: Position, text: string, hint: string) =>
    report({ code: 'CONFIG_OPTION_REFUSED', severity: 'error', at, text, hint });
  if (settings.user_auth && settings.user.length === 0) {
    refuse(element.at, 'user_auth asks for users, and there are none.', 'Add <user> sections, or remove user_auth.');
  }
  if (!settings.allow_anonymous_source && settings.client.length === 0) {
    refuse(
      element.at,
      'allow_anonymous_source false lets nobody in, because there is no <client> section.',
      'Add <client> sections for those who may send.',
    );
  }
  const sections = element.elements.filter(({ name }) => name === 'client');
  const users = element.elements.filter(({ name }) => name === 'user');
  refuseEmpty(settings, element, report);
  for (const [index, { password }] of settings.user.entries()) {
    refuseEmpty({ password }, users[index] ?? element, report);
  }
  for (const [index, client] of settings.client.entries()) {
    const { host, network } = client;
    const section = sections[index] ?? element;
    refuseEmpty(client, section, report);
    if ((host === undefined) === (network === undefined)) {
      const said = host === undefined ? 'neither host nor network' : 'both host and network';
      refuse(section.at, `A <client> has ${said}.`, 'Write one of them: network 10.0.0.0/8.');
    } else if (network !== undefined && !new AddressList().add(network)) {
      const at = section.attributes.get('network')?.valueAt ?? section.at;
      refuse(at, `"${network}" is no network.`, 'Write an address, or one with a length behind it: 10.0.0.0/8.');
    }
  }
}

interface Secrets {
  readonly shared_key?: string | undefined;
  readonly shared_keys?: readonly unknown[] | undefined;
  readonly password?: string | undefined;
}

/** A secret that is empty is one that everybody has: most often a variable of the environment that is not set. */
function refuseEmpty(secrets: Secrets, section: Element, report: Report): void {
  for (const name of ['shared_key', 'shared_keys', 'password'] as const) {
    const value = secrets[name];
    if (value === '' || (typeof value === 'object' && value.some((one) => one === null || String(one) === ''))) {
      report({
        code: 'CONFIG_SECRET_EMPTY',
        severity: 'error',
        at: section.attributes.get(name)?.valueAt ?? section.at,
        text: name === 'shared_keys' ? 'One of shared_keys is empty.' : `The ${name} is empty.`,
        hint: 'Give it a value that nobody guesses; where it comes from the environment, set the variable.',
      });
    }
  }
}
