// Who `forebay tail` says it is to a page: by a token, or by a user's name and password. A password is never an argument, where everybody on
// the machine can read it: it stands in a file of one's own, or in the environment.
import { readFileSync, statSync } from 'node:fs';

export interface LoginSources {
  /** `--token`. */
  readonly token: string | undefined;
  /** `--login-file`: its first line is `NAME:PASSWORD`. */
  readonly loginFile: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * What the header Authorization says; undefined where nothing is given, `problem` where it cannot be used. What is said on the command line goes
 * before what stands in the environment (FOREBAY_LOGIN, FOREBAY_TOKEN).
 */
export function readLogin({ token, loginFile, env }: LoginSources): {
  readonly header?: string;
  readonly problem?: string;
} {
  if (loginFile !== undefined) {
    return readFile(loginFile);
  }
  if (token !== undefined) {
    return { header: bearer(token) };
  }
  const { FOREBAY_LOGIN: login, FOREBAY_TOKEN: ofEnvironment } = env;
  if (login !== undefined && login !== '') {
    return basic(login, 'FOREBAY_LOGIN');
  }
  return ofEnvironment === undefined || ofEnvironment === '' ? {} : { header: bearer(ofEnvironment) };
}

export function bearer(token: string): string {
  return `Bearer ${token}`;
}

function readFile(path: string): ReturnType<typeof readLogin> {
  try {
    if ((statSync(path).mode & 0o077) !== 0) {
      return { problem: `Others may read ${path}, which has a password in it: chmod 600 ${path}` };
    }
    return basic(readFileSync(path, 'utf8').split(/\r?\n/, 1)[0] ?? '', path);
  } catch (error) {
    return { problem: `The login file cannot be read: ${(error as Error).message}` };
  }
}

/** `where` it stands, for people; what stands there is said to nobody. */
function basic(text: string, where: string): ReturnType<typeof readLogin> {
  return /^[^:]+:./s.test(text)
    ? { header: `Basic ${Buffer.from(text).toString('base64')}` }
    : { problem: `${where} has no login: write NAME:PASSWORD.` };
}
