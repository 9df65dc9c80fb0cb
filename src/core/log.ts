// The program's own log: to stderr, in sentences with fields. What the containers say never goes through here.
import type { Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;
