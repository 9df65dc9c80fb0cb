// Frames of a websocket that has been opened as a browser opens it: what a client says, mutated as text and as frames.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mutateBytes, mutateJson } from '../mutate.ts';
import { Finding, type FuzzTarget } from '../target.ts';
import { closed, open, plainInput, rules, Victim } from '../victim.ts';

const texts = [
  '{"op":"start"}',
  '{"op":"start","since":"now","match":"app.**"}',
  '{"op":"start","since":1234567890,"stream":"abc","match":"{a,b}.*"}',
  '{"op":"pause"}',
].map((text) => Buffer.from(text));

export function websocketTarget(patience: number): FuzzTarget {
  return {
    name: 'websocket',
    lanes: 8,
    // The close that we asked for, or one for a message that is none of the protocol: its frames were sound.
    past: /^close 100[08]/,
    share: 0.5,
    async start() {
      const victim = await Victim.start({ config: plainInput + rules, patience });
      const port = victim.forebay.ports[1] ?? 0;
      let last: Uint8Array = new Uint8Array(0);
      return {
        async attempt(random) {
          const text = (random.once(4) ? mutateBytes : mutateJson)(random, random.pick(texts), texts);
          const framed = Buffer.concat([frame(0x81, random.pick(texts)), frame(0x81, text)]);
          const mutant = random.once(4) ? mutateBytes(random, framed, [framed]) : framed;
          last = mutant;
          try {
            return await converse(port, mutant);
          } catch (error) {
            throw new Finding(String(error), mutant, error);
          }
        },
        check: () => victim.check(last),
        summary: () => victim.summary(),
        stop: () => victim.stop(),
      };
    },
  };
}

/** A client's frame; long texts are not needed. */
function frame(head: number, payload: Uint8Array): Buffer {
  const mask = randomBytes(4);
  const length = payload.length < 126 ? [0x80 | payload.length] : [0xfe, payload.length >> 8, payload.length & 255];
  return Buffer.concat([Buffer.of(head, ...length), mask, payload.map((byte, at) => byte ^ (mask[at & 3] as number))]);
}

/** Opens a websocket, sends the bytes and a close, and says how it ended. */
async function converse(port: number, bytes: Uint8Array): Promise<string> {
  const socket = await open(port);
  socket.write(
    `GET /live HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  if (!answer.includes('101 Switching')) throw new Error(`no websocket: ${answer.toString('latin1')}`);
  const answers = [answer];
  socket.on('data', (data) => answers.push(data));
  socket.end(Buffer.concat([bytes, frame(0x88, Buffer.of(3, 232))]));
  await closed(socket, 60_000);
  return ending(Buffer.concat(answers));
}

/** The code of the close among the frames behind the answer's head. */
function ending(bytes: Buffer): string {
  let at = bytes.indexOf('\r\n\r\n') + 4;
  while (at + 4 <= bytes.length && bytes[at] !== 0x88) {
    const short = bytes.readUInt8(at + 1);
    at +=
      short < 126
        ? 2 + short
        : short === 126
          ? 4 + bytes.readUInt16BE(at + 2)
          : 10 + Number(bytes.readBigUInt64BE(at + 2));
  }
  return at + 4 <= bytes.length ? `close ${bytes.readUInt16BE(at + 2)}` : 'open to the end';
}
