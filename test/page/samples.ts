// Lines as containers of a small shop print them, for pictures and for tests that want variety.
import type { Sent } from './sender.ts';

const esc = '\u001b';

/** Makes the same numbers at each run. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

const paths = [
  '/',
  '/products?page=2',
  '/api/cart',
  '/api/orders/48213',
  '/assets/app-5f1c.css',
  '/search?q=rain+jacket',
  '/healthz',
];
const people = ['203.0.113.24', '198.51.100.7', '192.0.2.161', '203.0.113.90'];

type Line = (roll: (sides: number) => number, time: Date) => Omit<Sent, 'time'>;

const lines: readonly Line[] = [
  (roll, time) => ({
    container: 'shop-proxy-1',
    log: `${people[roll(4)]} - - [${time.toISOString().slice(0, 19)}+00:00] "GET ${paths[roll(7)]} HTTP/2.0" ${[200, 200, 200, 304, 200, 404][roll(6)]} ${roll(48_000)} "-" "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0" ${roll(90)}ms`,
  }),
  (roll, time) => ({
    container: 'shop-api-1',
    log: JSON.stringify({
      level: 30,
      time: time.getTime(),
      msg: ['request completed', 'cart updated', 'order accepted', 'session renewed'][roll(4)],
      method: ['GET', 'POST', 'PUT'][roll(3)],
      url: paths[roll(5)],
      ms: roll(140),
      user: `u-${1000 + roll(900)}`,
    }),
  }),
  (roll, time) => ({
    container: 'shop-api-2',
    log: JSON.stringify({
      level: 30,
      time: time.getTime(),
      msg: 'request completed',
      method: 'GET',
      url: paths[roll(6)],
      ms: roll(80),
    }),
  }),
  (roll) => ({
    container: 'shop-mail-1',
    log: `${esc}[32mINFO${esc}[0m  ${esc}[2mshop.mail.send${esc}[0m sent ${esc}[36morder_confirmation${esc}[0m to ${1 + roll(4)} recipients in ${esc}[1m${30 + roll(200)} ms${esc}[0m`,
  }),
  (roll) => ({
    container: 'shop-cache-1',
    log: `1:M ${roll(28)} * ${100 + roll(900)} changes in 60 seconds. Saving...`,
  }),
  (roll) => ({
    container: 'shop-postgres-1',
    log: `LOG:  checkpoint complete: wrote ${roll(400)} buffers (${roll(9)}.${roll(9)}%); 0 WAL file(s) added, 0 removed; write=${roll(20)}.${roll(999)} s`,
    fields: { source: 'stderr' },
  }),
  (roll) => ({
    container: 'shop-search-1',
    log: `level=info msg="index refreshed" shard=${roll(6)} docs=${12_000 + roll(900)} took=${roll(90)}ms`,
  }),
  (roll) => ({
    container: 'shop-images-1',
    log: `DEBUG thumb ${roll(9999)}.webp  ${roll(4) + 1}x  ${esc}[33m${roll(60)} KiB${esc}[0m saved, cache ${esc}[92mhit${esc}[0m`,
  }),
];

const seldom: readonly Line[] = [
  (roll, time) => ({
    container: 'shop-api-1',
    log: JSON.stringify({
      level: 50,
      time: time.getTime(),
      msg: 'payment provider did not answer',
      order: 48_000 + roll(400),
      attempt: 2,
      err: { type: 'TimeoutError', message: 'no answer within 5000 ms', code: 'ETIMEDOUT' },
    }),
    fields: { source: 'stderr' },
  }),
  (roll) => ({
    container: 'shop-postgres-1',
    log: `ERROR:  deadlock detected at character ${roll(90)}  DETAIL: Process 412 waits for ShareLock on transaction 90${roll(999)}`,
    fields: { source: 'stderr' },
  }),
  (roll) => ({
    container: 'shop-mail-1',
    log: `${esc}[33mWARNING${esc}[0m ${esc}[2mshop.mail.notify${esc}[0m SKU ${esc}[1mRJ-${100 + roll(900)}${esc}[0m below threshold: ${roll(5)} left, reordering`,
  }),
  () => ({ container: 'shop-proxy-1', log: 'level=warn msg="upstream shop-api-2 slow" p95=1.8s threshold=1s' }),
  () => ({ container: 'shop-cache-1', log: '1:C * Background saving terminated with success' }),
];

/** What goes wrong now and then: a payment, the database, the stock. */
export function troubles(time: Date): Sent[] {
  const roll = dice(5);
  return seldom.slice(0, 4).map((make, n) => ({ ...make(roll, time), time: time.getTime() / 1000 + n * 0.021 }));
}

/** `count` lines; the last one is of `end`. */
export function sampleLines(count: number, end: Date, seed = 11): Sent[] {
  const roll = dice(seed);
  const sent: Sent[] = [];
  let at = end.getTime() - count * 95;
  for (let n = 0; n < count; n++) {
    at += 20 + roll(150);
    const time = new Date(Math.min(at, end.getTime()));
    const from = roll(9) === 0 ? seldom : lines;
    const make = from[roll(from.length)];
    if (make !== undefined) {
      sent.push({ ...make(roll, time), time: time.getTime() / 1000 + 0.000_417 });
    }
  }
  return sent;
}
