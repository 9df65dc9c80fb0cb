// What a configuration may say, and hardly means: rules that nothing reaches, labels that nobody leads to, outputs that write one file, listeners
// open to all. For `forebay check`; nothing here keeps a configuration from running.
import type { Element } from '../config/element.ts';
import type { Problem, Report } from '../config/problem.ts';
import { Covering, coverPattern } from '../routing/pattern-cover.ts';
import {
  errorLabel,
  ownLogLabel,
  type Plan,
  type PlannedInput,
  type PlannedOutput,
  type PlannedRule,
  rootLabel,
} from './plan.ts';

/** Reports warnings. `labels` are the sections; where the plan has errors it may lack what leads to them, and they are left out. */
export function lint(plan: Plan, labels: readonly Element[], report: Report): void {
  const warn = (code: string, element: Element, text: string, hint: string) =>
    report({ code, severity: 'warning', at: element.at, text, hint });
  for (const rules of plan.labels.values()) {
    lintOrder(rules, warn);
  }
  lintLabels(plan, labels, warn);
  for (const input of plan.inputs) {
    lintListener(input, warn);
  }
}

type Warn = (code: Problem['code'], element: Element, text: string, hint: string) => void;

/** Rules behind others that take all that they would take. */
function lintOrder(rules: readonly PlannedRule[], warn: Warn): void {
  const above = new Covering<PlannedRule>();
  for (const rule of rules) {
    const pattern = coverPattern(rule.pattern);
    const takers = above.of(pattern);
    if (takers !== undefined) {
      const where = [...new Set(takers)]
        .map((taker) => `<match ${taker.pattern}> on line ${taker.element.at.line}`)
        .join(' and ');
      warn(
        rule.kind === 'match' ? 'LINT_MATCH_UNREACHABLE' : 'LINT_FILTER_UNREACHABLE',
        rule.element,
        `Nothing reaches <${rule.kind} ${rule.pattern}>: its events are taken before, by ${where}.`,
        'Move it above: rules are tried from the top, and the first match takes an event.',
      );
    } else if (rule.kind === 'match') {
      above.add(pattern, rule);
    }
  }
}

function lintLabels(plan: Plan, labels: readonly Element[], warn: Warn): void {
  const used = new Set<string>([rootLabel, errorLabel, ownLogLabel]);
  for (const { label } of plan.inputs) {
    used.add(label);
  }
  for (const rule of [...plan.labels.values()].flat()) {
    for (const label of labelsOf(rule)) {
      used.add(label);
    }
  }
  for (const element of labels) {
    if (!used.has(element.arg)) {
      warn(
        'LINT_LABEL_UNUSED',
        element,
        `Nothing leads to <label ${element.arg}>.`,
        `Send events there: @label ${element.arg} in a <source>, or in a <match> with @type relabel.`,
      );
    }
  }
}

function labelsOf(rule: PlannedRule | PlannedOutput): string[] {
  const own = rule.label === undefined ? [] : [rule.label];
  return 'outputs' in rule ? [...own, ...rule.outputs.flatMap(labelsOf)] : own;
}

function lintListener({ definition, options, element }: PlannedInput, warn: Warn): void {
  const { bind, security, allow, transport } = options as Readonly<Record<string, unknown>> & {
    readonly transport?: { readonly client_cert_auth?: unknown };
  };
  const isOpen = bind === '0.0.0.0' || bind === '::';
  if (isOpen && security === undefined && allow === undefined && transport?.client_cert_auth !== true) {
    warn(
      'LINT_LISTENER_OPEN',
      element,
      `Everybody who can reach this machine may send to ${definition.type} here: it listens on ${bind}.`,
      'Set bind to 127.0.0.1, allow to the networks that may send, or <security> to a key that they must have.',
    );
  }
}
