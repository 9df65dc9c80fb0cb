// Builds what an input of the forward protocol is made of, from its options: one place for `@type forward` and `@type unix`.
import type { Values } from '../config/options.ts';
import type { AddressList } from '../core/address-list.ts';
import type { Origin } from '../core/batch.ts';
import { type ErrorCode, errorText } from '../core/errors.ts';
import { OnceEach } from '../core/once-each.ts';
import type { Input, InputContext } from '../plugin/input.ts';
import type { ConnectionClose, HandshakeMaker } from './connection.ts';
import { ConnectionLimits } from './connection-limits.ts';
import type { streamOptions } from './forward-options.ts';
import { Gate } from './gate.ts';
import { SmallInflater } from './inflate.ts';
import type { ListenAddress } from './listen-error.ts';
import { Pieces } from './pieces.ts';
import { ResendMemory } from './resends.ts';
import type { SecuritySettings } from './security-options.ts';
import type { SessionSettings } from './session.ts';
import { type Protection, StreamListener } from './stream-listener.ts';
import { TagReader } from './tag-reader.ts';
import type { TransportSettings } from './transport-options.ts';
import { UdpListener } from './udp-listener.ts';

/** What of a network's options matters here; a unix socket has none of it. */
export interface NetworkSettings {
  readonly udp: 'off' | 'heartbeats' | 'events';
  readonly datagramSizeLimit: number;
  readonly keepAlive: boolean;
  readonly reset: boolean;
  readonly resolveHostname: boolean;
  readonly denyKeepalive: boolean;
  readonly allowed: AddressList | undefined;
  readonly connectionsPerAddress: number;
  /** ms. */
  readonly handshakeTimeout: number;
  readonly handshakeSizeLimit: number;
  readonly security: SecuritySettings | undefined;
  /** Undefined where connections are plain. */
  readonly tls: TransportSettings | undefined;
}

/** What an input without a network has. */
export const noNetwork: NetworkSettings = {
  udp: 'off',
  datagramSizeLimit: 0,
  keepAlive: false,
  reset: false,
  resolveHostname: false,
  denyKeepalive: false,
  allowed: undefined,
  connectionsPerAddress: Number.POSITIVE_INFINITY,
  handshakeTimeout: 0,
  handshakeSizeLimit: 0,
  security: undefined,
  tls: undefined,
};

export function createForwardInput(
  context: InputContext,
  address: ListenAddress,
  options: Values<typeof streamOptions>,
  network: NetworkSettings,
): Input {
  const notes = new Notes(context);
  const gate = new Gate(options.pending_limit, () => listener.resume());
  const pieces = options.join_pieces ? joinPieces(context, options, notes, gate) : undefined;
  const session: SessionSettings = {
    emit: pieces?.emit ?? context.emit,
    ended: (origin) => pieces?.end(origin),
    clock: context.clock,
    window: context.memory.window,
    wasm: context.wasm,
    unfinished: context.memory.unfinished,
    inflateHeld: context.memory.inflated,
    inflater: new SmallInflater(),
    inflateLimit: options.decompression_size_limit,
    inflateRatio: options.decompression_ratio_limit,
    entriesLimit: options.entries_limit,
    gate,
    resends: ResendMemory.of(
      options.resend_memory_limit,
      context.counters.get('forebay_forward_resent_chunks_total', { id: context.id }),
    ),
    tags: new TagReader({
      tag: options.tag,
      prefix: options.add_tag_prefix,
      lenient: !options.skip_invalid_event,
      sizeLimit: options.tag_size_limit,
      distinctLimit: options.distinct_tags_limit,
      forgot: (count) => notes.count('FORWARD_TAGS_FORGOTTEN', count, '', { limit: options.distinct_tags_limit }),
    }),
    chunkSizeLimit: options.chunk_size_limit,
    chunkSizeWarnLimit: options.chunk_size_warn_limit,
    jsonSizeLimit: options.json_size_limit,
    denyKeepalive: network.denyKeepalive,
    dropped: (code, tag, count) => notes.count(code, count, tag, { tag }),
    noticed: (code, origin, size) =>
      notes.count(code, 1, peerKey(origin), { peer: origin.address, size, limit: options.chunk_size_limit }),
  };
  const sourceKeys = { hostname: options.source_hostname_key, address: options.source_address_key };
  const listener = new StreamListener(
    {
      address,
      backlog: options.backlog,
      keepAlive: network.keepAlive,
      reset: network.reset,
      resolveHostname: network.resolveHostname,
      sourceKeys,
      listenerId: context.id,
      session,
      handshakeTimeout: network.handshakeTimeout,
      stalls: {
        idle: options.idle_timeout * 1000,
        message: options.message_timeout * 1000,
        acks: options.unread_acks_timeout * 1000,
      },
      connections: context.counters.get('forebay_forward_connections_total', { id: context.id }),
      closedFor: (reason, origin, cause, claims) => notes.closed(reason, origin, cause, claims),
    },
    protection(context, network, notes, new ConnectionLimits(options.connections_limit, network.connectionsPerAddress)),
  );
  const udp =
    network.udp === 'off' || 'path' in address
      ? undefined
      : new UdpListener({
          ...address,
          events: network.udp === 'events',
          sizeLimit: network.datagramSizeLimit,
          listenerId: context.id,
          session,
          sourceKeys,
          allowed: network.allowed,
          refused: (code, peer) => notes.count(code, 1, peer, { peer }),
        });
  return {
    async start() {
      await listener.start();
      await udp?.start();
      context.log.info({ address: listener.address }, 'Listening for events.');
    },
    async stop(signal) {
      await Promise.all([listener.stop(signal), udp?.stop()]);
      await pieces?.stop(signal);
    },
  };
}

