// What a viewer may be told, beside its address.
import { isDeepStrictEqual } from 'node:util';
import { ForebayError } from '../core/errors.ts';
import type { AccessOptions } from '../http/access.ts';
import type { HttpAddress } from '../http/address.ts';
import { type ViewerLimits, viewerLimits } from './viewer-limits.ts';

export interface ViewerOptions {
  readonly memorySize: number;
  /** Without one, a token is made up where the address is not a loopback one. */
  readonly token: string | undefined;
  readonly title: string;
  readonly hosts: readonly string[];
  /** What a proxy puts before all paths, as `/logs`; '' for nothing. */
  readonly basePath?: string;
  /** Who is let in beside the token, and what they may see. */
  readonly access?: AccessOptions;
  /** Default: viewerLimits. */
  readonly limits?: ViewerLimits;
}

export function sameOptions(a: ViewerOptions, b: ViewerOptions): boolean {
  // What is not said is the default.
  const said = (options: ViewerOptions) => ({
    ...{ basePath: '', access: undefined, limits: viewerLimits },
    ...options,
  });
  return isDeepStrictEqual(said(a), said(b));
}

/** Two viewers at one address are one, which has the options of both. */
export function otherOptions({ port }: HttpAddress): ForebayError {
  return new ForebayError('CONFIG_INVALID_VALUE', {
    option: 'port',
    value: port,
    reason: 'another viewer at this address has other options; give them the same ones, or this one another port',
  });
}
