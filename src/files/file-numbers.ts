// Which numbers the files of a folder have: `app.20231114_3.log` is number 3 of its kind. A folder is read once, so that endless new names do
// not read it again and again; who makes a file finds out by an exclusive open whether somebody else was there first.
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Folders whose numbers are kept. */
const foldersKept = 64;

export class FileNumbers {
  readonly #folders = new Map<string, Map<string, number>>();

  /** The highest number of the files `<head>_<number><tail>`; -1 where there is none. */
  highest(head: string, tail: string): number {
    return tail.includes('/') ? probe(head, tail) : (this.#numbers(dirname(head)).get(kindOf(head, tail)) ?? -1);
  }

  /** That number is taken. */
  take(head: string, tail: string, number: number): void {
    if (!tail.includes('/') && number > this.highest(head, tail)) {
      this.#numbers(dirname(head)).set(kindOf(head, tail), number);
    }
  }

  #numbers(folder: string): Map<string, number> {
    let numbers = this.#folders.get(folder);
    if (numbers === undefined) {
      numbers = readNumbers(folder);
      const [oldest] = this.#folders.keys();
      if (this.#folders.size >= foldersKept && oldest !== undefined) {
        this.#folders.delete(oldest);
      }
      this.#folders.set(folder, numbers);
    }
    return numbers;
  }
}

function kindOf(head: string, tail: string): string {
  return `${basename(head)}\0${tail}`;
}

/** A number may stand anywhere in a name, and a name may hold several: each of them counts. */
function readNumbers(folder: string): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const name of namesIn(folder)) {
    for (const match of name.matchAll(/_(\d{1,9})(?!\d)/g)) {
      const kind = `${name.slice(0, match.index)}\0${name.slice(match.index + match[0].length)}`;
      numbers.set(kind, Math.max(numbers.get(kind) ?? -1, Number(match[1])));
    }
  }
  return numbers;
}

/** What passes by. All else means that there are no names to be seen; whether a file can be made there shows when that is tried. */
const passing = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EIO']);

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (passing.has((error as NodeJS.ErrnoException).code ?? '')) {
      throw error;
    }
    return [];
  }
}

/** Where the number is part of a folder's name. */
function probe(head: string, tail: string): number {
  let number = 0;
  while (existsSync(join(`${head}_${number}${tail}`))) {
    number++;
  }
  return number - 1;
}
