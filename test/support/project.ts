// Where the project is and which Node runs it: vitest may itself run under an older Node.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The Node of the project's own development dependency, or the one that runs this file. */
export function projectNode(): string {
  const own = join(projectRoot, 'node_modules', 'node', 'bin', 'node');
  return existsSync(own) ? own : process.execPath;
}

/** The environment for npm: the project's Node comes first, as in an npm script. */
export function projectEnv(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const path = `${dirname(projectNode())}:${process.env['PATH'] ?? ''}`;
  return { ...process.env, TZ: 'UTC', PATH: path, ...extra };
}

export const vectorsFolder = join(projectRoot, 'test', 'vectors');
export const capturesFolder = join(vectorsFolder, 'captures');
