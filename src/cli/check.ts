// `forebay check`: says what is wrong with a configuration, and starts nothing.
import { elementToJson } from '../config/element-json.ts';
import { type LoadOptions, loadPlan } from './load-plan.ts';
import { countProblems, describeProblems } from './report.ts';

export interface CheckRequest extends LoadOptions {
  readonly file: string;
  /** Prints one JSON object: the tree, and the problems. */
  readonly json: boolean;
  readonly write: (text: string) => void;
}

/** Checks the file. Resolves with the exit code: 0, or 2 when there is an error. */
export async function check({ file, json, write, ...options }: CheckRequest): Promise<0 | 2> {
  const { root, plan, problems, dropped, sources, secrets } = await loadPlan(file, { ...options, lint: true });
  if (json) {
    const parsed = root === undefined ? null : elementToJson(root, secrets);
    const listed = problems.map(({ code, severity, at, text, hint }) => ({ code, severity, ...at, text, hint }));
    write(`${JSON.stringify({ parsed, problems: listed }, null, 2)}\n`);
  } else {
    write(describeProblems(problems, sources, dropped));
    write(`${problems.length > 0 ? '\n' : ''}${file}: ${countProblems(problems) || 'no problems'}.\n`);
  }
  return plan === undefined ? 2 : 0;
}
