// Events that no match takes: the sender could do nothing about it, so they are acked; and counted, so that somebody sees it.
import { once } from 'node:events';
import net from 'node:net';
import { decode, encode } from '@msgpack/msgpack';
import { expect, test } from 'vitest';
import { freePort } from '../support/ports.ts';
import { planText, runGraph } from './harness.ts';

test('events that no match takes are acked and counted, and said once for each tag', async () => {
  const port = await freePort();
  const { plan } = await planText(
    `<source>\n@type forward\nbind 127.0.0.1\nport ${port}\n</source>\n<match taken>\n@type null\n</match>`,
  );
  if (plan === undefined) {
    throw new Error('The configuration has problems.');
  }
  const running = await runGraph(plan);
  try {
    const socket = net.connect({ port, host: '127.0.0.1' });
    for (const [chunk, tag] of [
      ['c1', 'nobodys'],
      ['c2', 'nobodys'],
      ['c3', 'taken'],
    ] as const) {
      socket.write(
        encode([
          tag,
          [
            [1, { n: 1 }],
            [2, { n: 2 }],
          ],
          { chunk },
        ]),
      );
      const [reply] = await once(socket, 'data');
      expect(decode(reply)).toEqual({ ack: chunk });
    }
    socket.destroy();
    expect(running.counted('forebay_unmatched_events_total')).toBe(4);
    expect(running.logged.filter(({ code }) => code === 'EVENTS_UNMATCHED').map(({ tag }) => tag)).toEqual(['nobodys']);
  } finally {
    await running.stop();
  }
});
