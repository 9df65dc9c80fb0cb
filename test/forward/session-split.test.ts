// The same bytes, cut anywhere, give the same events, replies and closing.
import { readdirSync, readFileSync } from 'node:fs';
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { ByteBudget } from '../../src/core/byte-budget.ts';
import { UnfinishedBytes } from '../../src/core/held.ts';
import { ReadWindow } from '../../src/core/read-window.ts';
import { Gate } from '../../src/forward/gate.ts';
import { SmallInflater } from '../../src/forward/inflate.ts';
import { type Link, Session, type SessionSettings } from '../../src/forward/session.ts';
import { TagReader } from '../../src/forward/tag-reader.ts';
import { encodedRecord, encodedTime, mangled } from '../msgpack/arbitrary.ts';
import { io, twins } from '../support/twins.ts';
import { eventsOf, hex } from './harness.ts';

interface Outcome {
  readonly events: readonly unknown[];
  readonly replies: string;
  readonly closed: string;
}

const window = new ReadWindow(io);
let wasm = twins[0]?.[1];
const vectors = new URL('../vectors/', import.meta.url);

/** Feeds `bytes` in the pieces that `cuts` make of them; waits where the session says so. */
async function feed(
  bytes: Uint8Array,
  cuts: readonly number[],
  limits: Partial<SessionSettings> = {},
): Promise<Outcome> {
  const events: unknown[] = [];
  const replies: string[] = [];
  const closings: string[] = [];
  const unfinished = new UnfinishedBytes(1 << 28);
  let resumed: (() => void) | undefined;
  const link: Link = {
    send: (reply) => void replies.push(hex(reply)),
    close: (reason) => {
      closings.push(reason);
      resumed?.();
    },
    finish: () => undefined,
    resume: () => resumed?.(),
  };
  const settings: SessionSettings = {
    emit: (batch) => {
      events.push(...eventsOf(batch));
      return undefined;
    },
    clock: { now: () => 1_700_000_000_000 },
    window,
    wasm,
    unfinished,
    gate: new Gate(1 << 20, () => undefined),
    tags: new TagReader({ tag: undefined, prefix: undefined, lenient: false, sizeLimit: 16_384 }),
    chunkSizeLimit: 1 << 28,
    chunkSizeWarnLimit: undefined,
    jsonSizeLimit: 1 << 24,
    inflater: new SmallInflater(),
    inflateLimit: 1 << 28,
    inflateRatio: 10_000,
    entriesLimit: 1_000_000,
    inflateHeld: new ByteBudget(1 << 25),
    denyKeepalive: false,
    dropped: () => undefined,
    noticed: () => undefined,
    ...limits,
  };
  const session = new Session(settings, { listener: 'in', address: '', port: 0, name: undefined }, [], link);
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    if (to > from && closings.length === 0) {
      window.view.set(bytes.subarray(from, to));
      const wait = new Promise<void>((resolve) => {
        resumed = resolve;
      });
      if (!session.read(to - from) && closings.length === 0) {
        await wait;
      }
      from = to;
    }
  }
  session.closed();
  expect(unfinished.used).toBe(0);
  return { events, replies: replies.join(''), closed: closings.join() };
}

const captures = readdirSync(new URL('captures/', vectors))
  .filter((name) => name.endsWith('.bin') && !/tls|sharedkey|userpass/.test(name))
  .map((name) => [name, new Uint8Array(readFileSync(new URL(`captures/${name}`, vectors)))] as const);

interface ForwardCase {
  readonly name: string;
  readonly source: string;
  readonly steps: readonly { readonly send_hex?: string }[];
}

const cases = (
  JSON.parse(readFileSync(new URL('forward_in.json', vectors), 'utf8')) as { readonly cases: readonly ForwardCase[] }
).cases
  .filter(
    ({ source, steps }) => !/<security>|<transport|\w+_key|deny|tag/.test(source) && steps.some((s) => s.send_hex),
  )
  .map(
    ({ name, source, steps }) =>
      [
        name,
        Uint8Array.from(Buffer.from(steps.map((step) => step.send_hex ?? '').join(''), 'hex')),
        source.includes('chunk_size_limit') ? { chunkSizeLimit: 100 } : {},
      ] as const,
  );

const lines = [1, 2, 3].map((n) => `["app.hello", ${n}, {"log": "hello [${n}]"}, {"chunk": "${n}"}]\r\n\n`).join('');

