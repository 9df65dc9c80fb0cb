// Counters and figures as Prometheus reads them. Loaded when they are first asked for.
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { helpOf } from './metric-help.ts';
import type { MetricsSnapshot, Sample } from './metrics-server.ts';

/** Labels are names of the configuration and of tags: longer ones are cut. */
const maxLabel = 200;

export class Metrics {
  /** The figures of this process, which are gathered all the time. */
  readonly #process = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.#process });
  }

  get contentType(): string {
    return this.#process.contentType;
  }

  async text({ counters, gauges }: MetricsSnapshot): Promise<string> {
    const registry = new Registry();
    // What a part counts may also go down: what a buffer holds. Only what never does ends with _total.
    const falling = counters.filter(({ name }) => !name.endsWith('_total'));
    for (const [name, samples] of byName(counters.filter(({ name }) => name.endsWith('_total')))) {
      const metric = new Counter({ ...head(name, samples), registers: [registry] });
      for (const { labels, value } of samples) {
        metric.inc(cut(labels), value);
      }
    }
    for (const [name, samples] of byName([...gauges, ...falling])) {
      const metric = new Gauge({ ...head(name, samples), registers: [registry] });
      for (const { labels, value } of samples) {
        metric.set(cut(labels), value);
      }
    }
    return `${await registry.metrics()}\n${await this.#process.metrics()}`;
  }
}

function head(name: string, samples: readonly Sample[]) {
  return { name, help: helpOf(name), labelNames: [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))] };
}

function byName(samples: readonly Sample[]): Map<string, Sample[]> {
  const names = new Map<string, Sample[]>();
  for (const sample of samples) {
    const same = names.get(sample.name);
    if (same === undefined) {
      names.set(sample.name, [sample]);
    } else {
      same.push(sample);
    }
  }
  return names;
}

function cut(labels: Sample['labels']): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, value.slice(0, maxLabel)]));
}
