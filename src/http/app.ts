// What the HTTP server answers: the page's files, its login, and whether all is well; with the headers that keep other sites out. Loaded with
// the first request, or soon after the start: the collector itself needs none of it.
import type { RequestListener, Server } from 'node:http';
import helmet from '@fastify/helmet';
import serveFiles from '@fastify/static';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Sessions } from './sessions.ts';

export interface AppSettings {
  readonly server: Server;
  readonly sessions: Sessions;
  /** The folder of the built page, or undefined where it has not been built. */
  readonly page: string | undefined;
  /** Whether a request may be looked at; it has been answered where not. */
  readonly allows: (request: FastifyRequest, reply: FastifyReply) => boolean;
  readonly healthy: () => boolean;
  readonly failed: (error: Error) => void;
  /** Paths of the login and of the question whether one is needed. */
  readonly loginPath: string;
  readonly sessionPath: string;
}

/** A login is a short JSON object. */
const bodyLimit = 4096;

export interface App {
  readonly handle: RequestListener;
  close(): Promise<void>;
}

export async function createApp(settings: AppSettings): Promise<App> {
  let handle: RequestListener | undefined;
  const app = fastify({
    bodyLimit,
    logger: false,
    trustProxy: false,
    forceCloseConnections: true,
    return503OnClosing: false,
    exposeHeadRoutes: true,
    routerOptions: { maxParamLength: 500, ignoreTrailingSlash: false },
    serverFactory(listener) {
      handle = listener;
      return settings.server;
    },
  });
  // Bodies of other types would be simple requests, which any site may make a browser send.
  app.removeContentTypeParser('text/plain');
  app.addHook('onRequest', (request, reply, done) => {
    if (settings.allows(request, reply)) {
      done();
    }
  });
  await app.register(helmet, headers);
  addRoutes(app, settings);
  await addPage(app, settings);
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) {
      settings.failed(error);
    }
    return reply.code(status).send({ error: status >= 500 ? 'The server failed; its log says why.' : error.message });
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'There is nothing here.' }));
  await app.ready();
  return {
    handle: (request, response) => handle?.(request, response),
    close: () => app.close(),
  };
}

/** No inline script or style, nothing from elsewhere, no frame around it; nothing of https, since the collector speaks http. */
const headers: Parameters<typeof helmet>[1] = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      // The page searches with WebAssembly of its own; this allows no text to become a script.
      scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
      workerSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", 'data:'],
      fontSrc: ["'self'"],
      manifestSrc: ["'self'"],
      // The second is 'self' for browsers that do not count websockets in. The Host has been checked.
      connectSrc: [
        "'self'",
        ({ headers: { host = '' } }) => `ws://${host}`,
        ({ headers: { host = '' } }) => `wss://${host}`,
      ],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  // With both the page is isolated where the browser trusts its origin, and may share memory with its workers.
  crossOriginEmbedderPolicy: true,
  crossOriginOpenerPolicy: { policy: 'same-origin' },
  frameguard: { action: 'deny' },
  strictTransportSecurity: false,
};

function addRoutes(app: FastifyInstance, { sessions, healthy, loginPath, sessionPath }: AppSettings): void {
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) {
      reply.header('cache-control', 'no-store');
    }
  });
  app.get('/healthz', (_request, reply) => {
    const ok = healthy();
    void reply.code(ok ? 200 : 503).send({ healthy: ok });
  });
  app.get(sessionPath, (request, reply) => {
    const { cookie, authorization } = request.headers;
    void reply.send({
      tokenNeeded: sessions.tokenNeeded,
      authenticated: sessions.authenticated(cookie, authorization, request.ip),
    });
  });
  app.post(loginPath, (request, reply) => {
    const { body } = request;
    const token = typeof body === 'object' && body !== null && 'token' in body ? body.token : undefined;
    if (typeof token !== 'string') {
      void reply.code(400).send({ error: 'A login is {"token": "…"}.' });
      return;
    }
    if (!sessions.tokenNeeded) {
      void reply.code(204).send();
      return;
    }
    const login = sessions.login(token, request.ip, request.headers.origin?.startsWith('https:') === true);
    if (login === 'too many') {
      void reply.code(429).header('retry-after', '60').send({ error: 'Too many wrong tokens: try again in a minute.' });
    } else if (login === 'wrong') {
      void reply.code(401).send({ error: 'That is not the token.' });
    } else {
      void reply.code(204).header('set-cookie', login.cookie).send();
    }
  });
}

async function addPage(app: FastifyInstance, { page }: AppSettings): Promise<void> {
  if (page === undefined) {
    app.get('/', (_request, reply) => {
      void reply.code(503).type('text/plain; charset=utf-8').send('The page has not been built: npm run build\n');
    });
    return;
  }
  await app.register(serveFiles, {
    root: page,
    dotfiles: 'ignore',
    index: ['index.html'],
    redirect: false,
    list: false,
    cacheControl: false,
    setHeaders(reply, path) {
      // The build puts a hash of the content into the names below assets/.
      const lasting = /[\\/]assets[\\/]/.test(path.slice(page.length));
      reply.header('cache-control', lasting ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
}
