// Queries that the reader keeps: a star in the field, a list above the facets.
import { visible } from '../controls.ts';
import type { Prefs } from '../prefs.ts';
import type { Stream } from '../stream.ts';
import { text } from '../strings.ts';
import { CloseIcon, StarIcon } from './icons.tsx';

export function SaveButton({ query, prefs }: { readonly query: string; readonly prefs: Prefs }) {
  const isSaved = prefs.saved.values.value.includes(query);
  const title = isSaved ? text.unsave(visible(query)) : text.save;
  return (
    <button
      type="button"
      class="clear save"
      aria-pressed={isSaved}
      aria-label={title}
      title={title}
      onClick={() => prefs.saved.toggle(query)}
    >
      <StarIcon />
    </button>
  );
}

export function Saved({ stream, prefs }: { readonly stream: Stream; readonly prefs: Prefs }) {
  const saved = prefs.saved.values.value;
  const now = stream.filterText.value;
  return saved.length === 0 ? null : (
    <section class="facet saved" aria-label={text.saved}>
      <div class="heading">
        <h2>{text.saved}</h2>
      </div>
      <ul>
        {saved.map((query) => (
          <li key={query} class={query === now ? 'only' : undefined}>
            <button
              type="button"
              class="pick"
              aria-pressed={query === now}
              aria-label={text.applySaved(visible(query))}
              title={visible(query)}
              onClick={() => stream.setFilter(query === now ? '' : query)}
            >
              <span class="label">{visible(query)}</span>
            </button>
            <button
              type="button"
              class="hide"
              aria-label={text.unsave(visible(query))}
              title={text.unsave(visible(query))}
              onClick={() => prefs.saved.toggle(query)}
            >
              <CloseIcon />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
