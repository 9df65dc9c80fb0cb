// Where the query is typed: with completions below it, and what is wrong with it at its place.
import type { RefObject } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { QueryProblem } from '../../live/query/ast.ts';
import { type Completion, complete, completionAt } from '../../live/query/complete.ts';
import { visible } from '../controls.ts';
import type { Prefs } from '../prefs.ts';
import type { Stream } from '../stream.ts';
import { text } from '../strings.ts';
import { CloseIcon, SearchIcon } from './icons.tsx';
import { SaveButton } from './saved.tsx';

interface Props {
  readonly stream: Stream;
  readonly prefs: Prefs;
  readonly field: RefObject<HTMLInputElement | null>;
}

interface Open {
  readonly completion: Completion;
  readonly choices: readonly string[];
  /** The one that Enter takes, -1 for none. */
  readonly active: number;
}

const listId = 'completions';

export function FilterField({ stream, prefs, field }: Props) {
  const value = stream.filterText.value;
  const problem = stream.problem.value;
  const narrow = matchMedia('(max-width: 719px)').matches;
  const [open, setOpen] = useState<Open | undefined>(undefined);
  const asks = useRef(0);
  const look = () => {
    const input = field.current;
    const caret = input?.selectionStart ?? 0;
    const completion = input === null || caret !== input.selectionEnd ? undefined : completionAt(input.value, caret);
    const asked = ++asks.current;
    if (completion === undefined) {
      setOpen(undefined);
      return;
    }
    void stream.suggest(completion).then((choices) => {
      // Only the last answer counts, and only where somebody still types.
      if (asked === asks.current && document.activeElement === input) {
        setOpen(choices.length === 0 ? undefined : { completion, choices, active: -1 });
      }
    });
  };
  const take = (chosen: string) => {
    const input = field.current;
    if (open === undefined || input === null) {
      return;
    }
    const done = complete(input.value, open.completion, chosen);
    // Not only by the next rendering: the caret has its place now.
    input.value = done.text;
    input.setSelectionRange(done.caret, done.caret);
    input.focus();
    stream.setFilter(done.text);
    look();
  };
  const press = (event: KeyboardEvent) => {
    if (open !== undefined && !event.isComposing && pressInList(event.key, open, setOpen, take)) {
      event.preventDefault();
    }
  };
  return (
    <div class="filter">
      <SearchIcon />
      <input
        ref={field}
        type="text"
        role="combobox"
        value={value}
        aria-label={text.filter}
        aria-autocomplete="list"
        aria-expanded={open !== undefined}
        aria-controls={listId}
        aria-activedescendant={open !== undefined && open.active >= 0 ? `${listId}-${open.active}` : undefined}
        aria-invalid={problem !== undefined}
        aria-describedby="filter-problem"
        placeholder={narrow ? text.filter : text.filterHint}
        title={text.filterHint}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        onInput={(event) => {
          stream.setFilter(event.currentTarget.value);
          look();
        }}
        onKeyDown={press}
        onBlur={() => {
          asks.current++;
          setOpen(undefined);
        }}
      />
      {value === '' ? (
        <kbd>/</kbd>
      ) : (
        <>
          <SaveButton query={value} prefs={prefs} />
          <button
            type="button"
            class="clear"
            aria-label={text.clearFilter}
            title={text.clearFilter}
            onClick={() => {
              stream.setFilter('');
              field.current?.focus();
            }}
          >
            <CloseIcon />
          </button>
        </>
      )}
      <div class="below">
        <div id={listId} class="completions" role="listbox" aria-label={text.suggestions} hidden={open === undefined}>
          {open?.choices.map((choice, n) => (
            <div
              key={choice}
              id={`${listId}-${n}`}
              role="option"
              tabIndex={-1}
              aria-selected={n === open.active}
              // The field must not lose the focus before the click.
              onMouseDown={(event) => event.preventDefault()}
              onPointerUp={() => take(choice)}
            >
              <span class="label">{visible(choice)}</span>
              <span class="quiet">
                {open.completion.field === undefined ? text.suggestionHint.field : visible(open.completion.field)}
              </span>
            </div>
          ))}
        </div>
        <div id="filter-problem" class="problem" role="status" hidden={problem === undefined}>
          {problem === undefined ? undefined : <Problem value={value} problem={problem} />}
        </div>
      </div>
      <span class="off-screen" role="status">
        {text.suggested(open?.choices.length ?? 0)}
      </span>
    </div>
  );
}

/** Characters around the place that are shown. */
const around = 24;

function Problem({ value, problem }: { readonly value: string; readonly problem: QueryProblem }) {
  const { offset, length, hint } = problem;
  const end = Math.min(value.length, offset + length);
  const from = Math.max(0, offset - around);
  const to = Math.min(value.length, end + around);
  return (
    <>
      <p>
        {problem.text} {hint}
      </p>
      <p class="place">
        {from > 0 ? '…' : ''}
        {visible(value.slice(from, offset))}
        <mark>{visible(value.slice(offset, end))}</mark>
        {visible(value.slice(end, to))}
        {to < value.length ? '…' : ''}
      </p>
      <p class="quiet">{text.problemStays}</p>
    </>
  );
}

/** Returns whether the key was taken. */
function pressInList(
  key: string,
  open: Open,
  set: (open: Open | undefined) => void,
  take: (chosen: string) => void,
): boolean {
  const { choices, active } = open;
  const chosen = choices[active];
  switch (key) {
    case 'ArrowDown':
      set({ ...open, active: active + 1 >= choices.length ? -1 : active + 1 });
      return true;
    case 'ArrowUp':
      set({ ...open, active: active < 0 ? choices.length - 1 : active - 1 });
      return true;
    case 'Escape':
      set(undefined);
      return true;
    case 'Tab':
      take(chosen ?? choices[0] ?? '');
      return true;
    case 'Enter':
      if (chosen === undefined) {
        set(undefined);
        return false;
      }
      take(chosen);
      return true;
    default:
      return false;
  }
}
