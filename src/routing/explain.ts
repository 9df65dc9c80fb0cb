// The route of a tag in words that a person or a script can use: each filter and the match it passes, with type, label and place, through the
// labels that it is sent on to.
import type { Position } from '../config/element.ts';
import { Router, type RouterOptions, type Rule } from './router.ts';
import { compileTagPattern } from './tag-pattern.ts';

/** What is known of an output when a configuration has been read. */
interface ExplainedOutput {
  readonly definition: { readonly type: string; readonly reroutes?: boolean };
  /** `@label`. */
  readonly label?: string;
  /** The outputs in its sections. */
  readonly outputs?: readonly ExplainedOutput[];
}

/** What is known of a `<filter>` or `<match>` when a configuration has been read. */
export interface ExplainedRule extends ExplainedOutput {
  readonly kind: 'match' | 'filter';
  readonly pattern: string;
  readonly element: { readonly at: Position };
}

/** One section that a tag passes. The keys are those of `forebay route --json`. */
export interface RouteStep {
  readonly kind: 'match' | 'filter';
  readonly pattern: string;
  /** Its `@type`. */
  readonly type: string;
  /** The label it stands in; `@ROOT` is the top level. */
  readonly label: string;
  readonly file: string;
  readonly line: number;
}

/** A rule that fits, and the match above it that takes the tag first. */
export interface BehindStep {
  readonly step: RouteStep;
  readonly taker: RouteStep;
}

export interface ExplainedRoute {
  readonly tag: string;
  /** Whether a match takes charge of the tag, in the label where it starts or in one that it is sent on to. */
  readonly matched: boolean;
  readonly path: readonly RouteStep[];
  /** Rules that fit too and are not reached: in each label the first match behind the one that takes the tag, and the filters between. */
  readonly behind: readonly BehindStep[];
  /** Labels where it comes to no end: no match takes it there, or it has been there before. */
  readonly lost: readonly { readonly label: string; readonly why: 'unmatched' | 'loop' }[];
}

interface RuleStep {
  readonly step: RouteStep;
  readonly rule: ExplainedRule;
}

/** Steps of one tag at most: a `copy` that leads to several labels, each of which does so again, has no natural end. */
const maxSteps = 10_000;

/**
 * Explains tags that start in `start`. The rules' patterns must have been checked: one that is refused throws.
 */
export function createExplainer(
  labels: ReadonlyMap<string, readonly ExplainedRule[]>,
  start = '@ROOT',
  options: RouterOptions = {},
): (tag: string) => ExplainedRoute {
  const routed = new Map<string, LabelRules>();
  for (const [label, rules] of labels) {
    const steps = rules.map((rule) => ruleStep(label, rule));
    routed.set(label, { router: new Router(steps, options), rules: steps });
  }
  return (tag) => {
    const walk = new Walk(routed, tag);
    walk.label(start, []);
    return { tag, matched: walk.matched, path: walk.path, behind: walk.behind, lost: walk.lost };
  };
}

interface LabelRules {
  readonly router: Router<RuleStep>;
  readonly rules: readonly Rule<RuleStep>[];
}

function ruleStep(label: string, rule: ExplainedRule): Rule<RuleStep> {
  const { kind, pattern, definition, element } = rule;
  const { file, line } = element.at;
  const step = { kind, pattern, type: definition.type, label, file, line };
  return { kind, pattern: compileTagPattern(pattern), target: { step, rule } };
}

/** The way of one tag. */
class Walk {
  matched = false;
  readonly path: RouteStep[] = [];
  readonly behind: BehindStep[] = [];
  readonly lost: { label: string; why: 'unmatched' | 'loop' }[] = [];
  readonly #labels: ReadonlyMap<string, LabelRules>;
  readonly #tag: string;

  constructor(labels: ReadonlyMap<string, LabelRules>, tag: string) {
    this.#labels = labels;
    this.#tag = tag;
  }

  /** `before` are the labels that led here. */
  label(label: string, before: readonly string[]): void {
    if (before.includes(label) || this.path.length > maxSteps) {
      this.lost.push({ label, why: 'loop' });
      return;
    }
    const rules = this.#labels.get(label);
    const route = rules?.router.route(this.#tag);
    for (const { step } of route?.filters ?? []) {
      this.path.push(step);
    }
    if (route?.match === undefined) {
      this.lost.push({ label, why: 'unmatched' });
      return;
    }
    this.path.push(route.match.step);
    this.#lookBehind(rules?.rules ?? [], route.match);
    this.#output(route.match.rule, [...before, label]);
  }

  /** What would have had the tag if it stood above the match that takes it. */
  #lookBehind(rules: readonly Rule<RuleStep>[], taker: RuleStep): void {
    for (const { kind, pattern, target } of rules.slice(rules.findIndex(({ target }) => target === taker) + 1)) {
      if (this.behind.length >= maxSteps) {
        return;
      }
      if (pattern.matches(this.#tag) === true) {
        this.behind.push({ step: target.step, taker: taker.step });
        if (kind === 'match') {
          return;
        }
      }
    }
  }

  #output({ definition, label, outputs = [] }: ExplainedOutput, before: readonly string[]): void {
    if (definition.reroutes === true) {
      this.label(label ?? '', before);
    } else if (outputs.length === 0) {
      this.matched = true;
    }
    for (const output of outputs) {
      this.#output(output, before);
    }
  }
}
