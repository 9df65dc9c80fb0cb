// Takes events over the Fluentd forward protocol on a unix socket.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { p } from '../config/options.ts';
import { clearStaleSocket } from '../core/stale-socket.ts';
import { createForwardInput, noNetwork } from '../forward/forward-input.ts';
import { streamOptions } from '../forward/forward-options.ts';
import { defineInput } from '../plugin/input.ts';

export default defineInput({
  type: 'unix',
  summary: 'Takes events over the Fluentd forward protocol on a unix socket.',
  options: {
    path: p.string({ desc: 'The socket to listen on.', default: '/var/run/fluent/fluent.sock' }),
    ...streamOptions,
  },
  claims: ({ path }) => [`socket ${path}`],
  create(context, options) {
    const input = createForwardInput(context, { path: options.path }, options, noNetwork);
    return {
      async start() {
        await mkdir(dirname(options.path), { recursive: true });
        await clearStaleSocket(options.path);
        await input.start();
      },
      stop: (signal) => input.stop(signal),
    };
  },
});
