// The options that say who may look at a page, and what: users, their passwords and tags, and proxies that vouch for people. What they mean is
// http/access.ts.
import type { Element } from '../config/element.ts';
import { p, type Values } from '../config/options.ts';
import type { Report } from '../config/problem.ts';
import { AddressList } from '../core/address-list.ts';
import type { AccessOptions } from '../http/access.ts';
import { passwordFault } from '../http/passwords.ts';
import { parseTagPattern } from '../routing/tag-pattern.ts';

const userOptions = {
  name: p.string({
    desc: 'The name. With proxy_user_header, `*` stands for all whom a proxy names and who have no section.',
    required: true,
  }),
  password: p.string({
    desc: 'The password, or its hash: scrypt:SALT:HASH. Without one, only a proxy can name the user.',
    secret: true,
  }),
  tags: p.string({ desc: 'Patterns of the tags that the user may see, as in <match>. Without it: all.' }),
};

export const accessOptions = {
  user: p.sections({ desc: 'Somebody who may look, with a name and a password.', options: userOptions }),
  trusted_proxies: p.array({
    desc: 'Addresses and networks of proxies that say who somebody is: 10.0.0.0/8.',
    default: '',
  }),
  proxy_user_header: p.string({
    desc: 'The header in which they name the user: X-Forwarded-User. They must take it out of what they are sent themselves.',
  }),
  login_lifetime: p.time({ desc: 'A login ends after this long.', default: '30d' }),
};

type AccessValues = Values<typeof accessOptions>;

/** Reports what does not go together. */
export function checkAccess(values: AccessValues, element: Element, report: Report): void {
  const refuse = (option: string, text: string, hint: string, section = element) =>
    report({
      code: 'CONFIG_OPTION_REFUSED',
      severity: 'error',
      at: section.attributes.get(option)?.valueAt ?? section.at,
      text,
      hint,
    });
  const { user: users, trusted_proxies: proxies, proxy_user_header: header } = values;
  const sections = element.elements.filter(({ name }) => name === 'user');
  const names = new Set<string>();
  for (const [n, { name, password, tags }] of users.entries()) {
    const section = sections[n] ?? element;
    if (names.has(name) || name === '' || name.includes(':')) {
      refuse('name', 'The name of a user is empty, has a colon, or is there twice.', 'Give it another one.', section);
    }
    names.add(name);
    const fault = password === undefined ? undefined : passwordFault(password);
    if (fault !== undefined || (password !== undefined && name === '*')) {
      const why = fault ?? 'everybody cannot have one';
      refuse('password', `The password cannot be used: ${why}.`, 'The README says how to make a hash.', section);
    }
    if (password === undefined && header === undefined) {
      refuse('name', 'This user has no password, and no proxy names users.', 'Add password.', section);
    }
    const parsed = tags === undefined ? undefined : parseTagPattern(tags);
    if (parsed?.ok === false) {
      refuse('tags', parsed.problem.text, parsed.problem.hint, section);
    } else if (tags !== undefined && /(?:^|\s)\//.test(tags)) {
      refuse('tags', 'A regular expression is not taken here.', 'Write patterns: app.** web.*', section);
    }
  }
  for (const address of proxies) {
    if (!new AddressList().add(String(address))) {
      refuse('trusted_proxies', 'This is no address and no network.', 'Write 10.1.2.3, 10.0.0.0/8 or fd00::/8.');
    }
  }
  if ((header === undefined) !== (proxies.length === 0)) {
    refuse('proxy_user_header', 'proxy_user_header and trusted_proxies go together.', 'Write both, or none.');
  }
  if (header !== undefined && !/^[A-Za-z][A-Za-z0-9-]*$/.test(header)) {
    refuse('proxy_user_header', 'This is no name of a header.', 'Write a name like X-Forwarded-User.');
  }
}

export function accessOf(values: AccessValues): AccessOptions {
  const { user: users, trusted_proxies: proxies, proxy_user_header: proxyHeader, login_lifetime: lifetime } = values;
  return {
    users: users.map(({ name, password, tags }) => ({ name, password, tags })),
    proxies: proxies.map(String),
    proxyHeader,
    loginLifetime: lifetime * 1000,
  };
}
