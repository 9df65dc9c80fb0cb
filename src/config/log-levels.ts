// How serious a line of the own log is, by the names that a configuration has for it.

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

export type LogLevel = (typeof logLevels)[number];
