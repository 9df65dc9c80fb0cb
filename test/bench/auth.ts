// What authentication costs of the throughput, once a connection has shaken hands: the same load in turn through two listeners of one process,
// one of which asks for a key and a user.
import { send } from './send.ts';
import { onStage } from './stage.ts';
import type { Subject } from './subjects.ts';
import type { Tools } from './tools.ts';
import { plainWire, provenWire, type Wire } from './wire.ts';
import type { Workload } from './workloads.ts';

export interface AuthCost {
  readonly workload: string;
  readonly pairs: number;
  /** Events per second, medians. */
  readonly without: number;
  readonly with: number;
  /** Of the throughput, the median of the pairs, and between which values half of them are. Below 0 it was faster. */
  readonly percent: number;
  readonly range: readonly [number, number];
}

/** Sends the workload `pairs` times each way. Rejects where an event is lost. */
export function measureAuth(
  subject: Subject,
  workload: Workload,
  tools: Tools,
  pairs: number,
  timeout = 60_000,
): Promise<AuthCost> {
  const what = { subject, workload, target: 'null', variant: 'auth' } as const;
  return onStage(what, tools, async ({ running, place, files }) => {
    const rateOf = async (wire: Wire): Promise<number> => {
      const options = { sender: tools.sender, wire, files, checkAcks: true, timeout };
      try {
        const { first, value } = await send(workload, running, options, (acks) => acks);
        return (workload.events / (value - first)) * 1e9;
      } finally {
        await wire.stop();
      }
    };
    const wires = [async () => plainWire(place.port), () => provenWire(place.port, workload.connections)];
    const rates: number[][] = [[], []];
    for (let turn = 0; turn < 2 * pairs; turn++) {
      // A B B A: neither is always the one that comes second.
      const which = ((turn + 1) >> 1) % 2;
      rates[which]?.push(await rateOf(await (wires[which] as () => Promise<Wire>)()));
    }
    // The message that asks for an ack is the same each time: from one peer it is taken once.
    const expected = 2 * (pairs * (workload.events - workload.size) + workload.size);
    const taken = await subject.taken?.(running.pid, place);
    if (taken !== undefined && taken !== expected) throw new Error(`${taken} of ${expected} events came out`);
    return costOf(workload.name, rates[0] ?? [], rates[1] ?? []);
  });
}

/** From the rates of pairs of runs. */
export function costOf(workload: string, without: readonly number[], with_: readonly number[]): AuthCost {
  const percents = with_.map((rate, pair) => (1 - rate / (without[pair] ?? Number.NaN)) * 100);
  return {
    workload,
    pairs: percents.length,
    without: quantile(without, 0.5),
    with: quantile(with_, 0.5),
    percent: quantile(percents, 0.5),
    range: [quantile(percents, 0.25), quantile(percents, 0.75)],
  };
}

function quantile(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;
}
