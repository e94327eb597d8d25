import { Counter, Histogram, type Registry } from 'prom-client';
import { slotStartMs } from '../../../machines/rules/chain-time.js';
import { dueAtMs } from '../../../machines/rules/duty-points.js';
import type { Trigger } from '../../../machines/rules/duties.js';
import type { EventLine } from '../../../machines/rules/event-log.js';
import type { SchedulerWatch } from '../scheduler-watch.js';

/** Fine around a third and two thirds of a 12 s slot, and wide enough for attestations made up later. */
const SLOT_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 8.5, 9, 10, 12, 24, 96, 384];
const MARGIN_SECONDS = [-8, -4, -3, -2, -1.5, -1, -0.5, -0.25, -0.1, 0, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 12];
const WORK_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8];

/** Duties by what became of them, and when in their slot. Returns how to stop counting. */
export function countDuties(registry: Registry, watch: SchedulerWatch): () => void {
  const registers = [registry];
  const due = new Counter({
    name: 'ssv_duty_scheduler_duties_due_total',
    help: 'Duties that came due, by what started them',
    labelNames: ['role', 'trigger'] as const,
    registers,
  });
  const met = new Counter({
    name: 'ssv_duty_scheduler_duties_met_total',
    help: 'Duties that the executor carried out, by what started them; trigger="late": after their hand-over time',
    labelNames: ['role', 'trigger'] as const,
    registers,
  });
  const failed = new Counter({
    name: 'ssv_duty_scheduler_duties_failed_total',
    help: 'Duties that the executor failed',
    labelNames: ['role'] as const,
    registers,
  });
  const withReason = (outcome: 'deferred' | 'skipped' | 'cancelled', help: string) =>
    new Counter({
      name: `ssv_duty_scheduler_duties_${outcome}_total`,
      help,
      labelNames: ['role', 'reason'] as const,
      registers,
    });
  const deferred = withReason('deferred', 'Duties held back when they came due; counted again with their outcome');
  const skipped = withReason('skipped', 'Duties that were not executed');
  const cancelled = withReason('cancelled', 'Duties called off after they came due');
  const startOffset = new Histogram({
    name: 'ssv_duty_scheduler_duty_start_offset_seconds',
    help: "From the slot's start to the instant a batch comes due",
    labelNames: ['role', 'trigger'] as const,
    buckets: SLOT_SECONDS,
    registers,
  });
  const doneOffset = new Histogram({
    name: 'ssv_duty_scheduler_duty_done_offset_seconds',
    help: "From the slot's start to the end of a batch's execution",
    labelNames: ['role'] as const,
    buckets: SLOT_SECONDS,
    registers,
  });
  const margin = new Histogram({
    name: 'ssv_duty_scheduler_duty_done_after_due_seconds',
    help: "From a batch's due point to the end of its execution; negative: done before",
    labelNames: ['role'] as const,
    buckets: MARGIN_SECONDS,
    registers,
  });
  const execution = new Histogram({
    name: 'ssv_duty_scheduler_duty_execution_duration_seconds',
    help: 'From the hand-over of a batch to the end of its execution',
    labelNames: ['role'] as const,
    buckets: WORK_SECONDS,
    registers,
  });

  const executed = (line: Extract<EventLine, { type: 'duty-executed' }>, trigger: Trigger | undefined) => {
    const { role, slot, validators, offsetMs, tookMs } = line;
    met.inc({ role, trigger: trigger ?? 'unknown' }, validators.length);
    doneOffset.observe({ role }, offsetMs / 1000);
    execution.observe({ role }, tookMs / 1000);
    const chain = watch.chain;
    if (chain === undefined || trigger === 'late') return;
    const dueOffset = dueAtMs(chain, role, slot) - slotStartMs(chain, slot);
    margin.observe({ role }, (offsetMs - dueOffset) / 1000);
  };

  return watch.listen({
    line(line, trigger) {
      switch (line.type) {
        case 'duty-due':
          due.inc({ role: line.role, trigger: line.trigger }, line.validators.length);
          startOffset.observe({ role: line.role, trigger: line.trigger }, line.offsetMs / 1000);
          break;
        case 'duty-executed':
          executed(line, trigger);
          break;
        case 'duty-failed':
          failed.inc({ role: line.role }, line.validators.length);
          break;
        case 'duty-deferred':
          deferred.inc({ role: line.role, reason: line.reason }, line.validators.length);
          break;
        case 'duty-skipped':
          skipped.inc({ role: line.role, reason: line.reason }, line.validators.length);
          break;
        case 'duty-cancelled':
          cancelled.inc({ role: line.role, reason: line.reason }, line.validators.length);
          break;
        default:
      }
    },
  });
}
