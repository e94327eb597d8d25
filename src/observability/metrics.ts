import { collectDefaultMetrics, Registry } from 'prom-client';
import type { SchedulerWatch } from './scheduler-watch.js';
import { countDuties } from './metrics/duty-metrics.js';
import { countFetches } from './metrics/fetch-metrics.js';
import { countNodeRequests } from './metrics/node-metrics.js';
import { gaugeState } from './metrics/state-metrics.js';
import { countValidators } from './metrics/validator-metrics.js';

/** The metrics of one scheduler, in a registry of their own. */
export interface Metrics {
  readonly contentType: string;
  /** In the text format of Prometheus. */
  text(): Promise<string>;
  close(): void;
}

/**
 * Counts what a scheduler does (docs/metrics.md). Counters move as lines come; what can be read off the state is read
 * when somebody asks.
 */
export function createMetrics(watch: SchedulerWatch, version: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const endings = [
    countDuties(registry, watch),
    countFetches(registry, watch),
    countNodeRequests(registry, watch),
    countValidators(registry, watch),
  ];
  gaugeState(registry, watch, version);
  return {
    contentType: registry.contentType,
    text() {
      watch.settle();
      return registry.metrics();
    },
    close() {
      for (const end of endings) end();
      registry.clear();
    },
  };
}
