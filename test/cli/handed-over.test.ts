// A worker that is killed with connections on their way to it: their clients hear of it.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startForebay } from '../support/forebay.ts';

test('connections that a stopped worker was given are closed when it is killed', async () => {
  const forebay = await startForebay({
    config:
      '<system>\nworkers 2\n</system>\n<source>\n@type forward\nbind 127.0.0.1\nport PORT\n</source>\n<match **>\n@type null\n</match>\n',
  });
  onTestFinished(async () => void (await forebay.stop()));
  await forebay.stderr.waitForLine((line) => line.includes('Forebay is running.'));
  const children = readFileSync(`/proc/${forebay.pid}/task/${forebay.pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .map(Number);
  expect(children.length).toBe(2);
  // Stopped, not ended: they are given a connection each, and do not take it.
  for (const pid of children) process.kill(pid, 'SIGSTOP');
  const sockets = Array.from({ length: 4 }, () => net.connect(forebay.port, '127.0.0.1'));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  const closed = sockets.map(
    (socket) =>
      new Promise<void>((resolve) => {
        socket.on('error', () => undefined);
        socket.once('close', () => resolve());
        socket.resume();
      }),
  );
  for (const pid of children) process.kill(pid, 'SIGKILL');
  // Two were under way, two waited behind them; without workers there is nobody to serve any of them.
  await Promise.all(closed);
});
