// The names of the fields that rows show as columns, each with what takes it away.
import { visible } from '../controls.ts';
import type { Prefs } from '../prefs.ts';
import { text } from '../strings.ts';
import { CloseIcon } from './icons.tsx';

export function Columns({ prefs }: { readonly prefs: Prefs }) {
  const pins = prefs.pins.values.value;
  return pins.length === 0 ? null : (
    <section class="columns" aria-label={text.columns}>
      {pins.map((name) => (
        <span key={name} class="column">
          <span class="label">{visible(name)}</span>
          <button
            type="button"
            aria-label={text.unpin(visible(name))}
            title={text.unpin(visible(name))}
            onClick={() => prefs.pins.toggle(name)}
          >
            <CloseIcon />
          </button>
        </span>
      ))}
    </section>
  );
}
