// What the same container said before and after an event, whatever the query leaves of it.
import { useEffect, useRef, useState } from 'preact/hooks';
import { visible } from '../controls.ts';
import type { Held } from '../held.ts';
import type { Stream } from '../stream.ts';
import { text } from '../strings.ts';
import { clock } from '../times.ts';

/** Lines on each side. */
const each = 50;
/** Characters of a line. */
const longest = 400;

export function Context({ held, stream }: { readonly held: Held; readonly stream: Stream }) {
  const [around, setAround] = useState<readonly Held[] | undefined>(undefined);
  const here = useRef<HTMLLIElement>(null);
  useEffect(() => here.current?.scrollIntoView({ block: 'center' }), [around]);
  const toggle = async () => setAround(around === undefined ? await stream.context(held.id, each) : undefined);
  return (
    <>
      <button
        type="button"
        class="link around"
        aria-expanded={around !== undefined}
        title={text.aroundTitle}
        onClick={() => void toggle()}
      >
        {around === undefined ? text.around : text.aroundHide}
      </button>
      {around === undefined ? undefined : (
        <section class="context" aria-label={text.around}>
          <ul>
            {around.map((one) => {
              const { time, level, text: line } = stream.reader.shown(one);
              const isHere = one.id === held.id;
              return (
                <li key={one.id} {...(isHere ? { ref: here, class: 'here' } : {})}>
                  <button
                    type="button"
                    class={level === undefined ? undefined : `is-${level}`}
                    aria-current={isHere}
                    onClick={() => stream.open(one)}
                  >
                    <span class="quiet">{clock(time.sec * 1000)}</span> {visible(line.slice(0, longest))}
                  </button>
                </li>
              );
            })}
          </ul>
        </section>
      )}
    </>
  );
}
