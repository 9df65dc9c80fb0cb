// `--viewer` and FOREBAY_VIEWER as they are read, and the page of a configuration that nobody asked for.
import { createServer } from 'node:net';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { readArguments, UsageError } from '../../src/cli/arguments.ts';
import { openViewer, readViewerRequest } from '../../src/cli/viewer.ts';
import { systemClock } from '../../src/core/clock.ts';
import { Counters } from '../../src/core/counters.ts';
import { SharedParts } from '../../src/core/shared-parts.ts';
import { freePort } from '../support/ports.ts';

describe('--viewer', () => {
  test.each([
    [['run', '--viewer'], ''],
    [['--viewer', '-q'], ''],
    [['--viewer=9000'], '9000'],
    [['--viewer', '9000'], '9000'],
    [['run', '--viewer', '0.0.0.0:9000', '-v'], '0.0.0.0:9000'],
    [['--viewer', 'off'], 'off'],
    [['--viewer=off'], 'off'],
    [['run'], undefined],
  ])('%j asks for %j', (args, viewer) => {
    expect(readArguments(args)).toMatchObject({ command: 'run', viewer });
  });

  test('what is no address behind it is one word too many', () => {
    expect(() => readArguments(['--viewer', 'somewhere'])).toThrow(UsageError);
  });

  test('tail takes a query in words, send one word, run none', () => {
    expect(readArguments(['tail', 'docker.**'])).toMatchObject({ command: 'tail', rest: ['docker.**'] });
    expect(readArguments(['tail', 'a', 'level>=warn', '--since', '15m', '--', '-b'])).toMatchObject({
      ...{ rest: ['a', 'level>=warn', '-b'], since: '15m' },
    });
    expect(readArguments(['send', 'app'])).toMatchObject({ command: 'send', rest: ['app'] });
    expect(() => readArguments(['send', 'a', 'b'])).toThrow(/"b"/);
    expect(() => readArguments(['run', 'a'])).toThrow(/"a"/);
  });
});

describe('what is asked for', () => {
  const local = { host: '127.0.0.1', port: 8080 };

  test('without a word only the configuration that ships has a page', () => {
    expect(readViewerRequest(undefined, true)).toEqual({ address: local, asked: false });
    expect(readViewerRequest(undefined, false)).toBeUndefined();
    expect(readViewerRequest('off', true)).toBeUndefined();
  });

  test('on is the default address, else the one that is said', () => {
    expect(readViewerRequest('', false)).toEqual({ address: local, asked: true });
    expect(readViewerRequest('on', true)).toEqual({ address: local, asked: true });
    expect(readViewerRequest('[::1]:1', false)).toEqual({ address: { host: '::1', port: 1 }, asked: true });
  });

  test.each(['a:b', '1:99999', '127.0.0.1:0', 'http://x'])('%s is named as none', (text) => {
    expect(readViewerRequest(text, false)).toContain(`"${text}"`);
  });
});

describe('where the port is taken', () => {
  async function openTaken(asked: boolean) {
    const port = await freePort();
    const holder = createServer().listen(port, '127.0.0.1');
    const log: { code?: string }[] = [];
    const sink = { write: (line: string) => void log.push(JSON.parse(line) as { code?: string }) };
    const context = {
      counters: new Counters(),
      clock: systemClock,
      hostname: 'h',
      shared: new SharedParts(),
      log: pino({}, sink),
    };
    try {
      return { log, viewer: await openViewer({ address: { host: '127.0.0.1', port }, asked }, context) };
    } finally {
      holder.close();
    }
  }

  test('a page that was asked for fails the run', async () => {
    await expect(openTaken(true)).rejects.toMatchObject({ code: 'PORT_IN_USE' });
  });

  test('one that was not is left out, with a warning', async () => {
    const { viewer, log } = await openTaken(false);
    expect(viewer).toBeUndefined();
    expect(log).toMatchObject([{ level: 40, code: 'VIEWER_PORT_IN_USE' }]);
  });
});
