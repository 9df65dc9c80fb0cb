// The events of the load, and the line that each becomes on stdout: what Docker's driver sends (270 bytes each in Message mode, or pieces of
// 16 KB), an access log in JSON, and records with many fields. How they are carried is messages.ts's.
import { encode } from '@msgpack/msgpack';

export const messageBytes = 270;

export interface LoadEvent {
  readonly tag: string;
  readonly sec: number;
  readonly nsec: number;
  readonly record: Readonly<Record<string, unknown>>;
}

/** Event number `index` of container number `container`; whole seconds unless `fraction`. */
export type EventMaker = (index: number, container: number, fraction: boolean) => LoadEvent;

const services = ['web', 'api', 'worker', 'cache', 'cron', 'auth', 'mail', 'queue'] as const;

/** A line of a container, cut or filled so that the message has 270 bytes. */
export function loadEvent(index: number, container: number, fraction: boolean): LoadEvent {
  const head = headOf(index, container, fraction);
  const fixed = encode([head.tag, head.sec, { ...head.record, log: 'x'.repeat(32) }, {}]).length - 32;
  const log = logLine(index)
    .padEnd(messageBytes, ' . ')
    .slice(0, messageBytes - fixed);
  return { ...head, record: { ...head.record, log } };
}

/** A piece of a line that Docker cut at 16 KB. */
export function pieceEvent(index: number, container: number, fraction: boolean): LoadEvent {
  const head = headOf(index, container, fraction);
  let log = '';
  for (let line = 0; log.length < 16_384; line++) log += `${logLine(index * 100 + line)}; `;
  const partial = { partial_message: 'true', partial_id: hex(index >> 2, 64), partial_ordinal: `${1 + (index & 3)}` };
  return { ...head, record: { ...head.record, log: log.slice(0, 16_384), ...partial, partial_last: 'false' } };
}

/** What a web server writes with a JSON log format: numbers, floats, quotes, and text beyond ASCII now and then. */
export function accessEvent(index: number, container: number, fraction: boolean): LoadEvent {
  const head = headOf(index, container, fraction);
  const record = {
    time_local: new Date(head.sec * 1_000).toISOString(),
    remote_addr: `10.${index % 7}.${index % 251}.${index % 13}`,
    remote_user: index % 5 === 0 ? `user${index % 1_000}` : '',
    request_method: index % 9 === 0 ? 'POST' : 'GET',
    request_uri: `/api/v1/items/${index}?page=${index % 40}&q=${index % 16 === 0 ? 'grüße' : 'shoes'}`,
    server_protocol: 'HTTP/1.1',
    status: index % 50 === 0 ? 404 : 200,
    body_bytes_sent: (index * 7_919) % 90_000,
    request_time: ((index * 37) % 900) / 1_000 + 0.0005,
    http_referrer: 'https://shop.example/catalogue?sort="price"',
    http_user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
    upstream_addr: `172.18.0.${2 + (index % 6)}:8080`,
  };
  return { ...head, record };
}

/** 60 fields, two of them nested, as a service writes that logs its whole context. */
export function wideEvent(index: number, container: number, fraction: boolean): LoadEvent {
  const head = headOf(index, container, fraction);
  const record: Record<string, unknown> = {
    message: logLine(index),
    kubernetes: { namespace: 'shop', pod: `web-${hex(container, 10)}`, labels: { app: 'web', tier: 'front' } },
    spans: [index, index + 1, index + 2],
  };
  for (let field = 3; field < 60; field++) {
    const kinds = [`value ${(index * field) % 1_000}`, (index * field) % 70_000, field % 2 === 0, -field * 1_000, null];
    record[`context_field_${field}`] = kinds[field % kinds.length];
  }
  return { ...head, record };
}

function headOf(index: number, container: number, fraction: boolean): LoadEvent {
  const service = services[container % services.length] ?? 'web';
  const id = hex(container + 1, 64);
  return {
    tag: `docker.nginx.${service}-1.${id.slice(0, 12)}`,
    sec: 1_700_000_000 + Math.floor(index / 1_000),
    nsec: fraction ? (index * 1_234_567) % 1_000_000_000 : 0,
    record: { container_id: id, container_name: `/${service}-1`, source: index % 16 === 0 ? 'stderr' : 'stdout' },
  };
}

/** Three plain lines, then one of an access log, whose quotes must be escaped in JSON. */
function logLine(index: number): string {
  const job = hex(index, 16);
  if (index % 4 === 3) {
    return `10.0.${index % 256}.7 - - "GET /api/v1/items/${index}?page=2 HTTP/1.1" 200 ${index % 5_000} "-" "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"`;
  }
  return `INFO request=${job} handled in ${index % 97} ms by the worker for user ${index % 1_000}, attempt 1 of 3, the queue holds ${index % 50} jobs`;
}

/** `length` hex digits that look random and are the same at each run. */
function hex(seed: number, length: number): string {
  let state = (seed * 2_654_435_761 + 12_345) >>> 0;
  let text = '';
  while (text.length < length) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += (state >>> 8).toString(16).padStart(6, '0');
  }
  return text.slice(0, length);
}

/** The line of the stdout output's default form in UTC, with its newline. */
export function expectedLine(event: LoadEvent): string {
  const time = new Date(event.sec * 1_000).toISOString().slice(0, 19).replace('T', ' ');
  const nsec = String(event.nsec).padStart(9, '0');
  return `${time}.${nsec} +0000 ${event.tag}: ${JSON.stringify(event.record)}\n`;
}
