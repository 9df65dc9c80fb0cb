// How a plug-in says what is wrong with options that are each right by themselves: by their names; where they stand is found here.
import type { Element, Position } from './element.ts';
import type { Report } from './problem.ts';

/** Says what is wrong with an option, or with one in a section (`buffer.timekey`): what it is, and how to mend it. */
export type RefuseOption = (option: string, text: string, hint: string) => void;

/** Refuses options of `element`, each with its place. */
export function refuseOptions(element: Element, report: Report): RefuseOption {
  return (option, text, hint) =>
    report({ code: 'CONFIG_OPTION_REFUSED', severity: 'error', at: placeOf(element, option), text, hint });
}

function placeOf(element: Element, option: string): Position {
  const [name = '', below] = option.split('.');
  const section = element.elements.find((child) => child.name === name);
  if (section === undefined) {
    return element.attributes.get(name)?.valueAt ?? element.at;
  }
  return below === undefined ? section.at : placeOf(section, below);
}
