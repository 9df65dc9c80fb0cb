// One run: starts a program, sends it a workload, counts what came out, and says what it cost.
import type { Target, Variant } from './configs.ts';
import { checkOutput, countAll, lastWrite } from './output.ts';
import { cpuSeconds, residentMegabytes } from './proc.ts';
import { send } from './send.ts';
import { type Case, onStage } from './stage.ts';
import type { Tools } from './tools.ts';
import { wireTo } from './wire.ts';
import { outputOf } from './workloads.ts';

export interface Result {
  readonly workload: string;
  readonly target: Target;
  readonly variant: Variant;
  readonly subject: string;
  /** Sent. */
  readonly events: number;
  /** Found in the output; for null what the program says that it took, undefined where it does not say. */
  readonly counted: number | undefined;
  /** All acks that were asked for came. */
  readonly acked: boolean;
  /** CPU seconds per million events, without the start. */
  readonly cpu: number;
  readonly startCpu: number;
  /** Events, and bytes on the wire, per second from the first byte sent to the last event out (null: the last ack). */
  readonly rate: number;
  readonly megabytes: number;
  readonly peakMegabytes: number;
}

/** Rejects where the subject does not start, dies, loses or invents events, or is not done `timeout` ms after the last byte. */
export function measure(what: Case, tools: Tools, timeout = 60_000): Promise<Result> {
  const { subject, workload, target, variant = 'plain' } = what;
  return onStage(what, tools, async ({ running, place, files, startCpu }) => {
    const { port, out } = place;
    const wire = await wireTo(port, variant);
    const options = { sender: tools.sender, wire, files, checkAcks: subject.exact, timeout };
    const sent = send(workload, running, options, async (acks) => {
      if (target === 'null' || subject.exact) await acks;
      // The collector's file is whole when the acks are there; behind a pipe or a buffer, and with a peer, it may take a while.
      const patience = subject.exact && target === 'file' && variant !== 'file-buffer' ? 0 : timeout;
      const inOutput = target === 'null' ? undefined : await countAll(out, workload, patience, running);
      const cpu = cpuSeconds(running.pid) - startCpu;
      const peakMegabytes = residentMegabytes(running.pid, 'VmHWM');
      return { cpu, peakMegabytes, counted: inOutput ?? (await subject.taken?.(running.pid, place)) };
    });
    const load = await sent.finally(wire.stop);
    const { cpu, peakMegabytes, counted } = load.value;
    if (counted !== undefined && counted !== workload.events) {
      throw new Error(`${counted} of ${workload.events} events came out`);
    }
    if (subject.exact && target !== 'null') {
      checkOutput(out, outputOf(workload, target), workload.connections === 1);
    }
    // The file's time is a few milliseconds coarse, and the last event is not out before it was sent.
    const end = target === 'null' ? (load.acks?.at ?? load.sent) : Math.max(lastWrite(out), load.sent);
    const seconds = (end - load.first) / 1e9;
    return {
      workload: workload.name,
      target,
      variant,
      subject: subject.name,
      events: workload.events,
      counted,
      acked: load.acks?.count === workload.acks,
      cpu: (cpu / workload.events) * 1e6,
      startCpu,
      rate: workload.events / seconds,
      megabytes: workload.inputBytes / 1e6 / seconds,
      peakMegabytes,
    };
  });
}
