// The page as a whole: where its parts stand, and which of them are open.
import { useEffect, useRef, useState } from 'preact/hooks';
import { copyRefusal } from '../copy.ts';
import { listenToKeys } from '../keys.ts';
import type { Prefs } from '../prefs.ts';
import type { Stream } from '../stream.ts';
import { text } from '../strings.ts';
import { Columns } from './columns.tsx';
import { Details } from './details.tsx';
import { FacetList } from './facet-list.tsx';
import { Help } from './help.tsx';
import { Histogram, histogramId } from './histogram.tsx';
import { LoginForm } from './login.tsx';
import { Rows, rowsId } from './rows.tsx';
import { Holding, StatusBar } from './status-bar.tsx';
import { TopBar } from './top-bar.tsx';

interface Props {
  readonly stream: Stream;
  readonly prefs: Prefs;
}

export function Page({ stream, prefs }: Props) {
  const locked = stream.locked.value;
  const { title } = stream;
  useEffect(() => {
    document.title = title.value === text.title ? text.title : `${title.value} · ${text.title}`;
  }, [title.value]);
  return locked ? <LoginForm stream={stream} /> : <Room stream={stream} prefs={prefs} />;
}

function Room({ stream, prefs }: Props) {
  const filter = useRef<HTMLInputElement>(null);
  const help = useRef<HTMLDialogElement>(null);
  const [menuOpen, setMenuOpen] = useState(false);
  const [said, setSaid] = useState('');
  const menu = useRef(menuOpen);
  menu.current = menuOpen;
  useEffect(
    () =>
      listenToKeys({
        stream,
        focusFilter: () => filter.current?.select(),
        focusRows: () => document.getElementById(rowsId)?.focus(),
        focusTime: () => document.getElementById(histogramId)?.focus(),
        say: (copied) => {
          setSaid(copied ? text.linkCopied : copyRefusal());
          setTimeout(() => setSaid(''), 2000);
        },
        toggleWrap: prefs.toggleWrap,
        toggleDense: prefs.toggleDense,
        toggleHelp: () => help.current?.showModal(),
        close: () => {
          if (menu.current) {
            setMenuOpen(false);
            return true;
          }
          if (stream.opened.value === undefined) {
            return false;
          }
          stream.open(undefined);
          document.getElementById(rowsId)?.focus();
          return true;
        },
      }),
    [stream, prefs],
  );
  const classes = ['room', menuOpen ? 'menu-open' : '', stream.opened.value === undefined ? '' : 'details-open'];
  return (
    <div class={classes.filter((name) => name !== '').join(' ')}>
      <TopBar
        stream={stream}
        prefs={prefs}
        filter={filter}
        menuOpen={menuOpen}
        onMenu={() => setMenuOpen(!menuOpen)}
        onHelp={() => help.current?.showModal()}
      />
      <FacetList stream={stream} prefs={prefs} />
      <div class="middle">
        <Holding stream={stream} />
        <Histogram stream={stream} prefs={prefs} />
        <Columns prefs={prefs} />
        <Rows stream={stream} prefs={prefs} />
      </div>
      <Details stream={stream} prefs={prefs} />
      <StatusBar stream={stream} />
      <Help dialog={help} />
      <p class={said === '' ? 'toast off-screen' : 'toast'} role="status">
        {said}
      </p>
    </div>
  );
}
