// `forebay health`: asks a running collector over its control socket whether all is well.
import type { ControlStatus } from '../engine/control.ts';
import { type AskRequest, askRunning } from './ask.ts';

/** Resolves with the exit code: 0 if healthy, 1 if not or if it could not be known. */
export async function health(request: AskRequest): Promise<0 | 1> {
  const { stdout, stderr } = request;
  const asked = await askRunning(request, 'health');
  if (asked === undefined) {
    return 1;
  }
  const { path, answer } = asked;
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
