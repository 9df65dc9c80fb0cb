// The two logger libraries of npm that speak the forward protocol, as other people wrote them, send to the real program and ask for acks.
// Each event they were told to send is there once. FOREIGN_EVENTS says how many.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EventModes, FluentClient } from '@fluent-org/logger';
import fluentLogger from 'fluent-logger';
import { afterEach, describe, expect, test } from 'vitest';
import { parseFluentdLine } from '../support/fluentd-line.ts';
import { type Forebay, startForebay } from '../support/forebay.ts';
import { type TempFolder, tempFolder } from '../support/temp.ts';

const events = Number(process.env['FOREIGN_EVENTS'] ?? 100_000);
const connections = 50;
/** Events that a connection has under way at once. */
const wave = 40;

const config =
  '<source>\n@type forward\nbind 127.0.0.1\nport PORT\n</source>\n<match foreign.**>\n@type stdout\n</match>\n';

/** One connection of a library. */
interface Client {
  /** Resolves when the collector has acked the event. */
  send(record: Record<string, unknown>): Promise<void>;
  close(): Promise<void>;
}

const libraries: Record<
  string,
  { modes: readonly string[]; open: (mode: string, tag: string, port: number) => Client }
> = {
  '@fluent-org/logger': {
    modes: ['Message', 'Forward', 'PackedForward', 'CompressedPackedForward'],
    open: (mode, tag, port) => {
      const client = new FluentClient(tag, {
        eventMode: mode as EventModes,
        socket: { host: '127.0.0.1', port },
        ack: { ackTimeout: 60_000 },
        milliseconds: true,
      });
      return { send: (record) => client.emit(record), close: () => client.disconnect() };
    },
  },
  'fluent-logger': {
    modes: ['Message', 'PackedForward', 'CompressedPackedForward'],
    open: (eventMode, tag, port) => {
      const sender = fluentLogger.createFluentSender<Record<string, unknown>>(tag, {
        eventMode,
        host: '127.0.0.1',
        port,
        requireAckResponse: true,
        ackResponseTimeout: 60_000,
        flushInterval: 1,
      });
      return {
        send: (record) =>
          new Promise((resolve, reject) => {
            sender.emit(record, (error) => (error ? reject(error) : resolve()));
          }),
        // The types ask for an event to end with; the library does not.
        close: () => new Promise((resolve) => Reflect.apply(sender.end, sender, [undefined, undefined, resolve])),
      };
    },
  },
};

let temp: TempFolder | undefined;
let forebay: Forebay | undefined;
afterEach(async () => {
  await forebay?.stop();
  temp?.remove();
});

describe.each(Object.entries(libraries))('%s', (_name, { modes, open }) => {
  test(`${events} events over ${connections} connections, all of them acked: nothing lost, nothing twice`, async () => {
    temp = tempFolder('foreign');
    const stdoutFile = join(temp.path, 'out');
    const collector = await startForebay({ config, stdoutFile });
    forebay = collector;
    const share = Math.ceil(events / connections);
    const sendAll = async (index: number) => {
      const mode = modes[index % modes.length] ?? 'Message';
      const client = open(mode, `foreign.${mode}.c${index}`, collector.port);
      for (let next = 0; next < share; next += wave) {
        const numbers = Array.from({ length: Math.min(wave, share - next) }, (_, offset) => next + offset);
        await Promise.all(
          numbers.map((n) => client.send({ n, log: `line ${n} of connection ${index}`, note: 'ünï\n' })),
        );
      }
      await client.close();
    };
    await Promise.all(Array.from({ length: connections }, (_, index) => sendAll(index)));
    expect(await collector.stop()).toBe(0);

    const seen = new Map<string, number[]>();
    for (const text of readFileSync(stdoutFile, 'utf8').split('\n').slice(0, -1)) {
      const { tag, record } = parseFluentdLine(text);
      const numbers = seen.get(tag) ?? [];
      numbers.push(Number(record['n']));
      seen.set(tag, numbers);
      expect(record).toEqual({
        n: record['n'],
        log: `line ${record['n']} of connection ${tag.split('.c')[1]}`,
        note: 'ünï\n',
      });
    }
    const expected = Array.from({ length: share }, (_, n) => n);
    expect(seen.size).toBe(connections);
    for (const [tag, numbers] of seen) expect(numbers, tag).toEqual(expected);
  }, 180_000);
});
