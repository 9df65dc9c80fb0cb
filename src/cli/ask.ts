// Asks the one running collector something over its control socket.
import { askControl, type ControlAnswer, findControls } from '../engine/control-client.ts';

export interface AskRequest {
  /** Of several collectors, the socket of the one to ask. */
  readonly control?: string | undefined;
  /** Where to look for sockets. Default controlFolders(). */
  readonly folders?: readonly string[];
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** What it answers; undefined where nobody, or more than one, could be asked, which has been said. `timeout` is in ms. */
export async function askRunning(
  { control, folders, stderr }: AskRequest,
  op: string,
  timeout?: number,
): Promise<{ readonly path: string; readonly answer: ControlAnswer } | undefined> {
  const found = control === undefined ? await findControls(folders) : [control];
  const [path] = found;
  if (path === undefined) {
    stderr.write('No running Forebay was found for this user. Start one, or say where its socket is: --control PATH\n');
    return undefined;
  }
  if (found.length > 1) {
    stderr.write(
      `${found.length} collectors run. Say which one:\n${found.map((one) => `  --control ${one}\n`).join('')}`,
    );
    return undefined;
  }
  return { path, answer: await askControl(path, { op }, timeout) };
}
