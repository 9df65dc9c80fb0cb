// The values that `<inject>` puts into a record, as msgpack: constants, the tag, and the event's time in one of its forms.
import { TimeFormat } from '../core/time-format.ts';
import type { Zone } from '../core/zone.ts';
import { packFloat, packInteger, packStringHead, packUint64 } from '../msgpack/pack.ts';
import type { EventView } from '../msgpack/view-event.ts';

export type InjectedTimeType =
  | 'float'
  | 'unixtime'
  | 'unixtime_millis'
  | 'unixtime_micros'
  | 'unixtime_nanos'
  | 'string';

/** One field to inject: its name's bytes, and its value for the current event. */
export class InjectedField {
  readonly name: Uint8Array;
  /** The name as a msgpack value. */
  readonly packedName: Uint8Array;
  /** One msgpack value: the first `length` bytes. */
  value: Uint8Array;
  length: number;
  readonly kind: 'constant' | 'tag' | 'time';

  constructor(name: string, kind: 'constant' | 'tag' | 'time', value: Uint8Array = new Uint8Array(16)) {
    this.name = Buffer.from(name);
    this.packedName = packString(this.name);
    this.kind = kind;
    this.value = value;
    this.length = value.length;
  }
}

/** A str of these bytes. */
export function packString(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(5 + bytes.length);
  const at = packStringHead(out, 0, bytes.length);
  out.set(bytes, at);
  return out.subarray(0, at + bytes.length);
}

export function packNumber(value: number): Uint8Array {
  const out = new Uint8Array(9);
  return out.subarray(0, packInteger(out, 0, value));
}

/** Writes the time of events into a field. */
export class TimeValue {
  readonly #type: InjectedTimeType;
  readonly #format: TimeFormat;

  /** `format` and `zone` are for `string`. */
  constructor(type: InjectedTimeType, format: string | undefined, zone: Zone) {
    this.#type = type;
    this.#format = new TimeFormat(format, zone);
  }

  write(event: EventView, field: InjectedField): void {
    if (this.#type === 'string') {
      this.#writeText(event, field);
      return;
    }
    field.length = writeNumber(this.#type, event, field.value);
  }

  #writeText(event: EventView, field: InjectedField): void {
    const format = this.#format;
    if (!format.render(event.sec, event.nsec, event.exact)) {
      format.patch(format.bytes);
    }
    if (field.value.length < format.length + 5) {
      field.value = new Uint8Array(format.length * 2 + 5);
    }
    const at = packStringHead(field.value, 0, format.length);
    for (let i = 0; i < format.length; i++) {
      field.value[at + i] = format.bytes[i] as number;
    }
    field.length = at + format.length;
  }
}

/** Fractions of a second in units of that many nanoseconds. */
const units = {
  unixtime: 1_000_000_000,
  unixtime_millis: 1_000_000,
  unixtime_micros: 1000,
  unixtime_nanos: 1,
} as const;

function writeNumber(type: Exclude<InjectedTimeType, 'string'>, event: EventView, out: Uint8Array): number {
  if (type === 'float') {
    // Whole microseconds, then one division: the float nearest to that decimal number.
    const micros = event.sec * 1_000_000 + Math.floor(event.nsec / 1000);
    return packFloat(out, 0, event.eventTime ? micros / 1_000_000 : event.sec);
  }
  if (type === 'unixtime') {
    return packInteger(out, 0, event.exact ?? event.sec);
  }
  const unit = units[type];
  const value = event.sec * (1_000_000_000 / unit) + Math.floor(event.nsec / unit);
  if (Number.isSafeInteger(value)) {
    return packInteger(out, 0, value);
  }
  return unit === 1 && event.eventTime ? packNanos(out, event.sec, event.nsec) : packExact(out, event, unit);
}

/** sec × 10^9 + nsec in two halves: 64 bits without BigInt. */
function packNanos(out: Uint8Array, sec: number, nsec: number): number {
  const upper = Math.floor(sec / 65_536) * 1_000_000_000;
  const lower = (sec % 65_536) * 1_000_000_000 + nsec;
  const low = (upper % 65_536) * 65_536 + lower;
  return packUint64(out, 0, Math.floor(upper / 65_536) + Math.floor(low / 4_294_967_296), low % 4_294_967_296);
}

function packExact(out: Uint8Array, event: EventView, unit: number): number {
  const sec = event.exact ?? BigInt(event.sec);
  return packInteger(out, 0, sec * BigInt(1_000_000_000 / unit) + BigInt(Math.floor(event.nsec / unit)));
}
