// What becomes of a value's text: the value, and what is to be said about it.

export interface Converted {
  /** Null is Ruby's nil. */
  readonly value: unknown;
  /** What is odd about the text that Fluentd takes without a word: a sentence without its full stop. */
  readonly doubt?: string;
  /** Why the text is refused, in the same form. The value is null then. */
  readonly fault?: string;
  /** What to write instead, one sentence. */
  readonly hint?: string;
}

/** A text as a message shows it. */
export function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}
