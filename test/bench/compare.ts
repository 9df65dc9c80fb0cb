// `npm run bench:compare`: the last commit and this tree, with what is not committed in it, in turn on the same machine; prints ratios and how far
// they spread. Says only what was seen: whether a change is wanted is for who reads it.
import { parseArgs } from 'node:util';
import { projectRoot } from '../support/project.ts';
import { buildCommit } from './last-commit.ts';
import { head, isChanged, provenance } from './provenance.ts';
import { compared } from './ratios.ts';
import { entrantsOf, nameOf, rowsOf, runRow } from './rows.ts';
import { exitOnSignals } from './running.ts';
import { forebay } from './subjects.ts';
import { table } from './table.ts';
import { buildTools } from './tools.ts';

const usage = `npm run bench:compare -- [options]
  --against REV    the commit to compare with (HEAD)
  --all            every workload to every output, not only the rows that have a bar
  --only REGEX     only rows whose name matches, such as 'message to file', of all of them
  --count N        events of a row (1000000)
  --runs N         runs of each of the two (5)`;

exitOnSignals();
const args = process.argv.slice(2);
const { values } = parseArgs({
  args,
  options: {
    help: { type: 'boolean', default: false },
    against: { type: 'string', default: 'HEAD' },
    all: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    count: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '5' },
  },
});
const [count, runs] = [Number(values.count), Number(values.runs)];

async function compare(): Promise<void> {
  const failures: string[] = [];
  const failed = (text: string) => {
    failures.push(text);
    console.log(`FAILED ${text}`);
  };
  if (values.against === 'HEAD' && !isChanged()) {
    console.log(
      'Nothing in the program is changed: both are the same, and what differs is chance. --against HEAD~1 compares with the one before.',
    );
  }
  const from = provenance('bench:compare', args);
  const last = buildCommit(values.against);
  const tools = buildTools();
  try {
    const [older, newer] = [forebay(last.root, last.commit), forebay(projectRoot, 'this tree')];
    const only = new RegExp(values.only);
    const rows = rowsOf(values.all || values.only !== '').filter((row) => only.test(nameOf(row)));
    const lines: string[][] = [];
    for (const row of rows) {
      // What only one of them takes cannot be compared.
      const known = entrantsOf(row, older, tools, (text) => console.log(`${last.commit}: ${text}`));
      const both = entrantsOf(row, newer, tools, (text) => console.log(`this tree: ${text}`)).filter(({ variant }) =>
        known.some((each) => each.variant === variant),
      );
      for (const { variant, subject } of both) {
        const pair = [
          { variant, subject: older },
          { variant, subject },
        ];
        const [before = [], after = []] = await runRow(row, pair, { count, runs, tools, failed });
        if (before.length === 0 || after.length === 0) continue;
        const line = [nameOf({ ...row, variant }), ...compared(before, after)];
        lines.push(line);
        console.log(line.join('  '));
      }
    }
    const header = [
      'row',
      `CPU s per 1 M, ${last.commit}`,
      'this tree',
      'ratio',
      'least',
      'most',
      'events/s',
      'peak MB',
      'seen',
    ];
    console.log(`\n${head(from)}\n\n${table(header, lines)}\n`);
    console.log(
      'Below 1 (events/s: above) this tree is better. Least and most: of the ratios of the runs, pair by pair.',
    );
  } finally {
    tools.folder.remove();
    last.remove();
  }
  process.exitCode = failures.length > 0 ? 1 : 0;
}

if (values.help) console.log(usage);
else if (![count, runs].every((each) => Number.isSafeInteger(each) && each > 0)) throw new Error(usage);
else await compare();
