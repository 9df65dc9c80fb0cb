// `forebay reload`: has a running collector read its configuration again.
import { type AskRequest, askRunning } from './ask.ts';

/** New listeners and files may take a while to open, ms. */
const patience = 60_000;

/** Resolves with the exit code: 0 if the configuration runs, 1 if the old one runs on or nobody could be asked. */
export async function reload(request: AskRequest): Promise<0 | 1> {
  const asked = await askRunning(request, 'reload', patience);
  if (asked === undefined) {
    return 1;
  }
  if (!asked.answer.ok) {
    request.stderr.write(`The old configuration runs on: ${asked.answer.error}. The collector's log says more.\n`);
    return 1;
  }
  request.stdout.write('The configuration was read again, and runs.\n');
  return 0;
}
