// Outputs that write one file: two of them would give the same numbers to their files, or cut into each other's lines.
import type { Report } from '../config/problem.ts';
import type { PlannedOutput, PlannedRule } from './plan.ts';

/** Reports the second of two outputs that have the same path. */
export function checkFiles(labels: ReadonlyMap<string, readonly PlannedRule[]>, report: Report): void {
  const seen = new Map<string, PlannedOutput>();
  const visit = (output: PlannedOutput): void => {
    const { path, append, path_suffix: suffix } = output.options;
    if (output.definition.type === 'file' && typeof path === 'string') {
      const key = JSON.stringify([path, suffix]);
      const first = seen.get(key);
      if (first === undefined) {
        seen.set(key, output);
      } else {
        const { at } = output.element;
        // Lines that are appended stay whole, and a buffer in memory is what Fluentd takes here.
        const fine = (append === true && first.options['append'] === true) || inMemory(output) || inMemory(first);
        report({
          code: 'CONFIG_FILE_TWICE',
          severity: fine ? 'warning' : 'error',
          at: output.element.attributes.get('path')?.valueAt ?? at,
          text: `Two outputs write to ${path}; the other one stands on line ${first.element.at.line} of ${first.element.at.file}.`,
          hint: 'Give each a path of its own, or put the two into one <match>.',
        });
      }
    }
    for (const inner of output.outputs) {
      visit(inner);
    }
  };
  for (const rule of [...labels.values()].flat()) {
    if (rule.kind === 'match') {
      visit(rule);
    }
  }
}

function inMemory({ element }: PlannedOutput): boolean {
  const buffer = element.elements.find(({ name }) => name === 'buffer');
  return buffer?.attributes.get('@type')?.value === 'memory';
}
