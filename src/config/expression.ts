// Embedded expressions, `"#{…}"`: the named list of what people write there. Nothing is evaluated as code.
import { useDefault } from './element.ts';
import type { Report } from './problem.ts';
import type { Scanner } from './scanner.ts';

/** What the expressions can ask for. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hostname: string;
  /** `worker_id`: empty in the process that only checks, as in Fluentd. */
  readonly workerId: string;
}

/** A text, Ruby's nil, or that the parameter keeps its default. */
export type ExpressionValue = string | null | typeof useDefault;

const understood =
  "ENV['X'], ENV.fetch('X', 'text'), ENV['X'] || 'text', ENV['X'] || use_nil, ENV['X'] || use_default, hostname, Socket.gethostname, worker_id, use_nil, use_default";

const name = `(?:'([^'\\\\\\n]+)'|"([^"\\\\\\n#]+)")`;
const text = `(?:'([^'\\\\\\n]*)'|"([^"\\\\\\n#]*)")`;
const variable = new RegExp(`^ENV\\[ *${name} *\\](?: *\\|\\| *(?:${text}|(use_nil|use_default)))?$`);
const fetched = new RegExp(`^ENV\\.fetch\\( *${name} *, *${text} *\\)$`);

/** An expression, `#{` and `}` with it, may have this many characters. */
export const maxExpressionLength = 1_024;

/** Takes `#{…}`; the scanner stands on the `#`. One that is not understood is reported, and stands for an empty text. */
export function scanExpression(scanner: Scanner, surroundings: Surroundings, report: Report): ExpressionValue {
  const start = scanner.pos;
  const end = endOfExpression(scanner.text, start);
  if (end === undefined) {
    scanner.pos = Math.min(scanner.text.length, start + maxExpressionLength);
    throw scanner.fault(
      'CONFIG_EXPRESSION_UNCLOSED',
      `An embedded expression, #{…}, is not closed within ${maxExpressionLength} characters.`,
      'Close it with }, or write \\#{ where the characters themselves are meant.',
      true,
    );
  }
  const code = scanner.text.slice(start + 2, end).trim();
  scanner.pos = end + 1;
  const value = evaluate(code, surroundings);
  if (value === undefined) {
    report({
      code: 'CONFIG_EXPRESSION_UNKNOWN',
      severity: 'error',
      at: scanner.place(start),
      text: `The embedded expression ${shorten(code)} is not understood: Ruby is not evaluated here.`,
      hint: `Understood are ${understood}, and text around them; put anything else into an environment variable.`,
    });
    return '';
  }
  return value;
}

function evaluate(code: string, { env, hostname, workerId }: Surroundings): ExpressionValue | undefined {
  switch (code) {
    case 'hostname':
    case 'Socket.gethostname':
      return hostname;
    case 'worker_id':
      return workerId;
    case 'use_nil':
      return null;
    case 'use_default':
      return useDefault;
  }
  const fetch = fetched.exec(code);
  if (fetch !== null) {
    return variableOf(env, fetch[1] ?? fetch[2]) ?? fetch[3] ?? fetch[4];
  }
  const reference = variable.exec(code);
  if (reference === null) {
    return undefined;
  }
  const value = variableOf(env, reference[1] ?? reference[2]);
  if (value !== undefined) {
    return value;
  }
  if (reference[5] !== undefined) {
    return reference[5] === 'use_nil' ? null : useDefault;
  }
  // Inside a string Ruby's nil is no text.
  return reference[3] ?? reference[4] ?? '';
}

function variableOf(env: Surroundings['env'], key: string | undefined): string | undefined {
  return key !== undefined && Object.hasOwn(env, key) ? env[key] : undefined;
}

/** The `}` that closes an expression: the first outside quotes, or the first of all where the quotes do not pair. */
function endOfExpression(source: string, start: number): number | undefined {
  const limit = Math.min(source.length, start + maxExpressionLength);
  let quote = '';
  let first: number | undefined;
  for (let at = start + 2; at < limit; at++) {
    const c = source[at] ?? '';
    if (c === '}') {
      if (quote === '') {
        return at;
      }
      first ??= at;
    } else if (quote === '' ? c === "'" || c === '"' : c === quote) {
      quote = quote === '' ? c : '';
    }
  }
  return first;
}

function shorten(code: string): string {
  const line = code.replace(/\s+/g, ' ');
  return line.length <= 80 ? line : `${line.slice(0, 79)}…`;
}
