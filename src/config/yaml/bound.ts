// How much a YAML file may say with its aliases written out: a few lines could say more than any memory holds.
import type { Position } from '../element.ts';
import type { Report } from '../problem.ts';

/** Sections, parameters, and values in lists. */
const maxParts = 100_000;

export class PartBound {
  readonly #report: Report;
  #parts = 0;

  constructor(report: Report) {
    this.#report = report;
  }

  /** Whether there is room for one part more. That there is none is said once. */
  take(at: Position): boolean {
    if (++this.#parts === maxParts) {
      this.#report({
        code: 'CONFIG_YAML_TOO_MUCH',
        severity: 'error',
        at,
        text: `With its aliases written out the configuration has more than ${maxParts} parts.`,
        hint: 'Use fewer aliases.',
      });
    }
    return this.#parts < maxParts;
  }
}
