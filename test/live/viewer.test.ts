// A viewer that several outputs feed, and an address that somebody else has.
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { SharedParts } from '../../src/core/shared-parts.ts';
import { viewerAt } from '../../src/live/viewer.ts';
import { liveStage, makeBatch, type TestViewer } from './harness.ts';

const silent = pino({ level: 'silent' });
const { start, open } = liveStage();

describe('several outputs at one address', () => {
  const options = { memorySize: 8 * 1024 * 1024, token: undefined, title: 'test', hosts: [] };
  const contextOf = ({ shared, counters }: TestViewer) => ({
    shared,
    counters,
    clock: systemClock,
    hostname: 'thisnode',
    log: silent,
  });

  test('share one page; with other options they are refused', async () => {
    const one = await start();
    const address = { host: '127.0.0.1', port: one.port };
    expect(viewerAt(contextOf(one), address, options)).toBe(one.viewer);
    expect(viewerAt(contextOf(one), address)).toBe(one.viewer);
    expect(() => viewerAt(contextOf(one), address, { ...options, title: 'other' })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID_VALUE' }),
    );
  });

  test('where the tap feeds it, outputs do not feed it too', async () => {
    const { viewer, url } = await start();
    const tap = viewer.tap();
    const client = open(url);
    await client.start({ since: 'now' });
    viewer.take(makeBatch('a', 0));
    tap(makeBatch('a', 0), { label: '@X', matched: false });
    await client.until(() => client.events > 0);
    await client.roundTrip();
    expect(client.blocks.map(({ place }) => [place.label, place.matched])).toEqual([['@X', false]]);
  });

  test('an address in use is named', async () => {
    const one = await start();
    const other = viewerAt({ ...contextOf(one), shared: new SharedParts() }, { host: '127.0.0.1', port: one.port });
    await expect(other.start()).rejects.toMatchObject({ code: 'PORT_IN_USE' });
    await other.stop(AbortSignal.abort());
  });
});
