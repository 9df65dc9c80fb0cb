// The program's own log: to stderr, in sentences with fields. What the containers say never goes through here.
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';

export type Logger = PinoLogger;

export interface LogSettings {
  readonly level: string;
  /** `text` is for people, `json` one object a line. */
  readonly format: 'text' | 'json';
}

/** Where lines go beside stderr: set by whoever wants them, each a JSON object. */
export interface LogTap {
  take: ((line: string) => void) | undefined;
}

/** Opens the log on stderr. Its lines are written before the call that makes them returns. */
export async function createLog({ level, format }: LogSettings, tap?: LogTap): Promise<Logger> {
  const options = { level, base: null };
  if (format === 'json') {
    const lines = pino.destination({ fd: 2, sync: true });
    return pino({ ...options, timestamp: pino.stdTimeFunctions.isoTime }, withTap(lines, tap));
  }
  // Only people at a terminal pay for its loading.
  const { default: pretty } = await import('pino-pretty');
  const lines = pretty({
    destination: 2,
    sync: true,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
    colorize: process.stderr.isTTY,
  });
  return pino(options, withTap(lines as DestinationStream, tap));
}

/** The stream, and `tap` behind it. */
export function withTap(stream: DestinationStream, tap: LogTap | undefined): DestinationStream {
  return tap === undefined
    ? stream
    : {
        write(line) {
          stream.write(line);
          tap.take?.(line);
        },
      };
}
