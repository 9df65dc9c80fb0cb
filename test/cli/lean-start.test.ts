// What V8 says of its compilers while a start is lean, and afterwards.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectEnv, projectNode, projectRoot } from '../support/project.ts';

/** Two loops that are worth compiling, one while the start lasts and one after it. */
const script = `
  import { startLean } from ${JSON.stringify(join(projectRoot, 'src', 'cli', 'lean-start.ts'))};
  const started = startLean();
  function early(n) { let sum = 0; for (let i = 0; i < n; i++) sum = (sum + i * 3) | 0; return sum; }
  function late(n) { let sum = 0; for (let i = 0; i < n; i++) sum = (sum + i * 5) | 0; return sum; }
  for (let i = 0; i < 3000; i++) early(1000);
  started();
  for (let i = 0; i < 3000; i++) late(1000);
`;

function compiled(...flags: string[]): string[] {
  const args = [...flags, '--trace-opt', '--input-type=module', '-e', script];
  const { status, stdout, stderr } = spawnSync(projectNode(), args, { env: projectEnv(), encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return ['early', 'late'].filter((name) => stdout.includes(`JSFunction ${name} `) || stdout.includes(` ${name} (sfi`));
}

test('what runs while the program starts is not compiled for speed, what runs afterwards is', () => {
  expect(compiled()).toEqual(['late']);
});

test('flags that are given to Node stay as they are', () => {
  expect(compiled('--no-opt', '--no-maglev')).toEqual([]);
  expect(compiled('--opt')).toEqual(['early', 'late']);
});
