// The one table of what can go wrong: codes, sentences, and how far the damage reaches. Who reports it where is the caller's business.
// A long file, since it is one table.

interface ErrorKind {
  /** The sentence, with `{field}` for each field. */
  readonly template: string;
  readonly retryable: boolean;
  readonly fatalFor: 'record' | 'connection' | 'process';
}

/** Every code, in alphabetical order. */
export const errorTable = {
  BUFFER_BACKUP_FAILED: {
    template: 'A chunk cannot be put into the backup folder: {reason}. It stays in the buffer.',
    retryable: true,
    fatalFor: 'connection',
  },
  BUFFER_CHUNK_DAMAGED: {
    template: '{path} is damaged at byte {offset}, {bytes} bytes ({kept}): {reason}. The rest of it is delivered.',
    retryable: false,
    fatalFor: 'record',
  },
  BUFFER_CHUNK_REFUSED: {
    template: 'The output will never take a chunk: {reason}.',
    retryable: false,
    fatalFor: 'record',
  },
  BUFFER_CHUNK_UNREADABLE: {
    template: '{path} cannot be read: {reason}. It stays where it is, and is tried again at the next start.',
    retryable: false,
    fatalFor: 'record',
  },
  BUFFER_COMMIT_TIMEOUT: {
    template: 'No word within delayed_commit_timeout that a chunk has been delivered.',
    retryable: true,
    fatalFor: 'connection',
  },
  BUFFER_EVENT_TOO_LARGE: {
    template: 'An event of {size} bytes is larger than chunk_limit_size ({limit}) and was left out. Raise the limit.',
    retryable: false,
    fatalFor: 'record',
  },
  BUFFER_FLUENTD_REFUSED: {
    template:
      '{path} was left by Fluentd and cannot be delivered: {reason}. Let Fluentd deliver it (start it once more with flush_at_shutdown true), or move it out of the folder.',
    retryable: false,
    fatalFor: 'process',
  },
  BUFFER_GIVEN_UP: {
    template: 'The output has failed too long: its queued chunks are given up.',
    retryable: false,
    fatalFor: 'record',
  },
  BUFFER_IN_USE: {
    template: 'The buffer {path} is in use by {holder}. Stop that, or give this buffer another path.',
    retryable: true,
    fatalFor: 'process',
  },
  BUFFER_LEFT: {
    template: 'Not all was delivered before the output was stopped.',
    retryable: true,
    fatalFor: 'process',
  },
  BUFFER_OLDEST_DROPPED: {
    template: 'The buffer is full: the oldest chunk was dropped, as overflow_action says.',
    retryable: false,
    fatalFor: 'record',
  },
  BUFFER_OVERFLOW: {
    template: 'The buffer of {id} is full.',
    retryable: true,
    fatalFor: 'connection',
  },
  BUFFER_STOPPED: {
    template: 'The buffer of {id} took no more events before the end.',
    retryable: true,
    fatalFor: 'connection',
  },
  BUFFER_WRITE_FAILED: {
    template: 'A chunk could not be delivered: {reason}. It is tried again.',
    retryable: true,
    fatalFor: 'connection',
  },
  CONFIG_INVALID: {
    template: 'The configuration has {count} problem(s); nothing was started.',
    retryable: false,
    fatalFor: 'process',
  },
  CONFIG_INVALID_VALUE: {
    template: '{option} cannot be {value}: {reason}.',
    retryable: false,
    fatalFor: 'process',
  },
  CONFIG_MISSING_OPTION: {
    template: '{option} is required.',
    retryable: false,
    fatalFor: 'process',
  },
  EVENT_UNPRINTABLE: {
    template: 'An event cannot be printed and was left out.',
    retryable: false,
    fatalFor: 'record',
  },
  FILE_LINK_FAILED: {
    template: 'The link {path} cannot be made: {reason}.',
    retryable: false,
    fatalFor: 'record',
  },
  FILE_NOT_WRITABLE: {
    template: '{path} cannot be written: {reason}. {remedy}',
    retryable: false,
    fatalFor: 'process',
  },
  FILE_REFUSED: {
    template: '{what}, and is not written to.',
    retryable: false,
    fatalFor: 'record',
  },
  FILE_REMOVAL_FAILED: {
    template: 'An old file cannot be removed: {reason}.',
    retryable: true,
    fatalFor: 'record',
  },
  FILE_ROTATION_FAILED: {
    template: '{path} cannot be renamed, and grows on: {reason}.',
    retryable: true,
    fatalFor: 'record',
  },
  FILE_UNWRITTEN: {
    template: '{bytes} bytes could not be written before the end.',
    retryable: true,
    fatalFor: 'connection',
  },
  FILE_WRITE_FAILED: {
    template: 'Cannot write to {path}: {reason}. It is tried again; inputs wait meanwhile.',
    retryable: true,
    fatalFor: 'connection',
  },
  FILTER_FAILED: {
    template: 'A filter failed, and the events that it had are dropped: {reason}.',
    retryable: false,
    fatalFor: 'record',
  },
  FILTER_GREP_BINARY: {
    template:
      'The field {key} is binary, and {pattern} has characters that are no ASCII: it cannot be matched, the event is kept.',
    retryable: false,
    fatalFor: 'record',
  },
  FILTER_GREP_DEADLINE: {
    template:
      'The expression {pattern} takes too long for the field {key}: the event is kept. Write it without nested repetitions.',
    retryable: false,
    fatalFor: 'record',
  },
  FILTER_GREP_KEY: {
    template: 'The key {key} leads through a value that is neither a map nor an array: the event is kept.',
    retryable: false,
    fatalFor: 'record',
  },
  FILTER_PARSER_KEY: {
    template: 'The field {key} is not there: nothing can be parsed.',
    retryable: false,
    fatalFor: 'record',
  },
  FILTER_RECORD_ENCODING: {
    template: 'The field {key} would join binary data and text that is no ASCII: the event is refused.',
    retryable: false,
    fatalFor: 'record',
  },
  FILTER_RECORD_PLACEHOLDER: {
    template: 'The placeholder {placeholder} is worth nothing in an event.',
    retryable: false,
    fatalFor: 'record',
  },
  FILTER_RECORD_TIME: {
    template: 'The field {key} is to be the time and holds no number: the event is refused.',
    retryable: false,
    fatalFor: 'record',
  },
  FORWARD_ACKS_UNREAD: {
    template: 'A peer did not read its acks within unread_acks_timeout: closing the connection.',
    retryable: true,
    fatalFor: 'connection',
  },
  FORWARD_ADDRESS_LIMIT: {
    template: 'A peer is refused: connections_per_address_limit connections from its address are open.',
    retryable: true,
    fatalFor: 'connection',
  },
  FORWARD_ADDRESS_REFUSED: {
    template: 'A peer is refused: allow does not name its address.',
    retryable: false,
    fatalFor: 'connection',
  },
  FORWARD_ANONYMOUS_REFUSED: {
    template: 'A peer is refused: no <client> section holds its address.',
    retryable: false,
    fatalFor: 'connection',
  },
  FORWARD_CHUNK_DROPPED: {
    template:
      'A message of {size} bytes is over chunk_size_limit ({limit}): dropped and acked. Raise the limit, or have the sender make smaller chunks.',
    retryable: false,
    fatalFor: 'record',
  },
  FORWARD_CHUNK_LARGE: {
    template: 'A message of {size} bytes is over chunk_size_warn_limit ({limit}).',
    retryable: false,
    fatalFor: 'record',
  },
  FORWARD_CONNECTIONS_LIMIT: {
    template: 'A peer is refused: connections_limit connections are open.',
    retryable: true,
    fatalFor: 'connection',
  },
  FORWARD_DATAGRAM_DROPPED: {
    template: 'Events in UDP datagrams are dropped, because outputs do not keep up.',
    retryable: true,
    fatalFor: 'record',
  },
  FORWARD_DATAGRAM_TOO_LARGE: {
    template: 'A datagram is over datagram_size_limit, and is not taken.',
    retryable: false,
    fatalFor: 'record',
  },
  FORWARD_EMIT_FAILED: {
    template: 'An output refused events: closing the connection without an ack, so that the sender sends them again.',
    retryable: true,
    fatalFor: 'connection',
  },
  FORWARD_ENTRIES_DROPPED: {
    template:
      'A message with more events than entries_limit is dropped and acked. Raise the limit, or have the sender make smaller chunks.',
    retryable: false,
    fatalFor: 'record',
  },
  FORWARD_FRAME_TOO_LARGE: {
    template: 'A message is over its limit and cannot be passed by: closing the connection.',
    retryable: false,
    fatalFor: 'connection',
  },
  FORWARD_HANDSHAKE_TIMEOUT: {
    template: 'A peer did not say within handshake_timeout who it is: closing the connection.',
    retryable: true,
    fatalFor: 'connection',
  },
  FORWARD_HANDSHAKE_TOO_LARGE: {
    template: 'A peer sent more than handshake_size_limit before it said who it is: closing the connection.',
    retryable: false,
    fatalFor: 'connection',
  },
  FORWARD_IDLE: {
    template: 'A connection was silent for idle_timeout: closing it.',
    retryable: true,
    fatalFor: 'connection',
  },
  FORWARD_INFLATE_BROKEN: {
    template:
      'Compressed entries are broken, or of zstd that refers back further than 8 MiB: closing the connection without an ack.',
    retryable: false,
    fatalFor: 'connection',
  },
  FORWARD_INFLATE_RATIO: {
    template: 'Compressed entries are over decompression_ratio_limit: closing the connection without an ack.',
    retryable: false,
    fatalFor: 'connection',
  },
  FORWARD_INFLATE_TOO_LARGE: {
    template:
      'Compressed entries are over decompression_size_limit, or one of them is over 16 MiB and 16 times what was sent: closing the connection without an ack.',
    retryable: false,
    fatalFor: 'connection',
  },
  FORWARD_INVALID_EVENT: {
    template: 'Events that are no [time, record] are dropped.',
    retryable: false,
    fatalFor: 'record',
  },
  FORWARD_JSON_INVALID: {
    template: 'A JSON stream is no JSON: closing the connection.',
    retryable: false,
    fatalFor: 'connection',
  },
  FORWARD_KEY_MISMATCH: {
    template: 'A peer is refused: it has another shared_key.',
    retryable: false,
    fatalFor: 'connection',
  },
  FORWARD_MALFORMED: {
    template: 'Bytes are no msgpack that the forward protocol knows: closing the connection.',
    retryable: false,
    fatalFor: 'connection',
  },
  FORWARD_MESSAGE_TIMEOUT: {
    template: 'A message was not whole message_timeout after its first byte: closing the connection without an ack.',
    retryable: true,
    fatalFor: 'connection',
  },
  FORWARD_NOT_FORWARD: {
    template: 'The peer does not speak the forward protocol: closing the connection.',
    retryable: false,
    fatalFor: 'connection',
  },
  FORWARD_NOT_LOGS: {
    template: 'Metrics or traces are dropped: only logs are taken.',
    retryable: false,
    fatalFor: 'record',
  },
  FORWARD_NO_MESSAGE: {
    template: 'Values that are no messages are ignored.',
    retryable: false,
    fatalFor: 'record',
  },
  FORWARD_OPTION_INVALID: {
    template: 'A message has an option that is none: closing the connection.',
    retryable: false,
    fatalFor: 'connection',
  },
  FORWARD_PIECES_LOST: {
    template: 'An output refused a line that was joined from pieces: it is lost, since they are acked.',
    retryable: false,
    fatalFor: 'record',
  },
  FORWARD_PIECES_UNFINISHED: {
    template: 'A line in pieces did not come whole: what there is of it is passed on, with partial_message in it.',
    retryable: false,
    fatalFor: 'record',
  },
  FORWARD_PING_INVALID: {
    template:
      'A peer is refused: it did not begin with a PING that can be checked. Its sender needs a <security> section too.',
    retryable: false,
    fatalFor: 'connection',
  },
  FORWARD_TAGS_FORGOTTEN: {
    template:
      'There are more tags than distinct_tags_limit ({limit}): those that came longest ago are forgotten, and cost more when they come again.',
    retryable: false,
    fatalFor: 'record',
  },
  FORWARD_TAG_TOO_LARGE: {
    template: 'Events whose tag is longer than tag_size_limit are dropped.',
    retryable: false,
    fatalFor: 'record',
  },
  FORWARD_TOO_DEEP: {
    template: 'A message is nested more than 512 deep: closing the connection.',
    retryable: false,
    fatalFor: 'connection',
  },
  FORWARD_UNFINISHED_SPENT: {
    template:
      'The memory for unfinished messages is spent, and this connection holds most of it: closing the connection.',
    retryable: true,
    fatalFor: 'connection',
  },
  FORWARD_USER_REFUSED: {
    template: 'A peer is refused: its user or password is wrong, or that user may not come from there.',
    retryable: false,
    fatalFor: 'connection',
  },
  LISTEN_FAILED: {
    template: 'Cannot listen on {address}: {reason}.',
    retryable: true,
    fatalFor: 'process',
  },
  LINE_TOO_LONG: {
    template: 'The text of one event is longer than {limit} bytes; it was left out.',
    retryable: false,
    fatalFor: 'record',
  },
  PARSE_DEADLINE: {
    template: 'The expression of the parser takes too long for the text. Write it without nested repetitions.',
    retryable: false,
    fatalFor: 'record',
  },
  PARSE_ENCODING: {
    template: 'The text is no UTF-8, and cannot be parsed.',
    retryable: false,
    fatalFor: 'record',
  },
  PARSE_MALFORMED: {
    template: 'The text begins as the parser expects, and is broken.',
    retryable: false,
    fatalFor: 'record',
  },
  PARSE_TIME: {
    template: 'The time in the text cannot be read.',
    retryable: false,
    fatalFor: 'record',
  },
  PARSE_UNMATCHED: {
    template: 'The text has not the form that the parser expects.',
    retryable: false,
    fatalFor: 'record',
  },
  PORT_IN_USE: {
    template: '{address} is in use{by}. Stop it, or give this listener another port.',
    retryable: true,
    fatalFor: 'process',
  },
  ROUTE_LOOP: {
    template: 'Events go round from label to label and are dropped: let one of the labels end in an output.',
    retryable: false,
    fatalFor: 'record',
  },
  STDOUT_CLOSED: {
    template: 'Nobody reads standard output any more; the lines that were on their way are lost.',
    retryable: false,
    fatalFor: 'process',
  },
  STDOUT_FAILED: {
    template: 'Standard output cannot be written: {reason}.',
    retryable: false,
    fatalFor: 'process',
  },
  TAG_PATTERN_INVALID: {
    template: 'The pattern "{pattern}" cannot be used: {reason}',
    retryable: false,
    fatalFor: 'process',
  },
  TLS_FILES_INVALID: {
    template: 'TLS cannot begin: {reason}.',
    retryable: false,
    fatalFor: 'process',
  },
  TLS_FILES_RENEWED_INVALID: {
    template: 'Certificate files have changed and cannot be used ({reason}): the old ones stay in use.',
    retryable: true,
    fatalFor: 'record',
  },
  TLS_FILE_UNREADABLE: {
    template: '{path} cannot be read: {reason}.',
    retryable: false,
    fatalFor: 'process',
  },
  TLS_HANDSHAKE_FAILED: {
    template: 'A TLS handshake came to nothing: {reason}.',
    retryable: false,
    fatalFor: 'connection',
  },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorTable;

/** The sentence of a code, with its places filled. */
export function errorText(code: ErrorCode, fields: Readonly<Record<string, unknown>> = {}): string {
  return errorTable[code].template.replace(/\{(\w+)\}/g, (_, name: string) => String(fields[name] ?? ''));
}

/** An error with a code of the table; `fields` fill the template's places. */
export class ForebayError extends Error {
  readonly code: ErrorCode;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, fields: Readonly<Record<string, unknown>> = {}, options?: ErrorOptions) {
    super(errorText(code, fields), options);
    this.name = 'ForebayError';
    this.code = code;
    this.fields = fields;
  }
}
