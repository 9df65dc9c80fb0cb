// `<worker N>` and `<worker N-M>`: sections that hold for some of the workers only. What is in one of them stands behind the top level, as in
// Fluentd (root_agent.rb); what stands outside of all holds for every worker.
import type { Element } from '../config/element.ts';
import type { Report } from '../config/problem.ts';

const allowed: readonly string[] = ['source', 'match', 'filter', 'label'];

/** The sections of one worker, of as many as there are. Reports what is wrong with any `<worker>`. */
export function sectionsOf(root: Element, worker: number, workers: number, report: Report): Element[] {
  const sections = root.elements.filter(({ name }) => name !== 'worker');
  for (const element of root.elements.filter(({ name }) => name === 'worker')) {
    const range = rangeOf(element, workers, report);
    const wrong = element.elements.filter(({ name }) => !allowed.includes(name));
    for (const { name, at } of wrong) {
      report({
        code: 'CONFIG_WORKER_SECTION',
        severity: 'error',
        at,
        text: `<${name}> may not stand in <worker>.`,
        hint: `There may be ${allowed.map((each) => `<${each}>`).join(', ')}; move it to the top level.`,
      });
    }
    if (range !== undefined && worker >= range.first && worker <= range.last) {
      sections.push(...element.elements.filter((each) => !wrong.includes(each)));
    }
  }
  return sections;
}

function rangeOf(element: Element, workers: number, report: Report): { first: number; last: number } | undefined {
  const error = (text: string, hint: string): undefined => {
    report({ code: 'CONFIG_WORKER_SECTION', severity: 'error', at: element.at, text, hint });
  };
  const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(element.arg);
  if (match === null) {
    return element.arg === ''
      ? error('A <worker> needs the number of a worker.', 'Write <worker 0>, or <worker 0-1> for several.')
      : error(`"${element.arg}" is no number of a worker.`, 'Write <worker 0>, or <worker 0-1> for several.');
  }
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  if (first > last) {
    return error(`<worker ${element.arg}> ends before it begins.`, `Write <worker ${last}-${first}>.`);
  }
  if (last >= workers) {
    const there = workers === 1 ? 'there is only worker 0' : `they are 0 to ${workers - 1}`;
    return error(`There is no worker ${last}: ${there}.`, `Set workers ${last + 1} in <system>, or change the number.`);
  }
  return { first, last };
}
