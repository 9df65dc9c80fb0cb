// How much the page keeps: ten million lines of a usual length, a tenth of that on a small screen, or as much as this browser was told to.
import type { Keeping } from './wire.ts';

const mb = 1024 * 1024;
const usual: Keeping = { events: 10_500_000, bytes: 1400 * mb };
const small: Keeping = { events: 1_000_000, bytes: 160 * mb };
/** Of the browser's storage: megabytes. */
const keepingKey = 'forebay.memory';

/** What a reader chooses from, megabytes; 0 is what suits most. */
export const keepingChoices: readonly number[] = [0, 64, 256, 512, 1024, 2048, 3500];

/** Megabytes that this browser was told to keep; 0 where it was not. */
export function chosenKeeping(): number {
  const chosen = Number(stored());
  return Number.isFinite(chosen) && chosen >= 4 ? chosen : 0;
}

export function chooseKeeping(megabytes: number): void {
  try {
    if (megabytes === 0) {
      localStorage.removeItem(keepingKey);
    } else {
      localStorage.setItem(keepingKey, String(megabytes));
    }
  } catch {
    // Private windows may refuse; then it lasts as long as the page.
  }
}

export function keeping(chosen = chosenKeeping()): Keeping {
  if (chosen > 0) {
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
