// Shows events in the browser, as they come: a page at an address. The page, its stream and its memory are live/'s.
import { p } from '../config/options.ts';
import { ForebayError } from '../core/errors.ts';
import { SharedParts } from '../core/shared-parts.ts';
import { accessOf, accessOptions, checkAccess } from '../live/access-options.ts';
import { type Viewer, viewerAt } from '../live/viewer.ts';
import { limitsOf, limitsOption } from '../live/viewer-limits.ts';
import { defineOutput, type Output } from '../plugin/output.ts';

/** Below this the memory's pieces are too small to be of use. */
const smallestMemory = 1024 * 1024;

export default defineOutput({
  type: 'viewer',
  summary: 'Shows events in the browser, as they come.',
  options: {
    bind: p.string({
      desc: 'The address to listen on. One that other machines can reach makes the page ask for a token.',
      default: '127.0.0.1',
    }),
    port: p.integer({ desc: 'The port to listen on.', default: '8080' }),
    memory_size: p.size({
      desc: 'The events of the last so many bytes are kept for who opens the page.',
      default: '64m',
    }),
    token: p.string({
      desc: 'What the page asks for. Without it one is made up and printed at the start, where other machines can reach the page.',
      secret: true,
    }),
    title: p.string({ desc: 'The name that the page has, to tell several apart.', default: '' }),
    base_path: p.string({
      desc: 'The path below which a proxy shows the page, such as /logs, where it leaves that path in its requests.',
      default: '',
    }),
    hosts: p.array({
      desc: 'Names by which the page is reached, beside localhost and the address: behind a proxy, or in a network with names.',
      default: '',
    }),
    ...accessOptions,
    limits: limitsOption,
  },
  check(values, element, report) {
    checkAccess(values, element, report);
  },
  claims: ({ bind, port }) => [`viewer ${bind}:${port}`],
  create(context, options) {
    const { bind, port, memory_size, token, title, hosts, base_path } = options;
    if (port < 1 || port > 65_535) {
      throw new ForebayError('CONFIG_INVALID_VALUE', { option: 'port', value: port, reason: 'it is 1 to 65535' });
    }
    if (memory_size < smallestMemory) {
      throw new ForebayError('CONFIG_INVALID_VALUE', {
        option: 'memory_size',
        value: memory_size,
        reason: 'it is at least 1m',
      });
    }
    if (base_path !== '' && !/^(?:\/[\w.~-]+)+$/.test(base_path)) {
      throw new ForebayError('CONFIG_INVALID_VALUE', {
        option: 'base_path',
        value: base_path,
        reason: 'it begins with a slash and ends without one, such as /logs',
      });
    }
    if (token === '') {
      throw new ForebayError('CONFIG_INVALID_VALUE', { option: 'token', value: '""', reason: 'it is empty' });
    }
    const shared = context.shared ?? new SharedParts();
    const wanted = {
      ...{ memorySize: memory_size, token, title, hosts: hosts.map(String), basePath: base_path },
      access: accessOf(options),
      limits: limitsOf(options.limits),
    };
    const open = () => viewerAt({ ...context, shared }, { host: bind, port }, wanted);
    let viewer: Viewer | undefined;
    try {
      viewer = open();
    } catch {
      // The one that is there now may be about to go; where it does not, the start says so.
    }
    const output: Output = {
      async start() {
        viewer = open();
        await viewer.start(output);
      },
      emit(batch) {
        viewer?.take(batch);
        return undefined;
      },
      stop: async (signal) => await viewer?.stop(signal, output),
    };
    return output;
  },
});
