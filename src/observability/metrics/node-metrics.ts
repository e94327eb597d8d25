import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { ClockOffset } from '../clock-offset.js';
import type { SchedulerWatch } from '../scheduler-watch.js';

const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 12];
const ARRIVAL_SECONDS = [0.25, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 8, 12];
const DELAY_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 4];

/** Requests to beacon nodes, their clocks, and when ticks and heads come. Returns how to stop counting. */
export function countNodeRequests(registry: Registry, watch: SchedulerWatch): () => void {
  const registers = [registry];
  const requests = new Counter({
    name: 'ssv_duty_scheduler_node_requests_total',
    help: 'Requests to beacon nodes by class of the status, or why there was no complete answer; open event streams that ended',
    labelNames: ['node', 'endpoint', 'outcome'] as const,
    registers,
  });
  const duration = new Histogram({
    name: 'ssv_duty_scheduler_node_request_duration_seconds',
    help: 'Time of requests to beacon nodes, whatever their outcome',
    labelNames: ['endpoint'] as const,
    buckets: REQUEST_SECONDS,
    registers,
  });
  const offsets = new Map<string, ClockOffset>();
  new Gauge({
    name: 'ssv_duty_scheduler_node_clock_offset_seconds',
    help: "How far a beacon node's clock is ahead of ours, by the date of its answers",
    labelNames: ['node'] as const,
    registers,
    collect() {
      for (const [node, offset] of offsets) if (offset.ms !== undefined) this.set({ node }, offset.ms / 1000);
    },
  });
  const tickDelay = new Histogram({
    name: 'ssv_duty_scheduler_slot_tick_delay_seconds',
    help: "From a slot's start to its tick",
    buckets: DELAY_SECONDS,
    registers,
  });
  const headOffset = new Histogram({
    name: 'ssv_duty_scheduler_head_arrival_offset_seconds',
    help: "From a slot's start to its first head event",
    buckets: ARRIVAL_SECONDS,
    registers,
  });
  let ticked = false;
  const endings = [
    watch.scheduler.on('node-request', (request) => {
      const { url, endpoint, outcome, isStream, sentAt, endedAt } = request;
      requests.inc({ node: url, endpoint, outcome });
      if (!isStream) duration.observe({ endpoint }, (endedAt - sentAt) / 1000);
      let offset = offsets.get(url);
      if (offset === undefined) offsets.set(url, (offset = new ClockOffset()));
      offset.take(request);
    }),
    watch.listen({
      tick(_slot, delayMs) {
        // The first one comes whenever the scheduler starts.
        if (ticked) tickDelay.observe(delayMs / 1000);
        ticked = true;
      },
      head: (_slot, offsetMs) => headOffset.observe(offsetMs / 1000),
    }),
  ];
  return () => {
    for (const end of endings) end();
  };
}
