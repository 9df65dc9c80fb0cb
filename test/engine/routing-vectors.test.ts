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
/** A time that no event has. */
const now = Date.UTC(2031, 1, 2, 3, 4, 5);
const nowText = '2031-02-02T03:04:05+00:00';
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
  const graph = await runGraph(plan, { now: () => now });
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
    outputs: Object.fromEntries(
      [...written].map(([name, text]) => [name, text.replaceAll(nowText, 'NOW').split('\n').slice(0, -1)]),
    ),
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

describe(`${cases.length} cases`, () => {
  test.for(cases.map((each) => [each.name, each] as const))('%s', async ([, each]) => {
    expect(each.worker_dies).toBeUndefined();
    expect(await run(each)).toEqual(expected(each));
  });
});

afterAll(() => {
  expect([...differences.keys()].filter((name) => !met.has(name))).toEqual([]);
});
