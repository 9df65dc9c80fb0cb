// The names that an output gives to its files, as a pattern: which file is one of them, and which number it has. What stands in the pattern comes
// from a path that is configured; between its pieces events may have put anything.

/** What a name says. */
export interface MatchedName {
  /** Undefined where the file has none. */
  readonly number: number | undefined;
  /** The name without its number: files that differ in their number only have the same. */
  readonly kind: string;
}

/** The number of a file, as a piece of a pattern. */
export const numberPattern = '_(?<number>\\d{1,9})';

export class NamePattern {
  readonly #pieces: readonly RegExp[];
  /** Folders that a name may have in it. */
  readonly depth: number;

  /**
   * `pieces` are sources of regular expressions that match text of bounded length. Whatever stands between two of them is an event's, so that
   * the first place where each matches will do, and no name takes more than linear time.
   */
  constructor(pieces: readonly string[], depth: number) {
    this.depth = depth;
    this.#pieces = pieces.map((piece, index) => {
      const first = index === 0 ? '^' : '';
      return new RegExp(`${first}(?:${piece})${index === pieces.length - 1 ? '$' : ''}`, 'dg');
    });
  }

  /** `name` is a path below the folder of the configuration. */
  match(name: string): MatchedName | undefined {
    let at = 0;
    let number: number | undefined;
    let kind = name;
    for (const piece of this.#pieces) {
      piece.lastIndex = at;
      const match = piece.exec(name);
      if (match === null) {
        return undefined;
      }
      at = match.index + match[0].length;
      const place = match.indices?.groups?.['number'];
      if (place !== undefined) {
        number = Number(name.slice(...place));
        kind = `${name.slice(0, place[0])}\0${name.slice(place[1])}`;
      }
    }
    return { number, kind };
  }
}
