// How much the page keeps: ten million lines of a usual length, a tenth of that on a small screen, or as much as this browser was told to.
import type { Keeping } from './wire.ts';

const mb = 1024 * 1024;
const usual: Keeping = { events: 10_500_000, bytes: 1400 * mb };
const small: Keeping = { events: 1_000_000, bytes: 160 * mb };
/** Of the browser's storage: megabytes. */
const keepingKey = 'forebay.memory';

export function keeping(): Keeping {
  const chosen = Number(stored());
  if (Number.isFinite(chosen) && chosen >= 4) {
    return { events: usual.events, bytes: Math.min(3500, chosen) * mb };
  }
  return matchMedia('(max-width: 719px), (pointer: coarse)').matches ? small : usual;
}

function stored(): string {
  try {
    return localStorage.getItem(keepingKey) ?? '';
  } catch {
    return '';
  }
}
