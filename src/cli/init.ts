// `forebay init`: gives the commented configuration to begin with, for the case that is asked for. What is in them are the files of config/starters.
import { readdir, readFile, writeFile } from 'node:fs/promises';

export interface InitRequest {
  /** Where the configurations stand, one file a case. */
  readonly folder: URL;
  /** The case; undefined where none was named. */
  readonly which: string | undefined;
  /** Where it goes: a new file, or standard output without it. */
  readonly file: string | undefined;
  readonly write: (text: string) => void;
  /** Takes what is wrong. */
  readonly complain: (text: string) => void;
}

/** Resolves with the exit code: 0, or 2 where nothing was written. A file that is there is left alone. */
export async function init({ folder, which, file, write, complain }: InitRequest): Promise<0 | 2> {
  const cases = (await readdir(folder)).map((name) => name.replace(/\.conf$/, '')).sort();
  if (which === undefined || !cases.includes(which)) {
    const asked = which === undefined ? 'Which case?' : `There is no case "${which}".`;
    complain(`${asked} forebay init CASE [FILE], with one of: ${cases.join(', ')}.\n`);
    return 2;
  }
  const text = await readFile(new URL(`${which}.conf`, folder), 'utf8');
  if (file === undefined) {
    write(text);
    return 0;
  }
  try {
    await writeFile(file, text.replaceAll('FILE', file), { flag: 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    complain(
      code === 'EEXIST'
        ? `${file} is there already, and nothing is written over: give another name.\n`
        : `${file} cannot be written: ${message}.\n`,
    );
    return 2;
  }
  write(`${file} is written. What it says: forebay check -c ${file}\n`);
  return 0;
}
