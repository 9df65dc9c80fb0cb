// The bar above: filter, pause, and the reader's preferences.
import type { RefObject } from 'preact';
import type { Prefs } from '../prefs.ts';
import type { Stream } from '../stream.ts';
import { text } from '../strings.ts';
import { FilterField } from './filter-field.tsx';
import { AutoIcon, DenseIcon, ListIcon, LogoIcon, MoonIcon, PauseIcon, PlayIcon, SunIcon, WrapIcon } from './icons.tsx';

interface Props {
  readonly stream: Stream;
  readonly prefs: Prefs;
  readonly filter: RefObject<HTMLInputElement | null>;
  readonly menuOpen: boolean;
  onMenu(): void;
  onHelp(): void;
}

export function TopBar({ stream, prefs, filter, menuOpen, onMenu, onHelp }: Props) {
  return (
    <header class="top-bar">
      <button
        type="button"
        class="tool menu-button"
        aria-label={text.menu}
        title={text.menu}
        aria-expanded={menuOpen}
        onClick={onMenu}
      >
        <ListIcon />
      </button>
      <h1 class="name">
        <LogoIcon />
        <span>{stream.title.value}</span>
      </h1>
      <FilterField stream={stream} prefs={prefs} field={filter} />
      <PauseButton stream={stream} />
      <button
        type="button"
        class="tool"
        aria-pressed={prefs.wrap.value}
        aria-label={text.wrapOn}
        title={`${prefs.wrap.value ? text.wrapOff : text.wrapOn} (w)`}
        onClick={prefs.toggleWrap}
      >
        <WrapIcon />
      </button>
      <button
        type="button"
        class="tool dense-button"
        aria-pressed={prefs.dense.value}
        aria-label={text.denseOn}
        title={`${prefs.dense.value ? text.denseOff : text.denseOn} (d)`}
        onClick={prefs.toggleDense}
      >
        <DenseIcon />
      </button>
      <ThemeButton prefs={prefs} />
      <button type="button" class="tool help-button" aria-label={text.keys} title={`${text.keys} (?)`} onClick={onHelp}>
        <kbd>?</kbd>
      </button>
    </header>
  );
}

function PauseButton({ stream }: { readonly stream: Stream }) {
  const { paused } = stream.list.value;
  const name = paused ? text.resume : text.pause;
  return (
    <button
      type="button"
      class={paused ? 'tool wide on' : 'tool wide'}
      title={`${name} (Space)`}
      onClick={() => stream.togglePause()}
    >
      {paused ? <PlayIcon /> : <PauseIcon />}
      <span>{name}</span>
    </button>
  );
}

function ThemeButton({ prefs }: { readonly prefs: Prefs }) {
  const theme = prefs.theme.value;
  const name = text.theme[theme];
  return (
    <button type="button" class="tool" aria-label={name} title={name} onClick={prefs.nextTheme}>
      {theme === 'auto' ? <AutoIcon /> : theme === 'light' ? <SunIcon /> : <MoonIcon />}
    </button>
  );
}
