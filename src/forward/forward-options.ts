// The options that all inputs of the forward protocol have, and those that only make sense on a network.
import { between, zeroOrBetween } from '../config/bounds.ts';
import { p } from '../config/options.ts';
import { securitySection } from './security-options.ts';
import { transportSection } from './transport-options.ts';

export const streamOptions = {
  tag: p.string({ desc: 'All events get this tag, whatever the sender says.' }),
  add_tag_prefix: p.string({ desc: 'Stands before each tag, with a dot behind it.' }),
  skip_invalid_event: p.bool({
    desc: 'Whether tags that are no strings make an event invalid. Events without a time or a record are dropped either way.',
    default: 'true',
  }),
  chunk_size_limit: p.size({ desc: 'A message larger than this is dropped and acked.', default: '256m' }),
  chunk_size_warn_limit: p.size({ desc: 'A message larger than this is logged.' }),
  decompression_size_limit: p.size({
    desc: 'Compressed entries that are larger than this when inflated close the connection.',
    default: '256m',
    invalid: between('size', '1', '1t'),
  }),
  json_size_limit: p.size({
    desc: 'A message of a JSON stream larger than this closes the connection.',
    default: '16m',
    invalid: between('size', '1', '1t'),
  }),
  pending_limit: p.size({
    desc: 'Reading stops while outputs have more bytes of events than this to settle.',
    default: '8m',
    invalid: between('size', '1', '1t'),
  }),
  resend_memory_limit: p.size({
    desc: 'Chunks are remembered in this much memory, so that one that a sender sends again, because its ack was lost, is acked and not taken twice. 0: none.',
    default: '4m',
  }),
  join_pieces: p.bool({
    desc: 'Whether lines that Docker cuts into pieces of 16 KiB become one event again. A piece is held in memory and acked at once, since Docker sends the next one only then: a sudden end loses what is held. A line that does not come whole is passed on as far as it got, with partial_message in it.',
    default: 'false',
  }),
  join_pieces_timeout: p.time({
    desc: 'With join_pieces: a line of which no more pieces come is passed on after this long.',
    default: '5s',
    invalid: between('time', '0.1', '1d'),
  }),
  join_pieces_limit: p.size({
    desc: 'With join_pieces: when more bytes than this are held, the lines that wait longest are passed on.',
    default: '32m',
    invalid: between('size', '1', '1t'),
  }),
  join_pieces_lines_limit: p.integer({
    desc: 'With join_pieces: when more lines than this are held, the ones that wait longest are passed on.',
    default: '4096',
    invalid: between('integer', '1', '4294967295'),
  }),
  tag_size_limit: p.size({
    desc: 'Events with a tag longer than this are dropped.',
    default: '16k',
    invalid: between('size', '1', '1t'),
  }),
  distinct_tags_limit: p.integer({
    desc: 'So many tags are remembered, and as many that are older. Where there are more, events cost more time (FORWARD_TAGS_FORGOTTEN); nothing is lost.',
    default: '65536',
    invalid: between('integer', '16', '1000000'),
  }),
  entries_limit: p.integer({
    desc: 'A message with more events than this is dropped and acked.',
    default: '10000000',
    invalid: between('integer', '1', '4294967295'),
  }),
  decompression_ratio_limit: p.integer({
    desc: 'Compressed entries of more than 1 MB that inflate to more than this many times their size close the connection.',
    default: '10000',
    invalid: between('integer', '1', '1000000000'),
  }),
  connections_limit: p.integer({
    desc: 'When this many connections are open, new ones are closed at once.',
    default: '16384',
    invalid: between('integer', '1', '4294967295'),
  }),
  idle_timeout: p.time({
    desc: 'A connection on which nothing came for this long is closed; with 0, none is: containers may be silent for days.',
    default: '0',
    invalid: zeroOrBetween('time', '1', '365d'),
  }),
  message_timeout: p.time({
    desc: 'A connection on which a message is not whole this long after its first byte is closed; with 0, none is.',
    default: '10m',
    invalid: zeroOrBetween('time', '1', '365d'),
  }),
  unread_acks_timeout: p.time({
    desc: 'A connection whose peer does not read its acks for this long is closed; with 0, none is.',
    default: '10m',
    invalid: zeroOrBetween('time', '1', '365d'),
  }),
  backlog: p.integer({ desc: 'Connections that wait to be accepted.' }),
  source_hostname_key: p.string({ desc: 'Each record gets the host name of its sender in this field.' }),
  source_address_key: p.string({ desc: 'Each record gets the address of its sender in this field.' }),
};

export const networkOptions = {
  port: p.integer({ desc: 'The port to listen on, TCP and UDP.', default: '24224' }),
  bind: p.string({ desc: 'The address to listen on.', default: '0.0.0.0' }),
  udp_events: p.bool({
    desc: 'Whether events in UDP datagrams are taken; else they are answered as heartbeats.',
    default: 'false',
  }),
  datagram_size_limit: p.size({
    desc: 'With udp_events: datagrams larger than this are not taken, and are answered as heartbeats.',
    default: '64k',
    invalid: between('size', '64', '64k'),
  }),
  linger_timeout: p.integer({
    desc: 'With 0, connections that are closed for a fault are reset. Other values have no effect.',
  }),
  resolve_hostname: p.bool({ desc: "Whether senders' host names are asked for." }),
  deny_keepalive: p.bool({
    desc: 'Whether each connection is closed when its first messages are taken.',
    default: 'false',
  }),
  send_keepalive_packet: p.bool({ desc: 'Whether TCP keep-alive is on.', default: 'false' }),
  allow: p.array({
    desc: 'Addresses and networks that may send, TCP and UDP: 172.16.0.0/12, ::1. Without it, all.',
  }),
  connections_per_address_limit: p.integer({
    desc: 'When this many connections from one address are open, new ones from there are closed at once. All containers of a machine may come from one.',
    default: '8192',
    invalid: between('integer', '1', '4294967295'),
  }),
  handshake_timeout: p.time({
    desc: 'A connection on which TLS or a sender with a key takes longer than this to begin is closed.',
    default: '10s',
    invalid: between('time', '0.1', '1d'),
  }),
  handshake_size_limit: p.size({
    desc: 'A sender that must have a key may send this much before it has shown it.',
    default: '4k',
    invalid: between('size', '512', '1m'),
  }),
  security: securitySection,
  transport: transportSection,
};
