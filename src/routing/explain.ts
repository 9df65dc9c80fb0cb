// The route of a tag in words that a person or a script can use: each filter and the match it passes, with type, label and place, through the
// labels that it is sent on to.
import type { Position } from '../config/element.ts';
import { Router, type RouterOptions } from './router.ts';
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

export interface ExplainedRoute {
  readonly tag: string;
  /** Whether a match takes charge of the tag, in the label where it starts or in one that it is sent on to. */
  readonly matched: boolean;
  readonly path: readonly RouteStep[];
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
  const routers = new Map<string, Router<RuleStep>>();
  for (const [label, rules] of labels) {
    routers.set(label, routerOf(label, rules, options));
  }
  return (tag) => {
    const walk = new Walk(routers, tag);
    walk.label(start, []);
    return { tag, matched: walk.matched, path: walk.path, lost: walk.lost };
  };
}

function routerOf(label: string, rules: readonly ExplainedRule[], options: RouterOptions): Router<RuleStep> {
  return new Router<RuleStep>(
    rules.map((rule) => {
      const { kind, pattern, definition, element } = rule;
      const { file, line } = element.at;
      const step = { kind, pattern, type: definition.type, label, file, line };
      return { kind, pattern: compileTagPattern(pattern), target: { step, rule } };
    }),
    options,
  );
}

/** The way of one tag. */
class Walk {
  matched = false;
  readonly path: RouteStep[] = [];
  readonly lost: { label: string; why: 'unmatched' | 'loop' }[] = [];
  readonly #routers: ReadonlyMap<string, Router<RuleStep>>;
  readonly #tag: string;

  constructor(routers: ReadonlyMap<string, Router<RuleStep>>, tag: string) {
    this.#routers = routers;
    this.#tag = tag;
  }

  /** `before` are the labels that led here. */
  label(label: string, before: readonly string[]): void {
    if (before.includes(label) || this.path.length > maxSteps) {
      this.lost.push({ label, why: 'loop' });
      return;
    }
    const route = this.#routers.get(label)?.route(this.#tag);
    for (const { step } of route?.filters ?? []) {
      this.path.push(step);
    }
    if (route?.match === undefined) {
      this.lost.push({ label, why: 'unmatched' });
      return;
    }
    this.path.push(route.match.step);
    this.#output(route.match.rule, [...before, label]);
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
