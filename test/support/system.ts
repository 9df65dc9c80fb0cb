// What tests need from the system: programs that `npm run setup:test` installs.
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Where system programs are, also for users whose PATH has no sbin; the distribution's own before those installed by hand. */
const folders = ['/usr/bin', '/usr/sbin', '/bin', '/sbin', ...(process.env['PATH'] ?? '').split(':').filter(Boolean)];

/** The path of a program, or undefined. */
function findProgram(name: string): string | undefined {
  for (const folder of folders) {
    try {
      const path = join(folder, name);
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not here
    }
  }
  return undefined;
}

/** The path of a program; throws where it is missing. */
export function requireProgram(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is missing (npm run setup:test installs what tests need)`);
  return path;
}

/**
 * Why tests that need these programs must be skipped, or undefined where they can run. Says it on stderr; with CI=true it throws
 * instead: there nothing may be missing.
 */
export function reasonToSkip(what: string, programs: readonly string[], root = false): string | undefined {
  const missing = programs.filter((name) => findProgram(name) === undefined);
  const reasons = missing.length > 0 ? [`${missing.join(', ')} missing (npm run setup:test installs it)`] : [];
  if (root && process.getuid?.() !== 0) reasons.push('not root');
  if (reasons.length === 0) return undefined;
  const reason = `${what}: ${reasons.join('; ')}`;
  if (process.env['CI'] === 'true') throw new Error(reason);
  console.error(`skipped: ${reason}`);
  return reason;
}
