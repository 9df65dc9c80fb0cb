// How far back the lines go: all of them, from some minutes or hours ago, or what was chosen in the histogram or typed.
import { isTime, termsOf } from '../../live/query/edit.ts';
import type { Stream } from '../stream.ts';
import { text } from '../strings.ts';

const spans = Object.keys(text.ago);
/** Times that are none of these. */
const others = 'others';

export function TimeRange({ stream }: { readonly stream: Stream }) {
  const [term, ...more] = termsOf(stream.filter.value.node).filter(isTime);
  const isSpan = more.length === 0 && term?.kind === 'field' && term.name === 'since' && spans.includes(term.value);
  const now = term === undefined ? '' : isSpan ? term.value : others;
  return (
    <select
      class={now === '' ? 'choice' : 'choice on'}
      aria-label={text.timeRange}
      title={text.timeRange}
      onChange={({ currentTarget: { value } }) => value !== others && stream.setSince(value)}
    >
      <option value="" selected={now === ''}>
        {text.allTimes}
      </option>
      {now === others ? (
        <option value={others} selected>
          {text.chosenTime}
        </option>
      ) : undefined}
      {Object.entries(text.ago).map(([value, name]) => (
        <option key={value} value={value} selected={value === now}>
          {name}
        </option>
      ))}
    </select>
  );
}
