// Parsers of lines: each configuration of the vectors with mutated lines, one after the other, in the parser that has seen all before.
import { Counters } from '../../../src/core/counters.ts';
import { createParser, ParsedRecords, type Parser } from '../../../src/plugin/parser.ts';
import { Registry } from '../../../src/plugin/registry.ts';
import { planText } from '../../engine/harness.ts';
import { testContext } from '../../formatters/harness.ts';
import { inProcess } from '../in-process.ts';
import { mutateBytes, mutateJson } from '../mutate.ts';
import { casesOf } from '../seeds.ts';
import type { FuzzTarget } from '../target.ts';

interface ParserCase {
  readonly config: string;
  readonly text?: string;
  readonly text_hex?: string;
}

export function parsersTarget(patience: number): FuzzTarget {
  const known = new Registry().known('parser');
  const cases = casesOf<ParserCase>('parsers.json').filter(({ config }) =>
    known.includes(/@type (\S+)/.exec(config)?.[1] ?? ''),
  );
  const lines = cases.map(({ text, text_hex }) =>
    Buffer.from(text_hex ?? text ?? '', text_hex === undefined ? 'utf8' : 'hex'),
  );
  const parsers = new Map<string, Promise<Parser | undefined>>();
  let chosen = cases[0]?.config ?? '';
  return inProcess(
    {
      name: 'parsers',
      past: /^parsed/,
      share: 0.2,
      mutant(random) {
        const at = random.int(cases.length);
        chosen = cases[at]?.config ?? '';
        const line = lines[at] ?? Buffer.alloc(0);
        return random.once(2) ? mutateBytes(random, line, lines) : mutateJson(random, line, lines);
      },
      async run(mutant) {
        const made = parsers.get(chosen) ?? parserOf(chosen);
        parsers.set(chosen, made);
        const parser = await made;
        if (parser === undefined) return 'configuration refused';
        const parsed = new ParsedRecords();
        parser.parse(mutant, 0, mutant.length, parsed);
        return parsed.list.some(({ fault }) => fault === undefined) ? 'parsed' : 'not parsed';
      },
    },
    patience,
  );
}

async function parserOf(config: string): Promise<Parser | undefined> {
  const { plan } = await planText(
    `<filter **>\n@type parser\nkey_name log\n${config}\n</filter>\n<match **>\n@type null\n</match>\n`,
  );
  const rule = plan?.labels.get('@ROOT')?.[0];
  const context = { ...testContext(), counters: new Counters(), clock: { now: () => 1_700_000_000_000 } };
  return rule && createParser(context, rule.options['parse'] as Parameters<typeof createParser>[1]);
}
