// Every case of vectors/routing.json whose plug-ins are there: a real graph with the real forward input is sent Fluentd's bytes over TCP, and
// what it wrote to files is read.
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { setZone } from '../formatters/harness.ts';
import { differencesOf } from '../support/differences.ts';
import { connectTo, freePort } from '../support/ports.ts';
import { tempFolder } from '../support/temp.ts';
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

/** What the file outputs wrote: the lines of `NAME.…` by NAME. */
function written(folder: string, ports: ReadonlyMap<string, number>): Record<string, string[]> {
  const lines: Record<string, string[]> = {};
  for (const file of readdirSync(folder).sort()) {
    const name = file.replace(/\..*$/, '');
    let text = readFileSync(join(folder, file), 'utf8').replaceAll(nowText, 'NOW');
    for (const [port, number] of ports) {
      text = text.replaceAll(`:${number}"`, `:${port}"`);
    }
    lines[name] = [...(lines[name] ?? []), ...text.split('\n').slice(0, -1)];
  }
  return lines;
}

async function run(each: RoutingCase): Promise<Record<string, unknown>> {
  const ports = new Map([
    ['PORT1', await freePort()],
    ['PORT2', await freePort()],
  ]);
  const folder = tempFolder('routing');
  onTestFinished(() => folder.remove());
  const fill = (text: string) =>
    text.replace(/\bPORT\d\b/g, (name) => String(ports.get(name))).replaceAll('DIR/', `${folder.path}/`);
  const files = Object.fromEntries(Object.entries(each.files ?? {}).map(([name, text]) => [name, fill(text)]));
  const { plan } = await planText(fill(each.config), new TestRegistry(), files);
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
    outputs: written(folder.path, ports),
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
