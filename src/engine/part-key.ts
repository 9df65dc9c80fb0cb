// What the declaration of a plug-in says, as one text: a part of the running graph stays through a reload when its text stays the same. Where in
// the file it stands, and which tags come to it, is not part of that.
import { type Element, useDefault } from '../config/element.ts';

/** `label` is where the part hands events to; an input has none, since it can be given another one while it runs. */
export function partKey(element: Element, label?: string): string {
  const { attributes, elements } = element;
  const leaves = label === undefined ? '@label' : '';
  return JSON.stringify([label ?? '', parameters(attributes, leaves), elements.map(textOf)]);
}

function textOf({ name, arg, attributes, elements }: Element): unknown {
  return [name, arg, parameters(attributes, ''), elements.map(textOf)];
}

function parameters(attributes: Element['attributes'], without: string): unknown {
  return [...attributes]
    .filter(([name]) => name !== without)
    .map(([name, { value }]) => [name, value === useDefault ? { default: true } : value])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}
