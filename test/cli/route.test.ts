import { PassThrough, Readable, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { type RouteRequest, route } from '../../src/cli/route.ts';
import type { ExplainedRule } from '../../src/routing/explain.ts';

function section(kind: 'match' | 'filter', pattern: string, type: string, line: number): ExplainedRule {
  return { kind, pattern, definition: { type }, element: { at: { file: '/etc/a.conf', line, column: 1 } } };
}

const labels = new Map([
  ['@ROOT', [section('filter', '**', 'grep', 5), section('match', 'docker.**', 'stdout', 14)]],
  ['@APP', [section('match', 'app.*', 'null', 30)]],
]);

async function run(request: Partial<RouteRequest>): Promise<string> {
  let printed = '';
  const stdout = new Writable({
    decodeStrings: false,
    write(text, _, done) {
      printed += text;
      done();
    },
  });
  const code = await route({ labels, tags: [], json: false, stdin: Readable.from([]), stdout, ...request });
  expect(code).toBe(0);
  return printed;
}

test('--json prints one line a tag', async () => {
  expect(await run({ json: true, tags: ['docker.x', 'other'] })).toBe(
    '{"tag":"docker.x","matched":true,"path":[{"kind":"filter","pattern":"**","type":"grep","label":"@ROOT","file":"/etc/a.conf","line":5},{"kind":"match","pattern":"docker.**","type":"stdout","label":"@ROOT","file":"/etc/a.conf","line":14}]}\n' +
      '{"tag":"other","matched":false,"path":[{"kind":"filter","pattern":"**","type":"grep","label":"@ROOT","file":"/etc/a.conf","line":5}]}\n',
  );
});

test('for people there is a block a tag, with the places in columns', async () => {
  expect(await run({ tags: ['docker.x', 'other'] })).toBe(
    [
      'docker.x',
      '  filter  **         grep    /etc/a.conf:5',
      '  match   docker.**  stdout  /etc/a.conf:14',
      'other',
      '  filter  **  grep  /etc/a.conf:5',
      '  no match takes it',
      '',
    ].join('\n'),
  );
});

test('tags start where the inputs send them, and a label is named', async () => {
  const inApp = 'app.x\n  match   app.*  null  /etc/a.conf:30 in @APP\n';
  const app = { label: '@APP' };
  expect(await run({ inputs: [app, app], tags: ['app.x'] })).toBe(inApp);
  expect(await run({ inputs: [app, { label: '@ROOT' }], tags: ['app.x'] })).toContain('no match takes it');
});

test('a relabel is followed, and where it ends is said', async () => {
  const relabel = { type: 'relabel', reroutes: true };
  const routes = new Map([
    ['@ROOT', [{ ...section('match', '**', 'relabel', 1), definition: relabel, label: '@A' }]],
    [
      '@A',
      [
        section('match', 'a', 'stdout', 6),
        { ...section('match', 'b', 'relabel', 9), definition: relabel, label: '@A' },
      ],
    ],
  ]);
  expect(await run({ labels: routes, tags: ['a', 'b', 'c'] })).toBe(
    [
      'a',
      '  match   **  relabel  /etc/a.conf:1',
      '  match   a   stdout   /etc/a.conf:6 in @A',
      'b',
      '  match   **  relabel  /etc/a.conf:1',
      '  match   b   relabel  /etc/a.conf:9 in @A',
      '  comes to @A again: its events go round and are dropped',
      'c',
      '  match   **  relabel  /etc/a.conf:1',
      '  no match takes it in @A',
      '',
    ].join('\n'),
  );
  const printed = await run({ labels: routes, tags: ['a'], json: true });
  expect(Object.keys(JSON.parse(printed))).toEqual(['tag', 'matched', 'path']);
});

test('each line of the input is a tag, an empty one too, however the input is cut', async () => {
  const bytes = Buffer.from('docker.é\n\na\rb\u2028c\nlast');
  const tags = ['docker.é', '', 'a\rb\u2028c', 'last'];
  for (let cut = 0; cut <= bytes.length; cut++) {
    const stdin = new PassThrough();
    stdin.write(bytes.subarray(0, cut));
    stdin.end(bytes.subarray(cut));
    const printed = await run({ json: true, stdin });
    expect(
      printed
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).tag),
    ).toEqual(tags);
  }
});

test('an input without lines prints nothing', async () => {
  expect(await run({ stdin: new PassThrough().end() })).toBe('');
});

test('control characters of a tag do not reach the terminal', async () => {
  const printed = await run({ tags: ['a\u001b[2J\u009bb\nc', ''] });
  expect(printed.split('\n')[0]).toBe('a\\u001b[2J\\u009bb\\nc');
  expect(printed).toContain('(the empty tag)\n');
});

test('a slow reader of the output is waited for', async () => {
  const stdout = new PassThrough({ highWaterMark: 1_000 });
  const stdin = Readable.from(
    (function* many() {
      for (let i = 0; i < 10_000; i++) yield `docker.${i}\n`;
    })(),
  );
  const done = route({ labels, tags: [], json: true, stdin, stdout });
  let read = 0;
  for (let left = 10_000; left > 0; ) {
    const chunk: Buffer | null = stdout.read();
    if (chunk === null) {
      await new Promise((resolve) => stdout.once('readable', resolve));
    } else {
      expect(stdout.readableLength + stdout.writableLength).toBeLessThan(10_000);
      left -= chunk.toString().split('\n').length - 1;
      read += chunk.length;
    }
  }
  expect(await done).toBe(0);
  expect(read).toBeGreaterThan(1_000_000);
});

test('for people the rule is named that is not reached, and what would reach it', async () => {
  const shadowed = new Map([
    ['@ROOT', [section('match', '**', 'null', 3), section('filter', 'a', 'grep', 6), section('match', 'a', 'file', 9)]],
  ]);
  expect(await run({ labels: shadowed, tags: ['a'] })).toBe(
    [
      'a',
      '  match   **  null  /etc/a.conf:3',
      '  not reached: filter a (grep, /etc/a.conf:6); above /etc/a.conf:3 it would see the tag',
      '  not reached: match a (file, /etc/a.conf:9); above /etc/a.conf:3 it would take the tag',
      '',
    ].join('\n'),
  );
  expect(JSON.parse(await run({ labels: shadowed, tags: ['a'], json: true }))).toEqual({
    tag: 'a',
    matched: true,
    path: [{ kind: 'match', pattern: '**', type: 'null', label: '@ROOT', file: '/etc/a.conf', line: 3 }],
  });
});
