// The UDP side of the forward port: answers heartbeats, and takes events where that is asked for (`udp_events`). There are no acks and no
// way to hold a sender back: what outputs cannot take is dropped, and counted.
import dgram from 'node:dgram';
import type { AddressList } from '../core/address-list.ts';
import type { Origin } from '../core/batch.ts';
import { jsonToMsgpack } from '../msgpack/from-json.ts';
import { Batcher } from './batcher.ts';
import { Framer } from './framer.ts';
import { Intake } from './intake.ts';
import { listenError } from './listen-error.ts';
import type { SessionSettings } from './session.ts';
import { type SourceKeys, sourceFields } from './source-fields.ts';

/** Senders whose state is kept; beyond them it is made anew. */
const sendersKept = 256;
const heartbeatReply = Uint8Array.of(0);

export interface UdpListenerSettings {
  readonly host: string;
  readonly port: number;
  readonly events: boolean;
  /** Larger datagrams are no events, bytes. */
  readonly sizeLimit: number;
  readonly listenerId: string;
  readonly session: SessionSettings;
  readonly sourceKeys: SourceKeys;
  /** Who may send; undefined: all. Others get no answer. */
  readonly allowed: AddressList | undefined;
  /** Told of datagrams whose events are not taken. */
  refused(code: DatagramRefusal, address: string): void;
}

type DatagramRefusal =
  | 'FORWARD_ADDRESS_REFUSED'
  | 'FORWARD_DATAGRAM_DROPPED'
  | 'FORWARD_DATAGRAM_TOO_LARGE'
  | 'FORWARD_MALFORMED';

interface Sender {
  readonly batcher: Batcher;
  readonly intake: Intake;
}

export class UdpListener {
  readonly #settings: UdpListenerSettings;
  readonly #socket: dgram.Socket;
  readonly #framer = new Framer();
  readonly #senders = new Map<string, Sender>();
  #stopped: Promise<void> | undefined;

  constructor(settings: UdpListenerSettings) {
    this.#settings = settings;
    this.#socket = dgram.createSocket(settings.host.includes(':') ? 'udp6' : 'udp4');
    this.#socket.on('message', (data, from) => this.#datagram(data, from));
  }

  start(): Promise<void> {
    const { host, port } = this.#settings;
    return new Promise((resolve, reject) => {
      this.#socket.once('error', (error) => void listenError({ host, port }, error).then(reject, reject));
      this.#socket.bind(port, host, () => {
        this.#socket.removeAllListeners('error');
        this.#socket.on('error', () => undefined);
        resolve();
      });
    });
  }

  stop(): Promise<void> {
    this.#stopped ??= new Promise((resolve) => this.#socket.close(() => resolve()));
    return this.#stopped;
  }

  #datagram(data: Buffer, from: dgram.RemoteInfo): void {
    if (data.length === 0) {
      // Fluentd answers these too; a reply that costs the asker nothing is of use only to those who forge addresses.
      return;
    }
    if (this.#settings.allowed?.has(from.address) === false) {
      this.#settings.refused('FORWARD_ADDRESS_REFUSED', from.address);
      return;
    }
    const { events, sizeLimit } = this.#settings;
    if (events && data.length > sizeLimit) {
      this.#settings.refused('FORWARD_DATAGRAM_TOO_LARGE', from.address);
      this.#socket.send(heartbeatReply, from.port, from.address, () => undefined);
      return;
    }
    // A copy: the batcher moves events about in it.
    const bytes = Uint8Array.from(data);
    const messages = events ? this.#asMessages(bytes) : undefined;
    if (messages === undefined) {
      this.#socket.send(heartbeatReply, from.port, from.address, () => undefined);
    } else if (this.#settings.session.gate.closed) {
      this.#settings.refused('FORWARD_DATAGRAM_DROPPED', from.address);
    } else {
      this.#take(messages, from);
    }
  }

  /** The datagram's messages as msgpack, where it holds whole ones and nothing else. */
  #asMessages(bytes: Uint8Array): Uint8Array | undefined {
    const json = bytes[0] === 0x7b || bytes[0] === 0x5b;
    const messages = json ? jsonToMsgpack(bytes, 0, bytes.length, 'bin') : bytes;
    if (messages === undefined) {
      return undefined;
    }
    const framer = new Framer();
    let pos = 0;
    while (pos < messages.length) {
      const next = framer.next(messages, pos, messages.length);
      if (next < 0 || framer.elements < 2) {
        return undefined;
      }
      pos = next;
    }
    return messages;
  }

  #take(messages: Uint8Array, from: dgram.RemoteInfo): void {
    const { batcher, intake } = this.#sender(from);
    const { session } = this.#settings;
    batcher.begin(messages, session.clock.now());
    let pos = 0;
    while (pos < messages.length) {
      const next = this.#framer.next(messages, pos, messages.length);
      const verdict = intake.message(messages, pos, this.#framer);
      if (typeof verdict === 'string') {
        this.#judge(verdict, from);
      } else {
        verdict.then(
          (later) => this.#judge(later, from),
          () => this.#judge('FORWARD_MALFORMED', from),
        );
      }
      pos = next;
    }
    batcher.flush();
  }

  #judge(verdict: string, from: dgram.RemoteInfo): void {
    if (verdict !== 'done') {
      this.#settings.refused('FORWARD_MALFORMED', from.address);
    }
  }

  #sender(from: dgram.RemoteInfo): Sender {
    const key = `${from.address} ${from.port}`;
    let sender = this.#senders.get(key);
    if (sender === undefined) {
      if (this.#senders.size === sendersKept) {
        this.#senders.clear();
      }
      const { session, listenerId, sourceKeys } = this.#settings;
      const origin: Origin = { listener: listenerId, address: from.address, port: from.port, name: undefined };
      const batcher = new Batcher(session.emit, origin, (_, settled, size) => {
        session.gate.add(settled, size);
        settled?.catch(() => this.#settings.refused('FORWARD_DATAGRAM_DROPPED', from.address));
      });
      sender = {
        batcher,
        intake: new Intake(session, batcher, session.clock, sourceFields(sourceKeys, from.address, from.address)),
      };
      this.#senders.set(key, sender);
    }
    return sender;
  }
}