const streams: (readonly [string, Uint8Array, Partial<SessionSettings>])[] = [
  ['JSON documents, each on a line', Uint8Array.from(Buffer.from(lines)), {}],
  ...captures.map(([name, bytes]) => [name, bytes, {}] as const),
  ...cases,
];

describe.each(twins)('%s', (_, twin) => {
  beforeAll(() => {
    wasm = twin;
  });

  test.each(streams)('%s: byte by byte', async (_, bytes, limits) => {
    const whole = await feed(bytes, [], limits);
    expect(await feed(bytes, [...bytes.keys()], limits)).toEqual(whole);
  });

  test.each(streams.filter(([, bytes]) => bytes.length < 2500))(
    '%s: cut in two at every byte',
    async (_, bytes, limits) => {
      const whole = await feed(bytes, [], limits);
      for (let at = 1; at < bytes.length; at++) {
        expect(await feed(bytes, [at], limits)).toEqual(whole);
      }
    },
  );

  test('streams behind one another, cut at random places', async () => {
    // One that closes the connection would hide those behind it.
    const open: Uint8Array[] = [];
    for (const [, bytes] of captures) {
      if ((await feed(bytes, [])).closed === '') {
        open.push(bytes);
      }
    }
    expect(open.length).toBeGreaterThan(10);
    const all = Uint8Array.from(Buffer.concat(open));
    const whole = await feed(all, []);
    expect(whole.events.length).toBeGreaterThan(40);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: all.length - 1 }), { maxLength: 40 }), async (cuts) => {
        expect(
          await feed(
            all,
            cuts.sort((a, b) => a - b),
          ),
        ).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });
});

const tag = fc.constantFrom(
  'a',
  'docker.nginx.web-1.0123456789',
  'b'.repeat(40),
  'b'.repeat(41),
  'c'.repeat(300),
  '',
  7,
);
const option = fc.constantFrom<readonly (object | null)[]>([], [{}], [null], [{ chunk: 'x' }], [{}, {}]);
const zeroTime = fc.constantFrom('ce00000000', 'd7000000000000000000', '00').map((text) => Buffer.from(text, 'hex'));
const single = fc
  .tuple(tag, fc.oneof({ weight: 9, arbitrary: encodedTime }, zeroTime), encodedRecord, option)
  .map(([name, time, record, more]) => [
    Buffer.of(0x93 + more.length),
    encode(name),
    time,
    record,
    ...more.map((one) => encode(one)),
  ])
  .map((parts) => Uint8Array.from(Buffer.concat(parts)));
const packed = fc
  .tuple(
    tag,
    fc.array(fc.tuple(encodedTime, encodedRecord, fc.constantFrom('clean', 'nested', 'third')), { maxLength: 6 }),
    option,
  )
  .map(([name, list, more]) => {
    const entries = list.map(([time, record, form]) =>
      form === 'nested'
        ? Buffer.concat([Buffer.of(0x92, 0x92), time, Buffer.of(0x80), record])
        : Buffer.concat([
            Buffer.of(form === 'third' ? 0x93 : 0x92),
            time,
            record,
            Buffer.of(...(form === 'third' ? [5] : [])),
          ]),
    );
    return Uint8Array.from(encode([name, Buffer.concat(entries), ...more]));
  });

test('a JSON stream with white space around its documents, cut in two at every byte', async () => {
  const bytes = Uint8Array.from(Buffer.from('["a",1,{}]\n\n  ["b",1,{},{"chunk":"c"}] \n'));
  const whole = await feed(bytes, []);
  expect(whole.events.length).toBe(2);
  for (let at = 1; at < bytes.length; at++) {
    expect(await feed(bytes, [at])).toEqual(whole);
  }
});

test('both versions take the same from any stream of messages, mangled or not, cut anywhere', async () => {
  const streams = fc
    .array(fc.tuple(fc.oneof(single, packed), fc.integer({ min: 1, max: 4 })), { maxLength: 8 })
    .map((list) => Uint8Array.from(Buffer.concat(list.flatMap(([message, times]) => Array(times).fill(message)))));
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(streams, mangled(streams)),
      fc.array(fc.nat(), { maxLength: 5 }),
      async (bytes, places) => {
        const cuts = places.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b);
        const [fast, plain] = twins.map(([, twin]) => twin);
        wasm = plain;
        const wanted = await feed(bytes, cuts);
        wasm = fast;
        expect(await feed(bytes, cuts)).toEqual(wanted);
      },
    ),
    { numRuns: 500 },
  );
});