function protection(
  context: InputContext,
  network: NetworkSettings,
  notes: Notes,
  limits: ConnectionLimits,
): Protection {
  const { security, tls } = network;
  return {
    allowed: network.allowed,
    limits,
    refused: (address, code) => notes.count(code, 1, address, { peer: address }),
    handshake: security && (() => handshakes(context, security, network)),
    tls:
      tls &&
      (async (callbacks) => {
        const { createTlsAcceptor } = await import('./tls-acceptor.ts');
        return await createTlsAcceptor({
          ...callbacks,
          transport: tls,
          hostname: context.hostname,
          now: context.clock.now(),
          timeout: network.handshakeTimeout,
          renewed: (reason) => notes.renewed(reason),
        });
      }),
    tlsFailed: (origin, reason) =>
      notes.count('TLS_HANDSHAKE_FAILED', 1, peerKey(origin), { peer: origin.address, port: origin.port, reason }),
  };
}

async function handshakes(
  { memory, random }: InputContext,
  security: SecuritySettings,
  network: NetworkSettings,
): Promise<HandshakeMaker> {
  const [{ createAuthenticator }, { ServerHandshake }, { randomBytes }] = await Promise.all([
    import('./authenticator.ts'),
    import('./server-handshake.ts'),
    import('node:crypto'),
  ]);
  const settings = {
    authenticator: await createAuthenticator(security),
    keepalive: !network.denyKeepalive,
    limit: network.handshakeSizeLimit,
    unfinished: memory.unfinished,
    random: random ?? randomBytes,
  };
  return (address, revoked) => new ServerHandshake(settings, address, revoked);
}

function joinPieces(context: InputContext, options: Values<typeof streamOptions>, notes: Notes, gate: Gate): Pieces {
  return new Pieces({
    emit: context.emit,
    clock: context.clock,
    timeout: options.join_pieces_timeout * 1000,
    limit: options.join_pieces_limit,
    linesLimit: options.join_pieces_lines_limit,
    unfinished: (tag) => notes.count('FORWARD_PIECES_UNFINISHED', 1, tag, { tag }),
    late(tag, settled, bytes) {
      gate.add(settled, bytes);
      settled.catch(() => notes.count('FORWARD_PIECES_LOST', 1, tag, { tag }));
    },
  });
}

/** Counts what happens, and says it once for each code and tag or peer. */
class Notes {
  readonly #context: InputContext;
  readonly #once = new OnceEach();

  constructor(context: InputContext) {
    this.#context = context;
  }

  count(code: ErrorCode, count: number, key: string, fields: Readonly<Record<string, unknown>>): void {
    const { counters, id, log } = this.#context;
    counters.get(`forebay_${code.toLowerCase()}_total`, { id }).value += count;
    if (this.#once.first(`${code} ${key}`)) {
      log.warn({ ...fields, code }, errorText(code, fields));
    }
  }

  /** Renewed certificate files are in use, or, with a reason, are not. */
  renewed(reason: string | undefined): void {
    const { counters, id, log } = this.#context;
    if (reason === undefined) {
      counters.get('forebay_tls_files_renewed_total', { id }).value++;
      log.info('Renewed certificate files are in use.');
    } else {
      counters.get('forebay_tls_files_renewed_invalid_total', { id }).value++;
      const code = 'TLS_FILES_RENEWED_INVALID';
      log.warn({ code, reason }, errorText(code, { reason }));
    }
  }

  closed(
    code: ConnectionClose,
    origin: Origin,
    cause: unknown,
    claims: Readonly<Record<string, string>> | undefined,
  ): void {
    this.count(code, 1, peerKey(origin), {
      peer: origin.address,
      port: origin.port,
      ...claims,
      ...(cause === undefined ? {} : { err: cause }),
    });
  }
}

function peerKey(origin: Origin): string {
  return origin.address;
}
