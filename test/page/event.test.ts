// What a row and the details show of an event.
import { describe, expect, test } from 'vitest';
import { loadKernel } from '../../src/page/columns/kernel.ts';
import { Desk, docker, frameOf, frameOfEntries } from './engine.ts';

describe('a row', () => {
  const shown = (record: unknown) => {
    const one = new Desk(loadKernel());
    one.take(frameOf([record]));
    return one.reader.shown(one.last());
  };

  test("shows the line, its level and container; of Docker's fields no more", () => {
    expect(shown(docker('ERROR no'))).toMatchObject({
      text: 'ERROR no',
      level: 'error',
      container: 'web-1',
      fields: [],
    });
  });

  test('shows the message of a line that is JSON first, then its fields', () => {
    const line = JSON.stringify({ level: 'warn', time: 1, msg: 'slow', ms: 12, err: { code: 'E' } });
    expect(shown(docker(line))).toMatchObject({
      text: 'slow',
      level: 'warn',
      fields: [
        ['ms', '12'],
        ['err', '{"code":"E"}'],
      ],
    });
  });

  test('shows the fields of other senders behind their message', () => {
    expect(shown({ message: 'hi', level: 'info', user: 7, tags: ['a', 'b'], ok: true, none: null })).toMatchObject({
      text: 'hi',
      level: 'info',
      fields: [
        ['user', '7'],
        ['tags', '["a","b"]'],
        ['ok', 'true'],
        ['none', 'null'],
      ],
    });
  });

  test('cuts a line of a megabyte and says how much there is', () => {
    const row = shown(docker('x'.repeat(1_000_000)));
    expect(row.text.length + row.more).toBe(1_000_000);
    expect(row.text.length).toBeLessThan(3000);
  });

  test.each([
    [docker('line\r\n'), 'line'],
    [docker('line\n'), 'line'],
    [docker('50 %\r100 %\r'), '50 %\r100 %'],
    [docker('{"broken": '), '{"broken": '],
    [docker('[1,2]'), '[1,2]'],
    [{ log: 17 }, '17'],
    [{ log: ['a', 1] }, '["a",1]'],
    [{}, ''],
  ])('of %j shows %j', (record, text) => {
    expect(shown(record).text).toBe(text);
  });

  test('broken UTF-8 and a character that is cut by the bound do no harm', () => {
    const broken = shown({ log: Uint8Array.of(0x61, 0xff, 0x62) });
    expect(broken.text).toBe('a\ufffdb');
    expect(shown(docker(`${'x'.repeat(16_383)}語`)).text).toMatch(/^x+$/);
  });

  test('keys that others chose are no keys of ours', () => {
    const row = shown({ log: '{"__proto__":{"polluted":1},"constructor":2}', toString: 'x', __proto__: 1 });
    expect(row.fields.map(([name]) => name)).toEqual(['__proto__', 'constructor', 'toString']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('details', () => {
  test('show fields of every kind, doubled keys and big integers as they were sent', () => {
    const one = new Desk(loadKernel());
    // {"a": 2^63 - 1, "a": -1, 7: nil, "f": 1.5, "bin": <ff>}
    const record = Buffer.from('85a161cf7fffffffffffffffa161ff07c0a166cb3ff8000000000000a362696ec401ff', 'hex');
    one.take(frameOfEntries([Buffer.concat([Buffer.of(0x92, 0x01), record])]));
    const dossier = one.dossier(one.last());
    expect(dossier.json()).toBe('{"a":9223372036854775807,"a":-1,"7":null,"f":1.5,"bin":"\ufffd"}');
    expect(dossier.line).toBe('');
  });

  test('a copy as JSON holds no control character', () => {
    const one = new Desk(loadKernel());
    one.take(frameOf([docker('\u001b[2J\u009b\u202e')]));
    expect(one.dossier(one.last()).json()).toContain('"log":"\\u001b[2J\\u009b\\u202e"');
  });
});
