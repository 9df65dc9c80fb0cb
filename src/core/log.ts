// The program's own log: to stderr, in sentences with fields. What the containers say never goes through here.
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';

export type Logger = PinoLogger;

export interface LogSettings {
  readonly level: string;
  /** `text` is for people, `json` one object a line. */
  readonly format: 'text' | 'json';
}

/** Opens the log on stderr. Its lines are written before the call that makes them returns. */
export async function createLog({ level, format }: LogSettings): Promise<Logger> {
  const options = { level, base: null };
  if (format === 'json') {
    return pino({ ...options, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true }));
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
  return pino(options, lines as DestinationStream);
}
