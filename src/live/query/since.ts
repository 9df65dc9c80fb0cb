// Times as queries write them: so long ago, a time of day, a date.

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Ms since the epoch, or undefined where the text is no time. `now` is what it counts back from. */
export function parseSince(text: string, now: number): number | undefined {
  const ago = /^(\d{1,6})([smhd])$/.exec(text);
  if (ago !== null) {
    return now - Number(ago[1]) * (units[ago[2] ?? ''] ?? 0);
  }
  const day = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text);
  if (day !== null) {
    const [hours = 0, minutes = 0, seconds = 0] = day.slice(1).map((part) => Number(part ?? 0));
    if (hours > 23 || minutes > 59 || seconds > 59) {
      return undefined;
    }
    const date = new Date(now);
    date.setHours(hours, minutes, seconds, 0);
    // A time of day that is yet to come is yesterday's.
    return date.getTime() > now ? date.getTime() - 86_400_000 : date.getTime();
  }
  const ms = /^\d{4}-\d{2}-\d{2}(?:T|$)/.test(text)
    ? Date.parse(text.length === 10 ? `${text}T00:00` : text)
    : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
