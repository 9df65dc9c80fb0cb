// Makes an accepted socket read straight into the read window. Node offers that only where a socket is constructed, not for those that a
// server hands out: a plain one's handle is taken over by a new socket, and a TLS one is given the window afterwards. This file alone knows
// of it; where a socket is not as expected, reads are copied into the window. Checked by test/forward/adopt.test.ts, which fails the day
// Node changes.
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
    return copyInto(accepted, window, read);
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

/** What of a TLS socket's insides is used: where `onread` of its constructor would have put the buffer and the callback. */
export function tlsInsides(socket: net.Socket): { readonly buffer: symbol; readonly callback: symbol } | undefined {
  const symbols = Object.getOwnPropertySymbols(socket);
  const buffer = symbols.find(({ description }) => description === 'kBuffer');
  const callback = symbols.find(({ description }) => description === 'kBufferCb');
  return canAdopt(socket) && buffer !== undefined && callback !== undefined ? { buffer, callback } : undefined;
}

/**
 * The same for a TLS socket, which stays the one it is. `read` may be called again after it returned false, for what is decrypted already.
 * For half the CPU time that copying costs.
 */
export function adoptTls(socket: net.Socket, window: ReadWindow, read: (count: number) => boolean): net.Socket {
  const insides = tlsInsides(socket);
  if (insides === undefined || socket.readableLength > 0) {
    return copyInto(socket, window, read);
  }
  const handle = (socket as unknown as { readonly _handle: { useUserBuffer(buffer: Uint8Array): void } })._handle;
  Object.assign(socket, { [insides.buffer]: window.view, [insides.callback]: read });
  handle.useUserBuffer(window.view);
  return socket;
}

function copyInto(socket: net.Socket, window: ReadWindow, read: (count: number) => boolean): net.Socket {
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
