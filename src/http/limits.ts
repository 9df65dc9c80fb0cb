// What those who connect may cost an HTTP server: the bounds, and their defaults. Of a file of their own, as every start reads them, and few
// open a server.

export interface HttpLimits {
  /** At once; more are closed. */
  readonly connections: number;
  /** A request may take this long to arrive, ms. */
  readonly requestTime: number;
  /** Bytes of a request's line and headers. */
  readonly headerSize: number;
}

export interface PageLimits extends HttpLimits {
  /** Bytes of a request's body: all there is are logins. */
  readonly bodySize: number;
  /** Logins that are remembered; beyond them the one that was used longest ago ends. */
  readonly logins: number;
  /** A login that is not used for this long ends, ms. */
  readonly loginIdleTime: number;
  /** Wrong logins of an address in a minute. */
  readonly loginTries: number;
}

export const pageLimits: PageLimits = {
  connections: 512,
  requestTime: 15_000,
  headerSize: 16 * 1024,
  bodySize: 4096,
  logins: 1000,
  loginIdleTime: 7 * 24 * 3600 * 1000,
  loginTries: 10,
};
