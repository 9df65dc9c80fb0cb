// The page's beginning: takes token and query from the address, then shows the stream, or asks for the token.
import { effect } from '@preact/signals';
import { render } from 'preact';
import { eventOfAddress, keepInAddress, queryOfAddress, takeToken } from './address.ts';
import { Page } from './parts/page.tsx';
import { createPrefs } from './prefs.ts';
import { login, readAccess } from './session.ts';
import { Stream } from './stream.ts';

const host = document.querySelector('#page');
if (host !== null) {
  const stream = new Stream();
  const prefs = createPrefs();
  effect(() => stream.setPins(prefs.pins.values.value));
  effect(() => stream.setFacets(prefs.facets.values.value));
  // The server is asked before the page is drawn: its answer comes meanwhile.
  const begun = begin(stream);
  render(<Page stream={stream} prefs={prefs} />, host);
  await begun;
}

async function begin(stream: Stream): Promise<void> {
  const event = eventOfAddress();
  if (event !== undefined) {
    stream.seek(event);
  }
  const token = takeToken();
  stream.setFilter(queryOfAddress());
  keepInAddress(stream.filterText);
  if (token !== undefined) {
    await login(token);
  }
  // An address that is opened in this very tab with a token brings no load, only another fragment.
  window.addEventListener('hashchange', () => {
    const another = takeToken();
    if (another !== undefined) {
      void login(another).then((result) => result.kind === 'granted' && stream.start());
    }
    stream.setFilter(queryOfAddress());
  });
  window.addEventListener('online', () => stream.hurry());
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') {
      stream.hurry();
    }
  });
  if ((await readAccess()) === 'needed') {
    stream.locked.value = true;
  } else {
    stream.start();
  }
}
