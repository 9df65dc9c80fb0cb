// `forebay tail`: follows the live stream of a running collector in the terminal, also when the collector is started anew.
import { hostname } from 'node:os';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { type Batch, tagFromBytes } from '../core/batch.ts';
import { systemClock } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';
import { askControl, findControls } from '../engine/control-client.ts';
import { StreamWriter } from '../files/stream-writer.ts';
import { isLoopback } from '../http/address.ts';
import { connectLive, type LiveEnd } from '../live/live-client.ts';
import type { Frame, FrameBlock, Hello, Start } from '../live/protocol.ts';
import { Skip } from '../msgpack/skip.ts';
import type { Formatter, FormatterDefinition } from '../plugin/formatter.ts';
import { Registry } from '../plugin/registry.ts';
import { JsonLines } from './tail-json.ts';
import { bearer, type LoginSources, readLogin } from './tail-login.ts';
import { readSelection, type Selection } from './tail-query.ts';

export interface TailRequest extends LoginSources {
  /** The arguments: a query. */
  readonly query: readonly string[];
  /** How far back it begins; without it with what is yet to come. */
  readonly since: string | undefined;
  /** The page's URL; without it the collector of this machine is asked over its control socket. */
  readonly url: string | undefined;
  readonly control: string | undefined;
  readonly json: boolean;
  readonly stdout: Writable;
  readonly stderr: { write(text: string): unknown };
}

/** More bytes than this waiting for the terminal, and no more are taken from the collector. */
const pendingLimit = 1024 * 1024;
/** Text of one event longer than this is left out. */
const longestLine = 1 << 30;
const tryAgainAfter = 1000;

/** Resolves with the exit code: 0 when it was interrupted or nobody reads any more, 1 where there was no connection, 2 for a wrong request. */
export async function tail(request: TailRequest): Promise<0 | 1 | 2> {
  const selection = readSelection(request, Date.now());
  if (typeof selection === 'string') {
    request.stderr.write(selection);
    return 2;
  }
  const found = await findPage(request);
  if (typeof found === 'string') {
    request.stderr.write(`${found}\n`);
    return 1;
  }
  const over = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => over.abort());
  }
  const writer = new StreamWriter(request.stdout, { onFailure: () => over.abort() });
  const printer = await createPrinter(request, selection, writer);
  const code = await follow(found, selection, request.stderr, printer, over.signal);
  await writer.drain(AbortSignal.timeout(1000));
  return code;
}

interface Page {
  readonly url: string;
  readonly authorization: string | undefined;
}

/** Connects, and connects again where a connection that stood has ended: from where it ended. */
async function follow(
  page: Page,
  { match, backlog }: Selection,
  stderr: TailRequest['stderr'],
  printer: Printer,
  over: AbortSignal,
): Promise<0 | 1 | 2> {
  let stream: string | undefined;
  let next = 0;
  let lost = false;
  for (;;) {
    const client = connectLive({
      ...page,
      start(hello: Hello): Start {
        if (lost) {
          stderr.write('Connected again.\n');
        }
        lost = false;
        const since = stream !== undefined ? { since: next } : backlog ? {} : { since: 'now' as const };
        const from = stream ?? hello.stream;
        // After a restart of the collector all that it holds is new.
        next = stream === hello.stream ? next : stream === undefined && !backlog ? hello.next : hello.oldest;
        stream = hello.stream;
        return { op: 'start', ...since, stream: from, ...(match === undefined ? {} : { match }) };
      },
      frame(frame: Frame) {
        for (const { position, count } of frame.blocks) {
          next = Math.max(next, position + count);
        }
        return printer.print(frame);
      },
    });
    const stop = () => client.stop();
    over.addEventListener('abort', stop, { once: true });
    const end = await client.ended;
    over.removeEventListener('abort', stop);
    if (over.aborted) {
      return 0;
    }
    if (stream === undefined || end.kind === 'invalid' || end.kind === 'unauthorized') {
      stderr.write(`${page.url}: ${end.text}\n`);
      return end.kind === 'invalid' ? 2 : 1;
    }
    lost = sayLost(lost, end, stderr);
    await delay(tryAgainAfter, undefined, { signal: over }).catch(() => undefined);
    if (over.aborted) {
      return 0;
    }
  }
}

function sayLost(said: boolean, { text }: LiveEnd, stderr: TailRequest['stderr']): true {
  if (!said) {
    stderr.write(`${text} Trying again…\n`);
  }
  return true;
}

