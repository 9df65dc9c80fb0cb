// The programs that take the load: a collector of this or another tree, the floor, and any peer that a command starts.
import { dirname, join } from 'node:path';
import { askControl } from '../../src/engine/control-client.ts';
import { projectNode, projectRoot } from '../support/project.ts';
import { type Target, type Variant, writeConfig } from './configs.ts';
import type { Tools } from './tools.ts';
import { outputOf, type Workload } from './workloads.ts';

/** One start of a subject: where it listens and where its output goes. */
export interface Place {
  readonly port: number;
  readonly target: Target;
  readonly variant: Variant;
  readonly workload: Workload;
  /** Where its output ends up; for the target null the bench makes no use of it. */
  readonly out: string;
  readonly ack: string;
  readonly log: string;
}

export interface Subject {
  readonly name: string;
  /** The output is known to the byte and is there before the ack, and acks are checked. */
  readonly exact: boolean;
  /** The tree that a collector was built in. */
  readonly root?: string;
  /** Where it can say itself how many events its outputs took. */
  readonly taken?: (pid: number, place: Place) => Promise<number>;
  readonly command: (place: Place) => readonly [string, readonly string[]];
}

const outputCounter = 'forebay_output_events_total';

/** The collector that was built in the tree `root`. */
export function forebay(root = projectRoot, name = 'forebay'): Subject {
  return {
    name,
    exact: true,
    root,
    taken: async (pid, place) => {
      const answer = await askControl(join(dirname(place.out), 'forebay', `${pid}.sock`), { op: 'health' });
      if (!answer.ok) throw new Error(`its control socket: ${answer.error}`);
      const counters = answer.body['counters'] as { readonly name: string; readonly value: number }[];
      return counters.filter((each) => each.name === outputCounter).reduce((sum, each) => sum + each.value, 0);
    },
    command: ({ port, target, variant, out }) => {
      const config = writeConfig(dirname(out), port, target, variant);
      return [projectNode(), [join(root, 'bin', 'forebay.js'), 'run', '-c', config]];
    },
  };
}

/** Reads the same bytes and writes as many, and understands nothing. Of TLS it only reads. */
export function floor(tools: Tools): Subject {
  return {
    name: 'floor',
    exact: false,
    command: ({ port, target, variant, workload, out, ack }) => {
      if (variant === 'tls') {
        const program = new URL('tls-sink.ts', import.meta.url).pathname;
        return [projectNode(), [program, String(port), String(workload.inputBytes / workload.acks), ack]];
      }
      // Whole lines of one length, so that they can be counted: a few bytes less than the collector writes.
      const line = Math.floor(outputOf(workload, target).bytes / workload.events);
      const numbers = [port, workload.inputBytes, line * workload.events, line, workload.inputBytes / workload.acks];
      const into = target === 'null' ? [] : [target === 'stdout' ? '-' : out];
      return [tools.sink, [...numbers.map(String), ack, ...into]];
    },
  };
}

/**
 * Another program, from `NAME=COMMAND` on the command line. `{port}`, `{out}` and `{target}` in the command, and PORT, OUT and TARGET in
 * its environment, say where to listen, where to write, and whether events are to be dropped (null), printed (stdout: what it prints goes
 * through a pipe into OUT) or written to the file OUT as JSON lines (file).
 */
export function peer(definition: string): Subject {
  const [, name, command] = /^([\w.-]+)=(.+)$/s.exec(definition) ?? [];
  if (name === undefined || command === undefined) throw new Error(`--peer takes NAME=COMMAND, not ${definition}`);
  return {
    name,
    exact: false,
    command: ({ port, target, out }) => {
      const values: Readonly<Record<string, string>> = { port: String(port), out, target };
      return ['sh', ['-c', command.replace(/\{(port|out|target)\}/g, (_, key: string) => values[key] ?? '')]];
    },
  };
}
