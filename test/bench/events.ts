// The events of the load: what Docker's driver sends, 270 bytes each in Message mode, and the line that each becomes on stdout.
import { encode } from '@msgpack/msgpack';

export const messageBytes = 270;

export interface LoadEvent {
  readonly tag: string;
  readonly sec: number;
  readonly nsec: number;
  readonly record: Readonly<Record<string, string>>;
}

const services = ['web', 'api', 'worker', 'cache', 'cron', 'auth', 'mail', 'queue'] as const;

/** Event number `index` of container number `container` (0 to 7); whole seconds unless `fraction`. */
export function loadEvent(index: number, container: number, fraction: boolean): LoadEvent {
  const service = services[container % services.length] ?? 'web';
  const id = hex(container + 1, 64);
  const tag = `docker.nginx.${service}-1.${id.slice(0, 12)}`;
  const sec = 1_700_000_000 + Math.floor(index / 1_000);
  const nsec = fraction ? (index * 1_234_567) % 1_000_000_000 : 0;
  const fields = { container_id: id, container_name: `/${service}-1`, source: index % 16 === 0 ? 'stderr' : 'stdout' };
  const fixed = encode([tag, sec, { ...fields, log: 'x'.repeat(32) }, {}]).length - 32;
  const log = logLine(index)
    .padEnd(messageBytes, ' . ')
    .slice(0, messageBytes - fixed);
  return { tag, sec, nsec, record: { ...fields, log } };
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
