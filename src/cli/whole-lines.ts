// Joins what several workers print into one stream: whole lines only, since a pipe takes long writes in pieces, between which others would come.
import type { Readable, Writable } from 'node:stream';

/** A line that is longer than this is passed on in pieces. */
const longestLine = 4 * 1024 * 1024;
const newline = 0x0a;

/** Passes on what `from` says, no faster than `to` takes it; resolves when `from` has ended and all is written. */
export function passLines(from: Readable, to: Writable): Promise<void> {
  let rest: Buffer[] = [];
  let length = 0;
  return new Promise((resolve) => {
    const write = (bytes: Buffer, done: () => void) => {
      from.pause();
      to.write(bytes, () => {
        from.resume();
        done();
      });
    };
    from.on('data', (bytes: Buffer) => {
      const end = bytes.lastIndexOf(newline) + 1;
      if (end === 0 && length + bytes.length < longestLine) {
        rest.push(bytes);
        length += bytes.length;
        return;
      }
      const cut = end === 0 ? bytes.length : end;
      const whole = Buffer.concat([...rest, bytes.subarray(0, cut)]);
      rest = cut === bytes.length ? [] : [bytes.subarray(cut)];
      length = bytes.length - cut;
      write(whole, () => {});
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      if (length === 0) {
        resolve();
      } else {
        // Of one that was killed: the next one's lines begin on a line of their own.
        to.write(Buffer.concat([...rest, Buffer.of(newline)]), () => resolve());
      }
    });
  });
}
