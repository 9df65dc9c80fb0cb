// A client of the live stream in Node: one connection, from its opening to its end. Showing what comes and connecting anew is tail's.
import { WebSocket } from 'ws';
import { FrameOrder } from './frame-order.ts';
import {
  type Frame,
  type Hello,
  livePath,
  protocolVersion,
  readFrame,
  readServerMessage,
  type Start,
  type State,
} from './protocol.ts';

export interface LiveClientSettings {
  /** The page's URL, as people open it. */
  readonly url: string;
  /** The header Authorization, where one is needed. */
  readonly authorization: string | undefined;
  /** Says what is wanted of this stream. */
  start(hello: Hello): Start;
  /** Takes a frame, its events by their times; nothing more is read until the promise, where there is one, has settled. */
  frame(frame: Frame): Promise<void> | undefined;
  state?(state: State): void;
}

export interface LiveEnd {
  readonly kind: 'closed' | 'unreachable' | 'unauthorized' | 'refused' | 'invalid';
  /** A sentence for people. */
  readonly text: string;
}

export interface LiveClient {
  /** How the connection ended. */
  readonly ended: Promise<LiveEnd>;
  stop(): void;
}

/** A server that says nothing for this long, ms, is gone: it says something every 5 s. */
const silence = 20_000;
/** A frame holds at most one batch that is larger than its usual 256 KB. */
const largestMessage = 1024 * 1024 * 1024;

export function connectLive(settings: LiveClientSettings): LiveClient {
  const order = new FrameOrder();
  const end = Promise.withResolvers<LiveEnd>();
  const socket = new WebSocket(liveUrl(settings.url), {
    perMessageDeflate: false,
    maxPayload: largestMessage,
    handshakeTimeout: 10_000,
    followRedirects: false,
    headers: settings.authorization === undefined ? {} : { authorization: settings.authorization },
  });
  const fail = (kind: LiveEnd['kind'], text: string) => {
    end.resolve({ kind, text });
    socket.terminate();
  };
  const timer = setTimeout(() => fail('closed', 'The collector is silent.'), silence);
  socket.on('unexpected-response', (_request, response) => {
    response.resume();
    const { statusCode = 0 } = response;
    const asked = 'It asks who you are, by a token or a login: --token, --login-file.';
    const refused = statusCode === 401 ? asked : `It answered with status ${statusCode}.`;
    fail(statusCode === 401 ? 'unauthorized' : 'refused', refused);
  });
  socket.on('error', (error) => end.resolve({ kind: 'unreachable', text: `${error.message || 'No connection'}.` }));
  socket.on('close', (_code, reason) => {
    clearTimeout(timer);
    end.resolve({ kind: 'closed', text: reason.length > 0 ? String(reason) : 'The connection was closed.' });
  });
  socket.on('message', (data: Buffer, isBinary) => {
    timer.refresh();
    if (isBinary) {
      const frame = readFrame(data, order);
      const taken = frame === undefined ? undefined : settings.frame(frame);
      if (frame === undefined) {
        fail('invalid', 'It sent what is no frame of this version.');
      } else if (taken !== undefined) {
        holdBack(socket, taken, timer);
      }
      return;
    }
    const message = readServerMessage(String(data));
    if (message?.type === 'hello' && message.version !== protocolVersion) {
      fail('invalid', `It speaks version ${message.version} of the live stream, this program ${protocolVersion}.`);
    } else if (message?.type === 'hello') {
      socket.send(JSON.stringify(settings.start(message)));
    } else if (message?.type === 'error') {
      fail('invalid', message.text);
    } else if (message?.type === 'state') {
      settings.state?.(message);
    }
  });
  return { ended: end.promise, stop: () => socket.close(1000) };
}

function holdBack(socket: WebSocket, taken: Promise<void>, timer: NodeJS.Timeout): void {
  socket.pause();
  const resume = () => {
    timer.refresh();
    socket.resume();
  };
  taken.then(resume, resume);
}

function liveUrl(page: string): string {
  const url = new URL(livePath.slice(1), page.endsWith('/') ? page : `${page}/`);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  return url.href;
}
