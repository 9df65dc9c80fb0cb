// Every case of vectors/routing.json whose plug-ins are there: a real graph with the real forward input is sent Fluentd's bytes over TCP. The
// file output is one of the test's own, which formats as the configuration says and keeps the text by the name at the end of its path.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { p } from '../../src/config/options.ts';
import { createFormatter } from '../../src/plugin/formatter.ts';
import { defineOutput } from '../../src/plugin/output.ts';
import { formatAll, setZone } from '../formatters/harness.ts';
import { differencesOf } from '../support/differences.ts';
import { connectTo, freePort } from '../support/ports.ts';
import { planText, runGraph, TestRegistry } from './harness.ts';

interface RoutingCase {
  readonly name: string;
  readonly config: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly events: readonly { readonly port: string; readonly message_hex: string }[];
  readonly outputs?: Readonly<Record<string, readonly string[]>>;
  readonly stdout?: readonly string[];
  readonly connection_closed_after?: readonly number[];
  readonly refused?: true;
  readonly worker_dies?: unknown;
  readonly log?: readonly string[];
}

const { cases } = JSON.parse(readFileSync(new URL('../vectors/routing.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly RoutingCase[];
};
afterAll(setZone('UTC'));
const differences = differencesOf('routing.json');
const met = new Set<string>();

function fileOutput(written: Map<string, string>) {
  return defineOutput({
    type: 'file',
    summary: 'Keeps what it would write.',
    options: {
      path: p.string({ desc: 'Where.', required: true }),
      append: p.bool({ desc: 'Whether to append.', default: 'false' }),
      format: p.plugin({ desc: 'How.', kind: 'formatter', default: 'out_file' }),
      buffer: p.section({
        desc: 'A buffer.',
        options: { flush_mode: p.string({ desc: 'When.' }) },
      }),
    },
    create(context, { path, format }) {
      const formatter = createFormatter(context, format);
      const name = path.replace(/^.*\//, '');
      return {
        emit(batch) {
          const text = formatAll({ formatter, injector: undefined }, batch).toString();
          written.set(name, (written.get(name) ?? '') + text);
          return undefined;
        },
        stop: async () => undefined,
      };
    },
  });
}

/** Plug-ins of later issues. A case that uses one waits for it; when it is there, the case runs by itself. */
const registry = new TestRegistry(fileOutput(new Map()));
const later = ['filter record_transformer', 'filter parser'].filter((name) => {
  const [section, type = ''] = name.split(' ');
  return !registry.known(section === 'filter' ? 'filter' : 'output').includes(type);
});
const waitsFor = ({ config }: RoutingCase) =>
  later.find((name) => {
    const [section, type] = name.split(' ');
    return new RegExp(`<${section}[^>]*>\\s*@type ${type}\\b`).test(config);
  });
const running = cases.filter((each) => waitsFor(each) === undefined);

async function run(each: RoutingCase): Promise<Record<string, unknown>> {
  const ports = new Map([
    ['PORT1', await freePort()],
    ['PORT2', await freePort()],
  ]);
  const fill = (text: string) => text.replace(/\bPORT\d\b/g, (name) => String(ports.get(name)));
  const written = new Map<string, string>();
  const { plan } = await planText(fill(each.config), new TestRegistry(fileOutput(written)), each.files);
  if (plan === undefined) {
    return { refused: true };
  }
  const graph = await runGraph(plan);
  const closedAfter: number[] = [];
  try {
    for (const [index, { port, message_hex }] of each.events.entries()) {
      const socket = await connectTo(ports.get(port) ?? 0);
      // Half-closed by us, it is closed by the other side when all has been taken; closed by the other side first, it was refused.
      socket.write(Buffer.from(message_hex, 'hex'));
      const closed = once(socket, 'close');
      socket.resume().end();
      await closed;
      if (socket.errored) {
        closedAfter.push(index);
      }
    }
  } finally {
    await graph.stop();
  }
  return {
    outputs: Object.fromEntries([...written].map(([name, text]) => [name, text.split('\n').slice(0, -1)])),
    stdout: graph.stdout.text,
    closedAfter,
    unmatched: graph.logged.filter(({ code }) => code === 'EVENTS_UNMATCHED').map(({ tag }) => tag),
  };
}

/** What Fluentd did. Of the tags that nobody takes it names the first, the second, the fourth and so on only. */
function expected(each: RoutingCase): unknown {
  const difference = differences.get(each.name);
  if (difference !== undefined) {
    met.add(each.name);
    return difference.ours;
  }
  if (each.refused === true) {
    return { refused: true };
  }
  return {
    outputs: each.outputs ?? {},
    stdout: each.stdout ?? [],
    closedAfter: each.connection_closed_after ?? [],
    unmatched: expect.arrayContaining(
      (each.log ?? []).flatMap((line) => /no patterns matched tag="(.*)"/.exec(line)?.[1] ?? []),
    ),
  };
}

describe(`${running.length} of ${cases.length} cases`, () => {
  test.for(running.map((each) => [each.name, each] as const))('%s', async ([, each]) => {
    expect(each.worker_dies).toBeUndefined();
    expect(await run(each)).toEqual(expected(each));
  });
});

test('the cases that wait are those of plug-ins that are not there yet', () => {
  const counts = later.map((name) => `${name}: ${cases.filter((each) => waitsFor(each) === name).length}`);
  console.info(`routing.json: ${running.length} cases run; waiting: ${counts.join(', ')}`);
  expect(running.length).toBeGreaterThanOrEqual(30);
});

afterAll(() => {
  expect([...differences.keys()].filter((name) => !met.has(name))).toEqual([]);
});
