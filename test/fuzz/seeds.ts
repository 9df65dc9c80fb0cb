// What mutants are made of, beside recorded streams: the texts of the vectors.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { vectorsFolder } from '../support/project.ts';

/** The cases of a file of vectors. */
export function casesOf<T>(file: string): readonly T[] {
  return (JSON.parse(readFileSync(join(vectorsFolder, file), 'utf8')) as { readonly cases: readonly T[] }).cases;
}

/** Configurations of people and of mistakes. */
export function configTexts(): readonly Buffer[] {
  const texts = [
    ...casesOf<{ readonly text: string }>('config.json').map(({ text }) => text),
    ...casesOf<{ readonly config?: string; readonly text?: string }>('config_check.json').map(
      ({ config, text }) => config ?? text ?? '',
    ),
    ...casesOf<{ readonly config: string }>('out_file.json').map(({ config }) => config),
  ];
  return texts.filter((text) => text.length > 0).map((text) => Buffer.from(text));
}
