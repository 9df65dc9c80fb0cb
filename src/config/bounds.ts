// For the `invalid` of options that are numbers: which values they may have, written as in a configuration.
import type { ScalarType } from './options.ts';
import { convert } from './values.ts';

/** Takes values from `least` to `most`. */
export function between(type: Extract<ScalarType, 'integer' | 'size' | 'time'>, least: string, most: string) {
  const [from, to] = [least, most].map((text) => Number(convert(type, text, { strict: true }).value));
  return (value: number) =>
    value >= (from ?? 0) && value <= (to ?? 0)
      ? undefined
      : { fault: `it is not between ${least} and ${most}`, hint: `Write a value from ${least} to ${most}` };
}

/** The same, where 0 means that there is no bound. */
export function zeroOrBetween(...[type, least, most]: Parameters<typeof between>) {
  const inside = between(type, least, most);
  return (value: number) => {
    const wrong = value === 0 ? undefined : inside(value);
    return wrong && { fault: `${wrong.fault}, nor 0`, hint: `${wrong.hint}, or 0` };
  };
}
