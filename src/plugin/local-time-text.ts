// How Fluentd shows an EventTime that stands inside a record, wherever a record becomes text.
import { TimeFormat } from '../core/time-format.ts';
import { localZone } from '../core/zone.ts';
import type { TimeText } from '../msgpack/transcode-inspect.ts';

export function localTimeText(): TimeText {
  const format = new TimeFormat('%Y-%m-%d %H:%M:%S.%N %z', localZone());
  return (sec, nsec) => format.text(sec, nsec);
}
