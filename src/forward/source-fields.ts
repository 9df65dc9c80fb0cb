// The fields that say where an event came from: `source_hostname_key`, `source_address_key`.
import type { FieldEdit } from '../msgpack/edit.ts';

export interface SourceKeys {
  readonly hostname: string | undefined;
  readonly address: string | undefined;
}

/** Fields for the events of one peer. Their values are bin, as Fluentd has them. */
export function sourceFields(keys: SourceKeys, host: string, address: string): readonly FieldEdit[] {
  const fields: FieldEdit[] = [];
  if (keys.address !== undefined) {
    fields.push({ name: encoder.encode(keys.address), value: bin(address) });
  }
  if (keys.hostname !== undefined) {
    fields.push({ name: encoder.encode(keys.hostname), value: bin(host) });
  }
  return fields;
}

const encoder = new TextEncoder();

function bin(text: string): Uint8Array {
  const content = encoder.encode(text).subarray(0, 255);
  return Uint8Array.of(0xc4, content.length, ...content);
}
