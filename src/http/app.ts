// What the HTTP server answers: the page's files, its login, and whether all is well; with the headers that keep other sites out. Loaded with
// the first request, or soon after the start: the collector itself needs none of it.
import type { RequestListener, Server } from 'node:http';
import helmet from '@fastify/helmet';
import serveFiles from '@fastify/static';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Access } from './access.ts';

export interface AppSettings {
  readonly server: Server;
  readonly access: Access;
  /** The folder of the built page, or undefined where it has not been built. */
  readonly page: string | undefined;
  /** Whether a request may be looked at; it has been answered where not. */
  readonly allows: (request: FastifyRequest, reply: FastifyReply) => boolean;
  readonly healthy: () => boolean;
  readonly failed: (error: Error) => void;
  /** Bytes of a request's body. */
  readonly bodySize: number;
  /** A login was wrong, or one too many; a body was too large. */
  readonly refused: (code: 'LOGIN_WRONG' | 'LOGIN_LIMITED' | 'BODY_TOO_LARGE', request: FastifyRequest) => void;
  /** Paths of the login and of the question whether one is needed. */
  readonly loginPath: string;
  readonly sessionPath: string;
}

export interface App {
  readonly handle: RequestListener;
  close(): Promise<void>;
}

export async function createApp(settings: AppSettings): Promise<App> {
  let handle: RequestListener | undefined;
  const app = fastify({
    bodyLimit: settings.bodySize,
    logger: false,
    // The server itself answers them (limits.ts).
    clientErrorHandler: () => {},
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
  // Before the routes, which have the handler that is there when they are added.
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) {
      settings.failed(error);
    }
    if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
      settings.refused('BODY_TOO_LARGE', request);
    }
    return reply.code(status).send({ error: status >= 500 ? 'The server failed; its log says why.' : error.message });
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'There is nothing here.' }));
  await app.register(helmet, headers);
  addRoutes(app, settings);
  await addPage(app, settings);
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

function addRoutes(app: FastifyInstance, settings: AppSettings): void {
  const { access, healthy, loginPath, sessionPath, refused } = settings;
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) {
      reply.header('cache-control', 'no-store');
    }
  });
  app.get('/healthz', (_request, reply) => {
    const ok = healthy();
    void reply.code(ok ? 200 : 503).send({ healthy: ok });
  });
  app.addHook('preHandler', async (request, reply) => {
    if (!access.challenges || !/^\/(?:index\.html)?(?:\?|$)/.test(request.url)) {
      return;
    }
    const cookie = await access.loginOf(request.raw, isSecure(request));
    if (cookie !== undefined) {
      reply.header('set-cookie', cookie);
    } else if ((await access.visitor(request.raw)) === undefined) {
      if (request.headers.authorization !== undefined) {
        refused('LOGIN_WRONG', request);
      }
      const challenge = 'Basic realm="Forebay", charset="UTF-8"';
      await reply.code(401).header('www-authenticate', challenge).send({ error: 'A name and a password are needed.' });
    }
  });
  app.get(sessionPath, async (request, reply) => {
    const visitor = await access.visitor(request.raw);
    return reply.send({ tokenNeeded: access.needed, authenticated: visitor !== undefined });
  });
  app.post(loginPath, async (request, reply) => {
    const body: unknown = request.body;
    const { token, user, password } = (typeof body === 'object' && body !== null ? body : {}) as LoginBody;
    const secure = isSecure(request);
    if (typeof token !== 'string' && (typeof user !== 'string' || typeof password !== 'string')) {
      return reply.code(400).send({ error: 'A login is {"token": "…"}, or {"user": "…", "password": "…"}.' });
    }
    if (!access.needed) {
      return reply.code(204).send();
    }
    const login =
      typeof token === 'string'
        ? access.loginWithToken(token, request.ip, secure)
        : await access.loginWithPassword(String(user), String(password), request.ip, secure);
    if (typeof login === 'string') {
      refused(login === 'wrong' ? 'LOGIN_WRONG' : 'LOGIN_LIMITED', request);
    }
    if (login === 'too many') {
      return reply
        .code(429)
        .header('retry-after', '60')
        .send({ error: 'Too many wrong logins: try again in a minute.' });
    }
    if (login === 'wrong') {
      const error = typeof token === 'string' ? 'That is not the token.' : 'That is not the name or the password.';
      return reply.code(401).send({ error });
    }
    return reply.code(204).header('set-cookie', login.cookie).send();
  });
}

interface LoginBody {
  readonly token?: unknown;
  readonly user?: unknown;
  readonly password?: unknown;
}

/** The collector speaks http; a proxy before it may speak https with browsers. */
function isSecure({ headers }: FastifyRequest): boolean {
  return headers.origin?.startsWith('https:') === true;
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
