// Joins what emits return, which is nothing as long as nothing is waited for.

/** Settles when both have, and rejects when one does; nothing where neither is waited for. */
export function both(first: Promise<void> | undefined, second: Promise<void> | undefined): Promise<void> | undefined {
  if (first === undefined || second === undefined) {
    return first ?? second;
  }
  return Promise.all([first, second]).then(nothing);
}

function nothing(): void {}
