// The page's beginning: takes token and query from the address, then shows the stream, or asks for the token.
import { render } from 'preact';
import { keepInAddress, queryOfAddress, takeToken } from './address.ts';
import { Page } from './parts/page.tsx';
import { createPrefs } from './prefs.ts';
import { login, readAccess } from './session.ts';
import { Stream } from './stream.ts';

const host = document.querySelector('#page');
if (host !== null) {
  const stream = new Stream();
  render(<Page stream={stream} prefs={createPrefs()} />, host);
  await begin(stream);
}

async function begin(stream: Stream): Promise<void> {
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
