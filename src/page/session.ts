// Whether this browser may read, and the token that lets it. A token is handed to the server once; the server answers with a cookie that no
// script can read. Paths are below the page's own, wherever a proxy has put it.
import { loginPath, sessionPath } from '../live/protocol.ts';

export type Access = 'granted' | 'needed' | 'unreachable';

export type Login =
  | { readonly kind: 'granted' | 'wrong' | 'unreachable' }
  | { readonly kind: 'wait'; readonly seconds: number };

export async function readAccess(): Promise<Access> {
  try {
    const response = await fetch(sessionPath.slice(1), { cache: 'no-store' });
    if (!response.ok) {
      return 'unreachable';
    }
    const session = (await response.json()) as { tokenNeeded?: unknown; authenticated?: unknown };
    return session.tokenNeeded === false || session.authenticated === true ? 'granted' : 'needed';
  } catch {
    return 'unreachable';
  }
}

export async function login(token: string): Promise<Login> {
  try {
    const response = await fetch(loginPath.slice(1), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
    if (response.status === 429) {
      return { kind: 'wait', seconds: Math.max(1, Number(response.headers.get('retry-after')) || 1) };
    }
    return { kind: response.ok ? 'granted' : response.status === 401 ? 'wrong' : 'unreachable' };
  } catch {
    return { kind: 'unreachable' };
  }
}
