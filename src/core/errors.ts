// The one table of what can go wrong: codes, sentences, and how far the damage reaches. Who reports it where is the caller's business.

interface ErrorKind {
  /** The sentence, with `{field}` for each field. */
  readonly template: string;
  readonly retryable: boolean;
  readonly fatalFor: 'record' | 'connection' | 'process';
}

/** Every code, in alphabetical order. */
export const errorTable = {
  CONFIG_INVALID: {
    template: 'The configuration has {count} problem(s); nothing was started.',
    retryable: false,
    fatalFor: 'process',
  },
  PORT_IN_USE: {
    template: '{address} is in use{by}. Stop it, or give this listener another port.',
    retryable: true,
    fatalFor: 'process',
  },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorTable;

/** An error with a code of the table; `fields` fill the template's places. */
export class ForebayError extends Error {
  readonly code: ErrorCode;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, fields: Readonly<Record<string, unknown>> = {}, options?: ErrorOptions) {
    super(
      errorTable[code].template.replace(/\{(\w+)\}/g, (_, name: string) => String(fields[name] ?? '')),
      options,
    );
    this.name = 'ForebayError';
    this.code = code;
    this.fields = fields;
  }
}
