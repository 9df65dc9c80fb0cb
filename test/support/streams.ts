// The recorded byte streams that need neither TLS nor a handshake: captures of real senders, and the plain cases of forward_in.json.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { capturesFolder, vectorsFolder } from './project.ts';

export interface RecordedStream {
  readonly name: string;
  /** The `<source>` that takes it, with PORT for its port. */
  readonly source: string;
  readonly bytes: Buffer;
  /** Of a capture: what its messages decode to. */
  readonly messages?: readonly CapturedMessage[];
}

export interface CapturedMessage {
  readonly tag: string;
  readonly option: unknown;
  readonly entries: readonly (readonly [unknown, Record<string, unknown>])[];
}

interface ForwardCase {
  readonly name: string;
  readonly source: string;
  readonly steps: readonly { readonly send_hex?: string; readonly udp_send_hex?: string }[];
}

export const plainSource = '<source>\n@type forward\nbind 127.0.0.1\nport PORT\n</source>';

export function capturedStreams(): RecordedStream[] {
  return readdirSync(capturesFolder)
    .filter((file) => file.endsWith('.bin') && !/sharedkey|userpass|tls/.test(file))
    .map((file) => {
      const path = join(capturesFolder, basename(file, '.bin'));
      const messages = JSON.parse(readFileSync(`${path}.json`, 'utf8')) as CapturedMessage[];
      return { name: basename(file, '.bin'), source: plainSource, bytes: readFileSync(`${path}.bin`), messages };
    });
}

/** The bytes of all steps of a case in a row. */
export function forwardCaseStreams(): RecordedStream[] {
  const { cases } = JSON.parse(readFileSync(join(vectorsFolder, 'forward_in.json'), 'utf8')) as {
    cases: ForwardCase[];
  };
  return cases
    .filter(
      (each) => !each.source.includes('<security>') && each.steps.every((step) => step.udp_send_hex === undefined),
    )
    .map((each) => ({
      name: each.name,
      source: each.source,
      bytes: Buffer.concat(each.steps.map((step) => Buffer.from(step.send_hex ?? '', 'hex'))),
    }));
}
