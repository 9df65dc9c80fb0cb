// `--viewer` and FOREBAY_VIEWER: the page that shows all that passes, without a section in the configuration. What it is made of is live/'s.
import { ForebayError } from '../core/errors.ts';
import { defaultAddress, type HttpAddress, parseAddress } from '../http/address.ts';
import type { Viewer, ViewerContext } from '../live/viewer.ts';

export interface ViewerRequest {
  readonly address: HttpAddress;
  /** Whether somebody asked for it: then the run fails where it cannot be. */
  readonly asked: boolean;
}

/**
 * What `text` asks for: an address, `on` (or nothing behind `--viewer`) for the default one, `off` for none. Where nobody says anything, the
 * configuration that ships has a page, and others have what they say. A string says what is wrong.
 */
export function readViewerRequest(text: string | undefined, shipped: boolean): ViewerRequest | undefined | string {
  if (text === undefined) {
    return shipped ? { address: defaultAddress, asked: false } : undefined;
  }
  if (text === 'off') {
    return undefined;
  }
  const address = text === '' || text === 'on' ? defaultAddress : parseAddress(text);
  return address === undefined || address.port === 0
    ? `The viewer takes HOST:PORT, a port, on or off, not "${text}".`
    : { address, asked: true };
}

/** Opens the viewer; undefined where it was not asked for and its port is taken. */
export async function openViewer(request: ViewerRequest, context: ViewerContext): Promise<Viewer | undefined> {
  const { viewerAt } = await import('../live/viewer.ts');
  const viewer = viewerAt(context, request.address);
  try {
    await viewer.start();
    return viewer;
  } catch (error) {
    if (request.asked || !(error instanceof ForebayError) || error.code !== 'PORT_IN_USE') {
      throw error;
    }
    context.log.warn(
      { code: 'VIEWER_PORT_IN_USE' },
      `There is no page: ${error.message.replace(/ Stop it.*$/, '')} Another address: --viewer=127.0.0.1:8081`,
    );
    return undefined;
  }
}
