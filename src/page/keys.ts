// The keyboard: what each key does, and when it belongs to somebody else (a field, a button, the browser).
import { copyText } from './copy.ts';
import type { Stream } from './stream.ts';

export interface KeyTargets {
  readonly stream: Stream;
  focusFilter(): void;
  focusRows(): void;
  focusTime(): void;
  toggleWrap(): void;
  toggleDense(): void;
  toggleHelp(): void;
  /** Says whether something was copied. */
  say(copied: boolean): void;
  /** Closes what is open on top; false where nothing is. */
  close(): boolean;
}

export function listenToKeys(targets: KeyTargets): () => void {
  const listener = (event: KeyboardEvent) => {
    if (!event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.altKey && press(event, targets)) {
      event.preventDefault();
    }
  };
  document.addEventListener('keydown', listener);
  return () => document.removeEventListener('keydown', listener);
}

/** Returns whether the key was taken. */
function press(event: KeyboardEvent, targets: KeyTargets): boolean {
  const { stream } = targets;
  const at = event.target instanceof Element ? event.target : document.body;
  if (at.closest('dialog[open]') !== null) {
    return false;
  }
  if (at.closest('select') !== null) {
    return false;
  }
  if (at.closest('input, textarea') !== null) {
    return pressInField(event, targets);
  }
  const onControl = at.closest('button, a, summary') !== null;
  switch (event.key) {
    case '/':
      targets.focusFilter();
      return true;
    case '?':
      targets.toggleHelp();
      return true;
    case 'Escape':
      return backOut(targets);
    case 'w':
      targets.toggleWrap();
      return true;
    case 'd':
      targets.toggleDense();
      return true;
    case 't':
      targets.focusTime();
      return true;
    case 'c':
      void copyText(stream.linkTo(stream.rows?.refOfSelected())).then((done) => targets.say(done));
      return true;
    case 'l':
      stream.nextLevel();
      return true;
    case ' ':
      if (onControl) {
        return false;
      }
      stream.togglePause();
      return true;
    case 'Enter':
      if (onControl) {
        return false;
      }
      stream.openSelected();
      return true;
    default:
      return move(event.key, stream, at.closest('.details') !== null);
  }
}

function pressInField(event: KeyboardEvent, targets: KeyTargets): boolean {
  if (event.key === 'Escape') {
    if (targets.stream.filterText.value !== '') {
      targets.stream.setFilter('');
    } else {
      targets.focusRows();
    }
    return true;
  }
  if (event.key === 'Enter' || event.key === 'ArrowDown') {
    targets.focusRows();
    return true;
  }
  return false;
}

/** First what is open, then the selection, then back to the tail. */
function backOut(targets: KeyTargets): boolean {
  const { stream } = targets;
  if (targets.close()) {
    return true;
  }
  if (stream.rows !== undefined && stream.rows.selected >= 0) {
    stream.rows.select(-1);
  } else {
    stream.rows?.toTail();
  }
  return true;
}

function move(key: string, stream: Stream, inDetails: boolean): boolean {
  const rows = stream.rows;
  switch (key) {
    case 'j':
      stream.selectBy(1);
      return true;
    case 'k':
      stream.selectBy(-1);
      return true;
    case 'n':
      stream.nextHit(1);
      return true;
    case 'N':
      stream.nextHit(-1);
      return true;
    case 'g':
      rows?.toShare(0);
      return true;
    case 'G':
      rows?.toTail();
      return true;
    default:
      // The details scroll by themselves.
      return !inDetails && scroll(key, stream);
  }
}

function scroll(key: string, stream: Stream): boolean {
  const rows = stream.rows;
  switch (key) {
    case 'ArrowDown':
      stream.selectBy(1);
      return true;
    case 'ArrowUp':
      stream.selectBy(-1);
      return true;
    case 'PageDown':
      rows?.scrollPages(1);
      return true;
    case 'PageUp':
      rows?.scrollPages(-1);
      return true;
    case 'Home':
      rows?.toShare(0);
      return true;
    case 'End':
      rows?.toTail();
      return true;
    default:
      return false;
  }
}
