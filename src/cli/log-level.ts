// The level of the own log: what the configuration says, and -v and -q more or less.
import { logLevels } from '../config/log-levels.ts';
import type { Plan } from '../engine/plan.ts';

export function levelOf(plan: Plan, verbosity: number): string {
  const usual = logLevels.indexOf(plan.system?.logLevel ?? 'info');
  return logLevels[Math.max(0, Math.min(logLevels.length - 1, usual - verbosity))] ?? 'info';
}
