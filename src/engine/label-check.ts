// Whether every label that a section of the plan leads to is there, and whether events that follow them come to an end.
import type { Element } from '../config/element.ts';
import { suggestion } from '../config/nearest.ts';
import type { Problem, Report } from '../config/problem.ts';
import type { PlannedInput, PlannedOutput, PlannedRule } from './plan.ts';

type Labels = ReadonlyMap<string, readonly PlannedRule[]>;

/** Reports labels that are missing, and labels that lead to each other in a circle. */
export function checkLabels(inputs: readonly PlannedInput[], labels: Labels, report: Report): void {
  const check = new LabelCheck(labels, report);
  for (const { label, element } of inputs) {
    check.label(label, element, 'error');
  }
  for (const rule of [...labels.values()].flat()) {
    if (rule.kind === 'match') {
      check.output(rule);
    } else if (rule.label !== undefined) {
      check.label(rule.label, rule.element, 'warning');
    }
  }
  check.loops();
}

/** A way out of a label: to which one, and which section says so. */
interface LabelStep {
  readonly label: string;
  readonly element: Element;
}

class LabelCheck {
  readonly #labels: Labels;
  readonly #report: Report;

  constructor(labels: Labels, report: Report) {
    this.#labels = labels;
    this.#report = report;
  }

  label(label: string, element: Element, severity: Problem['severity']): void {
    if (!this.#labels.has(label)) {
      this.#report({
        code: 'CONFIG_LABEL_UNKNOWN',
        severity,
        at: element.attributes.get('@label')?.valueAt ?? element.at,
        text: `There is no <label ${label}>.`,
        hint: suggestion(label, this.#names(), `Add <label ${label}> with a <match> in it.`),
      });
    }
  }

  output({ label, element, definition, outputs }: PlannedOutput): void {
    const reroutes = definition.reroutes === true;
    if (reroutes && label === undefined) {
      this.#report({
        code: 'CONFIG_LABEL_MISSING',
        severity: 'error',
        at: element.at,
        text: `${definition.type} has no @label: it would send events back to where they come from.`,
        hint: suggestion('', this.#names(), 'Add @label with the name of a <label>.'),
      });
    } else if (label !== undefined) {
      // A label of an output that sends nothing on has no meaning.
      this.label(label, element, reroutes ? 'error' : 'warning');
    }
    for (const output of outputs) {
      this.output(output);
    }
  }

  /** Each circle is reported where it closes. */
  loops(): void {
    const done = new Set<string>();
    const path: string[] = [];
    const visit = (label: string): void => {
      path.push(label);
      for (const step of surely(this.#labels.get(label) ?? [])) {
        const begin = path.indexOf(step.label);
        if (begin >= 0) {
          this.#loop([...path.slice(begin), step.label], step.element);
        } else if (!done.has(step.label)) {
          visit(step.label);
        }
      }
      path.pop();
      done.add(label);
    };
    for (const label of this.#labels.keys()) {
      if (!done.has(label)) {
        visit(label);
      }
    }
  }

  #loop(round: readonly string[], { at }: Element): void {
    this.#report({
      code: 'CONFIG_LABEL_LOOP',
      severity: 'error',
      at,
      text: `Events would go round for ever: ${round.join(' leads to ')}.`,
      hint: 'Let one of these labels end in an output.',
    });
  }

  /** The labels of the configuration, without the top level. */
  #names(): string[] {
    return [...this.#labels.keys()].slice(1);
  }
}

/** Where the rules of a label lead those events that no narrower match takes. */
function surely(rules: readonly PlannedRule[]): LabelStep[] {
  const first = rules.find((rule) => rule.kind === 'match' && rule.pattern === '**');
  return first?.kind === 'match' ? stepsOf(first) : [];
}

function stepsOf({ definition, label, element, outputs }: PlannedOutput): LabelStep[] {
  const own = definition.reroutes === true && label !== undefined ? [{ label, element }] : [];
  return [...own, ...outputs.flatMap(stepsOf)];
}
