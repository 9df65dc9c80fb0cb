// The frame around the list of rows: the list itself, its scroll bar, the way back to the tail, and what is said where there are no rows.
import { useEffect, useRef } from 'preact/hooks';
import { listenToFinger, listenToWheel, ScrollBar } from '../gestures.ts';
import type { Prefs } from '../prefs.ts';
import type { Stream } from '../stream.ts';
import { text } from '../strings.ts';
import { DownIcon } from './icons.tsx';

export const rowsId = 'rows';

export function Rows({ stream, prefs }: { readonly stream: Stream; readonly prefs: Prefs }) {
  const host = useRef<HTMLDivElement>(null);
  const track = useRef<HTMLDivElement>(null);
  const thumb = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (host.current === null || track.current === null || thumb.current === null) {
      return undefined;
    }
    const bar = new ScrollBar(track.current, thumb.current, () => stream.rows);
    const list = stream.attach(host.current, (state) => bar.show(state));
    const ignore = leaveTailOnSelection(host.current, stream);
    host.current.addEventListener('click', (event) => openRow(event, stream));
    listenToWheel(host.current, () => stream.rows);
    listenToFinger(host.current, () => stream.rows);
    return () => {
      ignore();
      list.stop();
    };
  }, [stream]);
  const { wrap, dense } = prefs;
  // With another density rows have other heights too.
  useEffect(() => stream.rows?.setWrap(wrap.value), [stream, wrap.value, dense.value]);
  return (
    <main class="stream">
      <div ref={host} id={rowsId} class="rows" role="listbox" tabIndex={0} aria-label={text.rows} />
      <div
        ref={track}
        class="scroll-bar idle"
        role="scrollbar"
        aria-label={text.scrollBar}
        aria-controls={rowsId}
        aria-orientation="vertical"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={100}
        tabIndex={-1}
      >
        <div ref={thumb} class="thumb" />
      </div>
      <Empty stream={stream} />
      <Beyond stream={stream} />
      <Pill stream={stream} />
    </main>
  );
}

/** A click opens the details, unless it ended a selection of text. */
function openRow(event: MouseEvent, stream: Stream): void {
  const selection = getSelection();
  const at = event.target;
  if (!(at instanceof Element) || (selection !== null && !selection.isCollapsed)) {
    return;
  }
  const ref = stream.rows?.refOf(at);
  if (ref !== undefined) {
    stream.rows?.select(ref.id);
    stream.open(ref);
  }
}

/** Text that is being selected must not run away. */
function leaveTailOnSelection(host: HTMLElement, stream: Stream): () => void {
  const listener = () => {
    const selection = getSelection();
    if (selection !== null && !selection.isCollapsed && host.contains(selection.anchorNode)) {
      stream.rows?.leaveTail();
    }
  };
  document.addEventListener('selectionchange', listener);
  return () => document.removeEventListener('selectionchange', listener);
}

function Empty({ stream }: { readonly stream: Stream }) {
  const { length, beyond } = stream.list.value;
  const { kept, search, shown, query } = stream.totals.value;
  if (length > 0 || beyond || shown > 0 || search < 100) {
    return null;
  }
  const nothing = query !== '' && kept > 0;
  return (
    <div class="empty">
      <p>{nothing ? text.empty.nothing : text.empty.waiting}</p>
      <p class="quiet">{nothing ? text.empty.nothingHint(kept) : text.empty.waitingHint}</p>
    </div>
  );
}

function Beyond({ stream }: { readonly stream: Stream }) {
  return stream.list.value.beyond ? <p class="beyond">{text.beyond}</p> : null;
}

function Pill({ stream }: { readonly stream: Stream }) {
  const { following, fresh } = stream.list.value;
  if (following) {
    return null;
  }
  return (
    <button type="button" class="pill" title={`${text.toTail} (G)`} onClick={() => stream.rows?.toTail()}>
      <DownIcon />
      {fresh > 0 ? text.newLines(fresh) : text.toTail}
    </button>
  );
}