/** Where the page is, or why that is not known. */
async function findPage({ url, control, ...sources }: TailRequest): Promise<Page | string> {
  const { header, problem } = readLogin(sources);
  if (problem !== undefined) {
    return problem;
  }
  if (url !== undefined) {
    const whole = /^https?:\/\//i.test(url) ? url : `http://${url}`;
    if (!URL.canParse(whole)) {
      return `"${url}" is no URL.`;
    }
    const { hash, hostname, protocol, username, password } = new URL(whole);
    if (username !== '' || password !== '') {
      return 'A name and a password do not belong into the URL, which others can read: use --login-file, or FOREBAY_LOGIN.';
    }
    if (
      header?.startsWith('Basic ') === true &&
      protocol === 'http:' &&
      !isLoopback(hostname.replace(/^\[|\]$/g, ''))
    ) {
      sources.stderr.write(`The password goes to ${hostname} unencrypted; https:// where a proxy before it has TLS.\n`);
    }
    // The line that the collector prints at its start has the token behind the #.
    const token = /^#token=(.+)$/.exec(hash)?.[1];
    const ofUrl = token === undefined ? undefined : bearer(token);
    return { url: whole.split('#')[0] ?? whole, authorization: header ?? ofUrl };
  }
  const found = control === undefined ? await findControls() : [control];
  const [path] = found;
  if (path === undefined) {
    return 'No running Forebay was found for this user. Say where its page is: --url http://HOST:8080';
  }
  if (found.length > 1) {
    return `${found.length} collectors run. Say which one:\n${found.map((one) => `  --control ${one}`).join('\n')}`;
  }
  const answer = await askControl(path, { op: 'page' });
  if (!answer.ok) {
    return `The collector at ${path} shows no events: ${answer.error} Start it with --viewer.`;
  }
  const { url: page, token: pageToken } = answer.body;
  const ofPage = typeof pageToken === 'string' ? bearer(pageToken) : undefined;
  return { url: String(page), authorization: header ?? ofPage };
}

interface Printer {
  print(frame: Frame): Promise<void> | undefined;
}

async function createPrinter(
  { json, stderr }: TailRequest,
  { sieve }: Selection,
  writer: StreamWriter,
): Promise<Printer> {
  const lines = json ? new JsonLines(writer.terminal) : undefined;
  const formatter = lines ?? (await prettyFormatter(writer));
  return {
    print({ dropped, blocks }) {
      if (dropped > 0) {
        stderr.write(`${dropped} events are missing here: they came faster than they were read.\n`);
      }
      for (const block of blocks) {
        if (lines !== undefined) {
          lines.label = block.place.label;
        }
        const passing = sieve === undefined ? block : sieve.pass(block);
        if (passing !== undefined) {
          printBatch(formatter, batchOf(passing), writer);
        }
      }
      return writer.commit(false, pendingLimit)?.catch(() => undefined);
    },
  };
}

async function prettyFormatter(writer: StreamWriter): Promise<Formatter> {
  const definition = (await new Registry().load('formatter', 'pretty')) as FormatterDefinition | undefined;
  if (definition === undefined) {
    throw new TypeError('The formatter pretty is missing.');
  }
  const { NO_COLOR = '' } = process.env;
  const context = {
    id: 'tail',
    log: pino({ level: 'silent' }),
    counters: new Counters(),
    clock: systemClock,
    hostname: hostname(),
    workerId: 0,
    stdout: writer,
  };
  const target = {
    escape: writer.terminal ? ('all' as const) : ('tags' as const),
    lines: true,
    color: writer.terminal && NO_COLOR === '',
  };
  return definition.create(context, { color: 'auto' }, target);
}

function batchOf({ tag, entries, count, seq, arrived, place }: FrameBlock): Batch {
  const { listener, address, port, name } = place;
  return {
    tag: tagFromBytes(tag),
    origin: { listener, address, port, name },
    ...{ entries, count, seq, arrived, acks: undefined },
  };
}

function printBatch(formatter: Formatter, batch: Batch, writer: StreamWriter): void {
  const { entries } = batch;
  let area = writer.area;
  for (let from = 0; from < entries.length; ) {
    const wasEmpty = area.used === 0;
    const next = formatter.format(batch, from, area);
    if (next > from) {
      from = next;
    } else if (wasEmpty && area.bytes.length >= longestLine) {
      const skipped = new Skip().run(entries, from, entries.length);
      from = skipped < 0 ? entries.length : skipped;
    }
    if (from < entries.length) {
      area = writer.nextArea(next > from || !wasEmpty ? undefined : Math.min(longestLine, area.bytes.length * 2));
    }
  }
}
