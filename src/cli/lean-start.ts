// Keeps the start of a long run small: V8's compilers for speed are 7 MB of the process once anything was compiled by them, and what runs only
// while it starts is not worth that. Once V8's flags differ, Node compiles its own modules from source, which costs 20 ms of a start: so those
// that are needed are loaded here, before.
import 'node:assert';
import 'node:crypto';
import 'node:dgram';
import 'node:fs/promises';
import 'node:net';
import 'node:os';
import 'node:perf_hooks';
import 'node:stream';
import 'node:timers/promises';
import 'node:vm';
import 'node:worker_threads';
import 'node:zlib';
import { setFlagsFromString } from 'node:v8';

/** Whoever starts Node with flags about its compilers has his way. */
const chosen = /--(no-)?(jitless|lite-mode|maglev|opt|turbofan)\b/;

/** Call what it returns when the start is over, or nothing will ever run fast. */
export function startLean(): () => void {
  // Events are no objects: a young generation that grows with every burst of connections would only keep memory.
  setFlagsFromString('--semi-space-growth-factor=1');
  const { env, execArgv } = process;
  if (chosen.test([env['NODE_OPTIONS'], ...execArgv].join(' '))) {
    return () => undefined;
  }
  setFlagsFromString('--no-opt');
  setFlagsFromString('--no-maglev');
  return () => {
    setFlagsFromString('--opt');
    setFlagsFromString('--maglev');
  };
}
