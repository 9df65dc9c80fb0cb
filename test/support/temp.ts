// Temporary folders that go away again.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TempFolder {
  readonly path: string;
  remove(): void;
}

/** A new folder in the system's temporary folder, or in `parent`. Short, because a unix socket's path may have 107 bytes only. */
export function tempFolder(name: string, parent = tmpdir()): TempFolder {
  const path = mkdtempSync(join(parent, `forebay-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}
