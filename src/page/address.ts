// The page's address: its fragment holds the query, so that the address is a link to what is seen, and for a moment a token. A fragment never
// reaches the server.
import { effect, type Signal } from '@preact/signals';

/** Browsers refuse addresses that change oftener. */
const patience = 300;

/** The token of the address; it is not there any more afterwards, nor in the history. */
export function takeToken(): string | undefined {
  const token = parts().get('token');
  if (token === null) {
    return undefined;
  }
  write(queryOfAddress());
  return token === '' ? undefined : token;
}

/** The query of the address, '' where it has none. */
export function queryOfAddress(): string {
  return parts().get('q') ?? '';
}

/** The event that the address names: a stream of the collector, and a number in it. */
export function eventOfAddress(): { readonly stream: string; readonly seq: number } | undefined {
  const found = /^([\w-]+)\.(\d+)$/.exec(parts().get('at') ?? '');
  return found === null ? undefined : { stream: found[1] ?? '', seq: Number(found[2]) };
}

/** An address of the page with this query, and one event if there is one. */
export function addressOf(query: string, event?: { readonly stream: string; readonly seq: number }): string {
  const fragment = new URLSearchParams(query === '' ? {} : { q: query });
  if (event !== undefined) {
    fragment.set('at', `${event.stream}.${event.seq}`);
  }
  const text = String(fragment);
  return `${location.origin}${location.pathname}${location.search}${text === '' ? '' : `#${text}`}`;
}

/** Keeps the address in line with a query. */
export function keepInAddress(query: Signal<string>): void {
  let timer = 0;
  effect(() => {
    const text = query.value;
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      if (text !== queryOfAddress()) {
        write(text);
      }
    }, patience);
  });
}

function parts(): URLSearchParams {
  return new URLSearchParams(location.hash.slice(1));
}

function write(query: string): void {
  const fragment = query === '' ? '' : `#${new URLSearchParams({ q: query })}`;
  try {
    history.replaceState(null, '', location.pathname + location.search + fragment);
  } catch {
    // Too often: the next change puts it right.
  }
}
