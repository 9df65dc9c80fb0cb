// Connections on their way to a worker. node:cluster holds each until the worker says that it has it, and for ever where the worker is killed
// before: its client would wait without end. This file alone knows of cluster's own messages; where they are not as expected nothing is done.
// Checked by test/cli/handed-over.test.ts.
import type { ChildProcess } from 'node:child_process';

interface ClusterMessage {
  readonly cmd?: unknown;
  readonly act?: unknown;
  readonly seq?: unknown;
  readonly ack?: unknown;
}

interface Handle {
  close(): void;
}

/** Closes the connections that the process was given and had not taken when it ended: their clients may come again. */
export function closeHandedOver(child: ChildProcess): void {
  const underWay = new Map<unknown, Handle>();
  let gone = false;
  const send = child.send.bind(child) as (...args: readonly unknown[]) => boolean;
  child.send = ((message: ClusterMessage, handle?: unknown, ...rest: readonly unknown[]) => {
    if (message.cmd === 'NODE_CLUSTER' && message.act === 'newconn' && isHandle(handle)) {
      if (gone) {
        // It has ended, which cluster learns a moment later.
        handle.close();
        return false;
      }
      underWay.set(message.seq, handle);
    }
    return send(message, handle, ...rest);
  }) as ChildProcess['send'];
  child.on('internalMessage', (message: ClusterMessage) => {
    if (message.cmd === 'NODE_CLUSTER' && message.ack !== undefined) {
      underWay.delete(message.ack);
    }
  });
  const end = () => {
    gone = true;
    for (const handle of underWay.values()) {
      handle.close();
    }
    underWay.clear();
  };
  child.once('exit', end);
  child.once('disconnect', end);
}

function isHandle(value: unknown): value is Handle {
  return typeof (value as Partial<Handle> | undefined)?.close === 'function';
}
