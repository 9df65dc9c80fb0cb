// Makes an accepted socket read straight into the read window. Node offers that only where a socket is constructed, not for those that a
// server hands out, so the accepted one's handle is taken over by a new one. This file alone knows of it; where the handle is not as
// expected, reads are copied into the window. Checked by test/forward/adopt.test.ts, which fails the day Node changes.
import net from 'node:net';
import type { ReadWindow } from '../core/read-window.ts';

/** What of a socket's and a server's insides is used. */
interface Insides {
  _handle: { readonly useUserBuffer?: unknown } | null;
}

interface ServerInsides {
  readonly allowHalfOpen: boolean;
  readonly noDelay: boolean;
  readonly keepAlive: boolean;
  /** Seconds; the option of a socket is in ms. */
  readonly keepAliveInitialDelay: number;
}

/** Whether a socket's handle can be taken over. */
export function canAdopt(socket: net.Socket): boolean {
  return typeof (socket as unknown as Insides)._handle?.useUserBuffer === 'function';
}

/**
 * The socket to use in place of `accepted`; it is paused. `read` is called with the number of bytes that stand at the window's beginning,
 * valid until it returns; when it returns false, nothing is read until `resume()`.
 */
export function adopt(
  accepted: net.Socket,
  server: net.Server,
  window: ReadWindow,
  read: (count: number) => boolean,
): net.Socket {
  if (!canAdopt(accepted)) {
    return copying(accepted, window, read);
  }
  const insides = accepted as unknown as Insides;
  const settings = server as unknown as ServerInsides;
  const handle = insides._handle;
  insides._handle = null;
  const socket = new net.Socket({
    handle,
    onread: { buffer: window.view, callback: read },
    pauseOnCreate: true,
    allowHalfOpen: settings.allowHalfOpen,
    noDelay: settings.noDelay,
    keepAlive: settings.keepAlive,
    keepAliveInitialDelay: settings.keepAliveInitialDelay * 1000,
  } as unknown as net.SocketConstructorOpts);
  // The server counts its connections by the sockets it made.
  socket.once('close', () => accepted.destroy());
  return socket;
}

function copying(socket: net.Socket, window: ReadWindow, read: (count: number) => boolean): net.Socket {
  socket.on('data', (data) => {
    for (let from = 0; from < data.length; from += window.view.length) {
      const piece = data.subarray(from, from + window.view.length);
      window.view.set(piece);
      if (!read(piece.length)) {
        socket.pause();
      }
    }
  });
  socket.pause();
  return socket;
}
