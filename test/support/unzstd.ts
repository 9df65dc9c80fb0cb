// Unpacks zstd frames one behind the other, where Node 24 takes the first only.
import { zstdDecompressSync } from 'node:zlib';

interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/** Throws where the last frame is not whole. */
export function unzstd(bytes: Uint8Array): Buffer {
  const texts: Buffer[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const { buffer, engine } = zstdDecompressSync(rest, { info: true }) as unknown as Inflated;
    texts.push(buffer);
    rest = rest.subarray(engine.bytesWritten);
  }
  return Buffer.concat(texts);
}
