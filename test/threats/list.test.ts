// Where each threat of the list, A1 to A30, is tested: its number begins a test's name. Those of what does not exist yet stand here with the
// reason; their tests come with it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../support/project.ts';

const absent: Readonly<Record<string, string>> = {
  A25: 'no output takes a URL',
  A28: 'no input reads files',
  A29: 'nothing speaks to the Docker socket',
  A30: 'no input reads audit records, Falco or Docker Bench',
};

/** Plug-ins whose being there ends an absence. */
const comers = /^(?:http|tail|docker|audit|falco|exec)/;

test('each threat has a test, or a reason why it cannot have one yet', () => {
  const found = new Map<string, string[]>();
  for (const file of readdirSync(join(projectRoot, 'test'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.test.ts')) continue;
    const text = readFileSync(join(projectRoot, 'test', file), 'utf8');
    for (const [, numbers = ''] of text.matchAll(/\b(?:test|describe)\(\s*['"`]((?:A\d+(?:, | and )?)+) /g)) {
      for (const [number] of numbers.matchAll(/A\d+/g)) found.set(number, [...(found.get(number) ?? []), file]);
    }
  }
  const all = Array.from({ length: 30 }, (_, n) => `A${n + 1}`);
  expect(all.filter((number) => !found.has(number))).toEqual(Object.keys(absent));
  const places = all.map((number) => `${number}: ${[...new Set(found.get(number))].join(' ') || absent[number]}`);
  process.stdout.write(`${places.join('; ')}\n`);
});

test('what is said to be absent is absent', () => {
  const plugins = ['inputs', 'outputs'].flatMap((room) => readdirSync(join(projectRoot, 'src', room)));
  expect(plugins.filter((name) => comers.test(name))).toEqual([]);
});
