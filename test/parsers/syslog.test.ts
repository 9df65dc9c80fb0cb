import { decode } from '@msgpack/msgpack';
import { expect, test } from 'vitest';
import { createParser, ParsedRecords } from '../../src/plugin/parser.ts';
import { planText } from '../engine/harness.ts';
import { testContext } from '../formatters/harness.ts';

async function parse(config: string, text: string): Promise<unknown> {
  const { plan } = await planText(
    `<filter **>\n@type parser\nkey_name log\n<parse>\n@type syslog\n${config}\n</parse>\n</filter>\n<match **>\n@type null\n</match>\n`,
  );
  const rule = plan?.labels.get('@ROOT')?.[0];
  const parser = createParser(testContext(), rule?.options['parse'] as Parameters<typeof createParser>[1]);
  const parsed = new ParsedRecords();
  const bytes = Buffer.from(text);
  parser.parse(bytes, 0, bytes.length, parsed);
  const [one] = parsed.list;
  return one?.fault ?? decode(parsed.bytes.bytes.subarray(one?.start, one?.end));
}

const rfc5424 = 'message_format rfc5424\nwith_priority true';

test('structured data may hold brackets and blanks in quotes', async () => {
  expect(await parse(rfc5424, '<16>1 2017-02-06T13:14:15.003Z h f - - [a b="] c"][d e="\\"]"] x')).toMatchObject({
    extradata: '[a b="] c"][d e="\\"]"]',
    message: 'x',
  });
});

test('data that is not as the RFC writes it is taken as Fluentd takes it', async () => {
  expect(await parse(rfc5424, '<16>1 2017-02-06T13:14:15Z h f - - [a b="] x')).toMatchObject({
    extradata: '[a b="]',
    message: 'x',
  });
});

test('a line that opens a thousand brackets comes to an end', async () => {
  const line = `<16>1 2017-02-06T13:14:15Z h f - - ${'[]'.repeat(1_000)}"`;
  expect(await parse(rfc5424, line)).toMatch(/^PARSE_(?:UNMATCHED|DEADLINE)$/);
});

test('a time that is a dash is none', async () => {
  expect(await parse(rfc5424, '<16>1 - h f - - - x')).toMatchObject({ host: 'h', message: 'x' });
});
