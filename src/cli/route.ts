// `forebay route`: prints which filters and which match tags pass. Reading the configuration and its problems are check's.
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { escapeControls } from '../msgpack/transcode-controls.ts';
import { createExplainer, type ExplainedRoute, type ExplainedRule } from '../routing/explain.ts';

export interface RouteRequest {
  /** The rules of every label; `@ROOT` is the top level. */
  readonly labels: ReadonlyMap<string, readonly ExplainedRule[]>;
  /** Where the inputs send their events. Tags start there: at the top level if one of them does, or if there are none. */
  readonly inputs?: readonly { readonly label: string }[];
  /** Without any, each line of `stdin` is a tag. */
  readonly tags: readonly string[];
  readonly json: boolean;
  readonly stdin: Readable;
  readonly stdout: Writable;
}

/** Explains each tag: one line a tag with `json`, else a block for people. Resolves with the exit code. */
export async function route({ labels, inputs = [], tags, json, stdin, stdout }: RouteRequest): Promise<0> {
  const start = inputs.some(({ label }) => label === '@ROOT') ? '@ROOT' : (inputs[0]?.label ?? '@ROOT');
  const explain = createExplainer(labels, start);
  for await (const tag of tags.length > 0 ? tags : lines(stdin)) {
    const explained = explain(tag);
    if (!stdout.write(json ? toJson(explained) : describe(explained))) {
      await once(stdout, 'drain');
    }
  }
  return 0;
}

/** Lines end in `\n` and nothing else, since a tag may hold the rest of what Node takes for the end of a line. */
async function* lines(input: Readable): AsyncGenerator<string> {
  input.setEncoding('utf8');
  let rest = '';
  for await (const text of input as AsyncIterable<string>) {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  if (rest !== '') {
    yield rest;
  }
}

/** The keys are those that scripts rely on. */
function toJson({ tag, matched, path }: ExplainedRoute): string {
  return `${JSON.stringify({ tag, matched, path })}\n`;
}

function describe({ tag, path, behind, lost }: ExplainedRoute): string {
  const rows = path.map(({ kind, pattern, type, label, file, line }) => [
    kind.padEnd(6),
    visible(pattern),
    type,
    `${file}:${line}${label === '@ROOT' ? '' : ` in ${label}`}`,
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  const steps = rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}\n`);
  const ends = lost.map(({ label, why }) =>
    why === 'loop'
      ? `  comes to ${label} again: its events go round and are dropped\n`
      : `  no match takes it${label === '@ROOT' ? '' : ` in ${label}`}\n`,
  );
  const missed = behind.map(({ step, taker }) => {
    const rule = `${step.kind} ${visible(step.pattern)} (${step.type}, ${step.file}:${step.line})`;
    const would = step.kind === 'match' ? 'take' : 'see';
    return `  not reached: ${rule}; above ${taker.file}:${taker.line} it would ${would} the tag\n`;
  });
  return `${visible(tag) || '(the empty tag)'}\n${steps.join('')}${missed.join('')}${ends.join('')}`;
}

/** A tag comes from whoever sends it: nothing in it may steer the terminal. */
function visible(text: string): string {
  return Buffer.from(escapeControls(Buffer.from(text))).toString();
}
