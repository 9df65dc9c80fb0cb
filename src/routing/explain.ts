// The route of a tag in words that a person or a script can use: each filter and the match it passes, with type, label and place.
import type { Position } from '../config/element.ts';
import { Router, type RouterOptions } from './router.ts';
import { compileTagPattern } from './tag-pattern.ts';

/** What is known of a `<filter>` or `<match>` when a configuration has been read. */
export interface ExplainedRule {
  readonly kind: 'match' | 'filter';
  readonly pattern: string;
  readonly definition: { readonly type: string };
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
  /** Whether a match takes the tag. */
  readonly matched: boolean;
  readonly path: readonly RouteStep[];
}

/** Explains tags that start in `label`. The rules' patterns must have been checked: one that is refused throws. */
export function createExplainer(
  rules: readonly ExplainedRule[],
  label = '@ROOT',
  options: RouterOptions = {},
): (tag: string) => ExplainedRoute {
  const router = new Router<RouteStep>(
    rules.map(({ kind, pattern, definition, element }) => ({
      kind,
      pattern: compileTagPattern(pattern),
      target: { kind, pattern, type: definition.type, label, file: element.at.file, line: element.at.line },
    })),
    options,
  );
  return (tag) => {
    const { filters, match } = router.route(tag);
    return { tag, matched: match !== undefined, path: match === undefined ? filters : [...filters, match] };
  };
}
