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
