// The containers at the left: colour, name, lines kept; a click shows only one, with Alt it hides one, with Ctrl it adds one.

import type { Choice, ContainerEntry } from '../containers.ts';
import { visible } from '../controls.ts';
import type { Stream } from '../stream.ts';
import { number, text } from '../strings.ts';
import { HideIcon } from './icons.tsx';

/** More are not listed: nobody reads them, and the filter finds them. */
const mostListed = 300;

export function ContainerList({ stream }: { readonly stream: Stream }) {
  // The totals change when the counts do, at most a few times a second.
  void stream.totals.value;
  const { containers } = stream;
  const { shown, hidden } = containers.list(mostListed);
  return (
    <nav class="containers" aria-label={text.containers}>
      <div class="heading">
        <h2>{text.containers}</h2>
        {containers.chosen ? (
          <button type="button" class="link" onClick={() => stream.showAll()}>
            {text.showAll}
          </button>
        ) : (
          <span class="count">{shown.length > 0 ? number(shown.length + hidden) : ''}</span>
        )}
      </div>
      {shown.length === 0 ? <p class="quiet">{text.containersEmpty}</p> : undefined}
      <ul>
        {shown.map((entry) => (
          <Item key={entry.name} entry={entry} stream={stream} />
        ))}
      </ul>
      {hidden > 0 ? <p class="quiet">{text.containersMore(hidden)}</p> : undefined}
    </nav>
  );
}

function Item({ entry, stream }: { readonly entry: ContainerEntry; readonly stream: Stream }) {
  const { containers } = stream;
  const name = visible(entry.name);
  const only = containers.isOnly(entry.name);
  const off = containers.isHidden(entry.name);
  return (
    <li class={off ? 'off' : only ? 'only' : undefined}>
      <button
        type="button"
        class="pick"
        aria-pressed={only}
        title={`${name}\n${text.onlyHint}`}
        onClick={(event) => stream.choose(entry.name, choiceOf(event))}
      >
        <span class={`dot color-${entry.color}`} />
        <span class="label">{name}</span>
        <span class="count">{number(entry.count)}</span>
      </button>
      <button
        type="button"
        class="hide"
        aria-pressed={containers.isExcluded(entry.name)}
        aria-label={text.exclude(name)}
        title={text.exclude(name)}
        onClick={() => stream.choose(entry.name, 'except')}
      >
        <HideIcon />
      </button>
    </li>
  );
}

function choiceOf(event: MouseEvent): Choice {
  return event.altKey ? 'except' : event.ctrlKey || event.metaKey || event.shiftKey ? 'also' : 'only';
}
