// Which of two values is larger: numbers by their size, also with a unit of time or bytes; levels are compile.ts's; all else as text.

const seconds: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
};
const bytes: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

interface Quantity {
  readonly number: number;
  readonly unit: string;
}

function quantityOf(text: string): Quantity | undefined {
  const match = /^\s{0,9}([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s{0,9}([a-zµ%]*)\s*$/i.exec(text);
  const unit = (match?.[2] ?? '').toLowerCase();
  const known = unit === '' || unit === '%' || scaleOf(unit) !== undefined;
  return match === null || !known ? undefined : { number: Number(match[1]), unit };
}

/** Compares an event's value with one of a query: negative, zero, positive; undefined where they cannot be compared. */
export function comparer(wanted: string): (value: string) => number | undefined {
  const limit = quantityOf(wanted);
  if (limit === undefined) {
    return (value) => (value < wanted ? -1 : value > wanted ? 1 : 0);
  }
  const scale = scaleOf(limit.unit);
  return (value) => {
    const quantity = value.length > 100 ? undefined : quantityOf(value);
    if (quantity === undefined) {
      return undefined;
    }
    if (limit.unit === '' || limit.unit === quantity.unit) {
      // Without a unit the query means the number as it stands there.
      return quantity.number - limit.number;
    }
    const own = scaleOf(quantity.unit);
    return own === undefined || scale === undefined || own.kind !== scale.kind
      ? undefined
      : quantity.number * own.factor - limit.number * scale.factor;
  };
}

function scaleOf(unit: string): { readonly kind: 'time' | 'size'; readonly factor: number } | undefined {
  if (Object.hasOwn(seconds, unit)) {
    return { kind: 'time', factor: seconds[unit] ?? 0 };
  }
  return Object.hasOwn(bytes, unit) ? { kind: 'size', factor: bytes[unit] ?? 0 } : undefined;
}
