// What signals mean to a process that runs: TERM and INT stop it, HUP and USR2 have it read its configuration again, USR1 has it begin new files.
import type { Logger } from '../core/log.ts';

export interface SignalHandlers {
  stop(): void;
  reload(signal: string): void;
  flush(): void;
}

/** From now on signals are heard. A second request to stop ends the process at once. */
export function handleSignals(log: Logger, handlers: SignalHandlers): void {
  let asked = false;
  // A terminal that is closed says HUP to what runs in it.
  const terminal = process.stdout.isTTY;
  const stops = terminal ? (['SIGTERM', 'SIGINT', 'SIGHUP'] as const) : (['SIGTERM', 'SIGINT'] as const);
  const reloads = terminal ? (['SIGUSR2'] as const) : (['SIGHUP', 'SIGUSR2'] as const);
  for (const signal of stops) {
    process.removeAllListeners(signal); // bin/forebay.js has one for the time before this
    process.on(signal, () => {
      if (asked) {
        log.warn({ signal }, 'Asked twice: stopping at once.');
        process.exit(1);
      }
      asked = true;
      log.info({ signal }, 'Stopping: what is under way is still delivered.');
      handlers.stop();
    });
  }
  for (const signal of reloads) {
    process.on(signal, () => {
      if (!asked) {
        handlers.reload(signal);
      }
    });
  }
  process.on('SIGUSR1', () => {
    log.info({ signal: 'SIGUSR1' }, 'Flushing: what is written from now on goes into new files.');
    handlers.flush();
  });
}
