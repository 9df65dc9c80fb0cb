// Inflates entries that are too many to be inflated at once: they are checked to their end before the first of them is used, and held only
// where the process has room for them; else they are inflated a second time.
import type { ByteBudget } from '../core/byte-budget.ts';
import { EntryCheck } from '../msgpack/entry-check.ts';
import { EntryStream } from '../msgpack/entry-stream.ts';
import { type CompressedKind, InflateError } from './inflate.ts';
import { inflatePieces, pieceSize } from './inflate-pieces.ts';

/** Of one message no more than this is held, bytes: what becomes more is a bomb more often than a message. */
const heldOfOne = 8 * 1024 * 1024;
/** An entry has to be held whole: it is no larger than this, bytes, or than so many times what was sent. */
const anyEntry = 16 * 1024 * 1024;
const entryRatio = 16;

/** Runs of whole entries, each valid until the next is asked for; throws an InflateError before the first one where anything is wrong. */
export async function* inflateLarge(
  kind: CompressedKind,
  input: Uint8Array,
  limit: number,
  held: ByteBudget,
): AsyncGenerator<Uint8Array, void, void> {
  const check = new EntryCheck();
  const entryLimit = Math.max(anyEntry, entryRatio * input.length);
  let kept: Uint8Array[] | undefined = [];
  let taken = 0;
  try {
    for await (const piece of inflatePieces(kind, input, limit)) {
      if (check.push(piece) < 0) {
        throw new InflateError('malformed');
      }
      if (check.largest > entryLimit) {
        throw new InflateError('entry');
      }
      if (kept !== undefined && taken + piece.length <= heldOfOne && held.take(piece.length)) {
        taken += piece.length;
        kept.push(piece.slice());
      } else {
        kept = undefined;
        held.give(taken);
        taken = 0;
      }
    }
    const entries = new EntryStream(Math.min(check.largest, heldOfOne) + pieceSize);
    for await (const piece of kept ?? inflatePieces(kind, input, limit)) {
      const run = entries.push(piece);
      if (typeof run !== 'number' && run.length > 0) {
        yield run;
      }
    }
  } finally {
    held.give(taken);
  }
}
