// Parsers of lines: each configuration of the vectors with mutated lines, one after the other, in the parser that has seen all before.
import { Counters } from '../../../src/core/counters.ts';
import { createParser, ParsedRecords, type Parser } from '../../../src/plugin/parser.ts';
import { Registry } from '../../../src/plugin/registry.ts';
import { planText } from '../../engine/harness.ts';
import { testContext } from '../../formatters/harness.ts';
import { inProcess } from '../in-process.ts';
import { mutateAlike, mutateBytes, mutateJson } from '../mutate.ts';
import { casesOf } from '../seeds.ts';
import type { FuzzTarget } from '../target.ts';

interface ParserCase {
  readonly config: string;
  readonly text?: string;
  readonly text_hex?: string;
}

interface Seed {
  readonly config: string;
  readonly line: Buffer;
}

export function parsersTarget(patience: number): FuzzTarget {
  const known = new Registry().known('parser');
  const all: readonly Seed[] = casesOf<ParserCase>('parsers.json')
    .filter(({ config }) => known.includes(/@type (\S+)/.exec(config)?.[1] ?? ''))
    .map(({ config, text, text_hex }) => ({
      config,
      line: Buffer.from(text_hex ?? text ?? '', text_hex === undefined ? 'utf8' : 'hex'),
    }));
  const lines = all.map(({ line }) => line);
  /** Those whose lines can be parsed: they come oftener. */
  let sound: readonly Seed[] = [];
  const parsers = new Map<string, Promise<Parser | undefined>>();
  let chosen = '';
  const parse = async (config: string, line: Uint8Array): Promise<string> => {
    // A turn of its own: that is what expressions have their time in.
    await new Promise((resolve) => setImmediate(resolve));
    const made = parsers.get(config) ?? parserOf(config);
    parsers.set(config, made);
    const parser = await made;
    if (parser === undefined) return 'configuration refused';
    const parsed = new ParsedRecords();
    parser.parse(line, 0, line.length, parsed);
    return parsed.list.some(({ fault }) => fault === undefined) ? 'parsed' : 'not parsed';
  };
  const target = inProcess(
    {
      name: 'parsers',
      past: /^parsed/,
      share: 0.5,
      mutant(random) {
        const { config, line } = random.pick(random.once(8) ? all : sound);
        chosen = config;
        switch (random.int(5)) {
          case 0:
            return mutateBytes(random, line, lines);
          case 1:
            return /^\s*[[{]/.test(line.toString('latin1'))
              ? mutateJson(random, line, lines)
              : mutateBytes(random, line, lines);
          default:
            return mutateAlike(random, line);
        }
      },
      run: async (mutant) => await parse(chosen, mutant),
    },
    patience,
  );
  return {
    ...target,
    async start() {
      const parsed: Seed[] = [];
      for (const seed of all) {
        if ((await parse(seed.config, seed.line)) === 'parsed') parsed.push(seed);
      }
      sound = parsed;
      return await target.start();
    },
  };
}

async function parserOf(config: string): Promise<Parser | undefined> {
  const { plan } = await planText(
    `<filter **>\n@type parser\nkey_name log\n${config}\n</filter>\n<match **>\n@type null\n</match>\n`,
  );
  const rule = plan?.labels.get('@ROOT')?.[0];
  const context = { ...testContext(), counters: new Counters(), clock: { now: () => 1_700_000_000_000 } };
  return rule && createParser(context, rule.options['parse'] as Parameters<typeof createParser>[1]);
}
