// The list of keys.
import type { RefObject } from 'preact';
import { text } from '../strings.ts';
import { CloseIcon } from './icons.tsx';

export function Help({ dialog }: { readonly dialog: RefObject<HTMLDialogElement | null> }) {
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title">
      <div class="inside">
        <div class="heading">
          <h2 id="help-title">{text.help.title}</h2>
          <button type="button" class="tool" aria-label={text.close} onClick={() => dialog.current?.close()}>
            <CloseIcon />
          </button>
        </div>
        <dl>
          {text.help.rows.map(([keys, does]) => (
            <div key={keys}>
              <dt>
                {keys.split(/\s+/).map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        <p class="quiet">{text.help.filter}</p>
        <p class="quiet">
          <code>{text.help.query}</code>
        </p>
        <p class="quiet">{text.onlyHint}</p>
      </div>
    </dialog>
  );
}
