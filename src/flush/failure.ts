// What an output's error means: whether the same chunk may go well another time.

/** The errors of a program that does not understand what it was given: Fluentd's TypeError, ArgumentError, NoMethodError. */
const mistakes = [TypeError, RangeError, ReferenceError, SyntaxError];

/**
 * Whether the chunk will never be taken: the error says so (`retryable: false`), or is a mistake of the output's. One with a cause is not, for
 * `fetch` throws a TypeError when the network is down.
 */
export function isUnrecoverable(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) {
    return false;
  }
  if ('retryable' in error) {
    return error.retryable === false;
  }
  return mistakes.some((mistake) => error instanceof mistake) && (error as Error).cause === undefined;
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
