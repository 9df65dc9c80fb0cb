// `forebay health`: asks a running collector over its control socket whether all is well.

import type { ControlStatus } from '../engine/control.ts';
import { askControl, findControls } from '../engine/control-client.ts';

export interface HealthRequest {
  /** Of several collectors, the socket of the one to ask. */
  readonly control?: string | undefined;
  /** Where to look for sockets. Default controlFolders(). */
  readonly folders?: readonly string[];
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** Resolves with the exit code: 0 if healthy, 1 if not or if it could not be known. */
export async function health({ control, folders, stdout, stderr }: HealthRequest): Promise<0 | 1> {
  const found = control === undefined ? await findControls(folders) : [control];
  const [path] = found;
  if (path === undefined) {
    stderr.write('No running Forebay was found for this user. Start one, or say where its socket is: --control PATH\n');
    return 1;
  }
  if (found.length > 1) {
    stderr.write(
      `${found.length} collectors run. Say which one:\n${found.map((one) => `  --control ${one}\n`).join('')}`,
    );
    return 1;
  }
  const answer = await askControl(path, { op: 'health' });
  if (!answer.ok) {
    stderr.write(`The collector at ${path} could not be asked: ${answer.error}.\n`);
    return 1;
  }
  const { healthy, reasons } = answer.body as Partial<ControlStatus>;
  if (healthy === true) {
    stdout.write('Healthy.\n');
    return 0;
  }
  stdout.write(
    `Not healthy.\n${(Array.isArray(reasons) ? reasons : []).map((reason) => `  ${String(reason)}\n`).join('')}`,
  );
  return 1;
}
