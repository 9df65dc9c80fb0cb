// The `<limits>` of a viewer: what those who look may cost it. Who may look is access-options.ts.
import { between } from '../config/bounds.ts';
import { p, type Values } from '../config/options.ts';
import { type PageLimits, pageLimits } from '../http/limits.ts';

export interface ViewerLimits extends PageLimits {
  /** Websockets at once; more are refused. */
  readonly readers: number;
  /** Bytes of a message that a client sends. */
  readonly messageSize: number;
  /** Messages and pings of a client in ten seconds. */
  readonly messages: number;
  /** Bytes that a reader, once up to date, may be behind. */
  readonly backlogSize: number;
}

export const viewerLimits: ViewerLimits = {
  ...pageLimits,
  readers: 32,
  messageSize: 4096,
  messages: 100,
  backlogSize: 16 * 1024 * 1024,
};

const limits = {
  connections: p.integer({
    desc: 'Connections at once; more are closed (CONNECTIONS_LIMIT).',
    default: '512',
    invalid: between('integer', '1', '65535'),
  }),
  readers: p.integer({
    desc: 'Pages and other readers of the events at once; more are refused (READERS_LIMIT).',
    default: '32',
    invalid: between('integer', '1', '4096'),
  }),
  request_timeout: p.time({
    desc: 'A connection whose request is not whole after this long is closed (REQUEST_TIMEOUT).',
    default: '15s',
    invalid: between('time', '1s', '1h'),
  }),
  header_size: p.size({
    desc: 'A request with more than this in front of its body is refused (HEADERS_TOO_LARGE).',
    default: '16k',
    invalid: between('size', '1k', '1m'),
  }),
  body_size: p.size({
    desc: 'A request with a larger body is refused (BODY_TOO_LARGE). All that has one are logins.',
    default: '4k',
    invalid: between('size', '256', '1m'),
  }),
  logins: p.integer({
    desc: 'Logins that are remembered; beyond them the one that was used longest ago ends (LOGINS_LIMIT).',
    default: '1000',
    invalid: between('integer', '1', '1000000'),
  }),
  login_idle_timeout: p.time({
    desc: 'A login that is not used for this long ends. login_lifetime ends it however much it is used.',
    default: '7d',
    invalid: between('time', '1m', '365d'),
  }),
  login_tries: p.integer({
    desc: 'An address that has had so many wrong logins in a minute must wait for the next one (LOGIN_LIMITED).',
    default: '10',
    invalid: between('integer', '1', '10000'),
  }),
  message_size: p.size({
    desc: 'A reader that sends a larger message is closed (MESSAGE_TOO_LARGE).',
    default: '4k',
    invalid: between('size', '1k', '1m'),
  }),
  messages: p.integer({
    desc: 'A reader that sends more messages than this in ten seconds is closed (MESSAGES_LIMIT).',
    default: '100',
    invalid: between('integer', '10', '100000'),
  }),
  backlog_size: p.size({
    desc: 'A reader that is behind by more than this loses the oldest events, and is told how many (READER_BEHIND).',
    default: '16m',
    invalid: between('size', '1m', '1g'),
  }),
};

export const limitsOption = p.section({ desc: 'What those who look may cost.', options: limits });

export function limitsOf(values: Values<typeof limits> | undefined): ViewerLimits {
  return values === undefined
    ? viewerLimits
    : {
        connections: values.connections,
        readers: values.readers,
        requestTime: values.request_timeout * 1000,
        headerSize: values.header_size,
        bodySize: values.body_size,
        logins: values.logins,
        loginIdleTime: values.login_idle_timeout * 1000,
        loginTries: values.login_tries,
        messageSize: values.message_size,
        messages: values.messages,
        backlogSize: values.backlog_size,
      };
}
