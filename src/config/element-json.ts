// The tree as plain JSON, with what is secret left out: `check --json` prints it, and the vectors have the same form.
import { type Attribute, type Element, useDefault } from './element.ts';

export interface ElementJson {
  readonly name: string;
  readonly arg: string;
  readonly attrs: Readonly<Record<string, string | null | { readonly $default: true }>>;
  readonly elements: readonly ElementJson[];
}

/** What stands for a secret, as in Fluentd. */
const mask = 'xxxxxx';

/** Names whose values are secret even where no declaration says so (an unknown plug-in's). */
export const secretName = /passw|passphrase|secret|shared_key|private_key(?!_path)|api_?key|token|credential/i;

/** `secrets` are the attributes that are declared secret. */
export function elementToJson(element: Element, secrets: ReadonlySet<Attribute>): ElementJson {
  const attrs: [string, string | null | { readonly $default: true }][] = [];
  for (const [name, attribute] of element.attributes) {
    const { value } = attribute;
    const hidden = typeof value === 'string' && value !== '' && (secrets.has(attribute) || secretName.test(name));
    attrs.push([name, value === useDefault ? { $default: true } : hidden ? mask : value]);
  }
  return {
    name: element.name,
    arg: element.arg,
    // fromEntries defines properties: `__proto__` is a name like others.
    attrs: Object.fromEntries(attrs),
    elements: element.elements.map((child) => elementToJson(child, secrets)),
  };
}
