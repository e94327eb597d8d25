import { Counter, Histogram, type Registry } from 'prom-client';
import type { SchedulerWatch } from '../scheduler-watch.js';

const FETCH_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 12];

/** Fetches of duty tables, re-orgs, subscriptions, changes of validators. Returns how to stop counting. */
export function countFetches(registry: Registry, watch: SchedulerWatch): () => void {
  const registers = [registry];
  const fetches = new Counter({
    name: 'ssv_duty_scheduler_fetches_total',
    help: 'Fetches of duty tables: fetched, failed (an attempt) or cancelled',
    labelNames: ['role', 'cause', 'outcome'] as const,
    registers,
  });
  const duration = new Histogram({
    name: 'ssv_duty_scheduler_fetch_duration_seconds',
    help: 'Time a fetched duty table took, from its last request on',
    labelNames: ['role', 'cause'] as const,
    buckets: FETCH_SECONDS,
    registers,
  });
  const changes = new Counter({
    name: 'ssv_duty_scheduler_duties_changed_total',
    help: 'Duties that a new table changed',
    labelNames: ['role', 'change'] as const,
    registers,
  });
  const reorgs = new Counter({
    name: 'ssv_duty_scheduler_reorgs_total',
    help: 'Re-orgs seen, by the dependent root that changed (previous, current, both; none: the head moved back)',
    labelNames: ['changed'] as const,
    registers,
  });
  const subscriptions = new Counter({
    name: 'ssv_duty_scheduler_subscriptions_total',
    help: 'Subscriptions that the beacon node took',
    labelNames: ['kind', 'cause'] as const,
    registers,
  });
  const validatorChanges = new Counter({
    name: 'ssv_duty_scheduler_validator_changes_total',
    help: 'Changes of the validators or their statuses',
    labelNames: ['cause'] as const,
    registers,
  });
  const slotsSkipped = new Counter({
    name: 'ssv_duty_scheduler_slots_skipped_total',
    help: 'Slots without a tick',
    registers,
  });
  return watch.listen({
    line(line) {
      switch (line.type) {
        case 'duties-fetched':
          fetches.inc({ role: line.role, cause: line.cause, outcome: 'fetched' });
          duration.observe({ role: line.role, cause: line.cause }, line.tookMs / 1000);
          break;
        case 'duties-fetch-failed':
          fetches.inc({ role: line.role, cause: line.cause, outcome: 'failed' });
          break;
        case 'duties-fetch-cancelled':
          fetches.inc({ role: line.role, cause: line.cause, outcome: 'cancelled' });
          break;
        case 'duties-changed':
          for (const change of ['added', 'removed', 'moved'] as const) {
            changes.inc({ role: line.role, change }, line[change].length);
          }
          break;
        case 'reorg':
          reorgs.inc({ changed: changedRoots(line.previousDependentRootChanged, line.currentDependentRootChanged) });
          break;
        case 'subscriptions-sent':
          subscriptions.inc({ kind: line.kind, cause: line.cause }, line.count);
          break;
        case 'validators-changed':
          validatorChanges.inc({ cause: line.cause });
          break;
        case 'slots-skipped':
          slotsSkipped.inc(line.to - line.from + 1);
          break;
        default:
      }
    },
  });
}

function changedRoots(previous: boolean, current: boolean): string {
  if (previous) return current ? 'both' : 'previous';
  return current ? 'current' : 'none';
}
