// Puts text into the clipboard where the browser allows it. The clipboard's own interface exists in secure contexts only; elsewhere (plain
// http from another machine) the old command may do.
import { text } from './strings.ts';

export async function copyText(value: string): Promise<boolean> {
  try {
    if (window.isSecureContext) {
      await navigator.clipboard.writeText(value);
      return true;
    }
  } catch {
    // Not allowed: the command may be.
  }
  const area = document.createElement('textarea');
  area.value = value;
  area.className = 'off-screen';
  area.setAttribute('aria-hidden', 'true');
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  if (focused instanceof HTMLElement) {
    focused.focus();
  }
  return done;
}

/** Why nothing was copied, for people. */
export function copyRefusal(): string {
  return window.isSecureContext ? text.copyFailed : text.copyInsecure;
}
