// Which Forebay this is.
import { createRequire } from 'node:module';

export function version(): string {
  const { version } = createRequire(import.meta.url)('../../package.json') as { readonly version: string };
  return version;
}
