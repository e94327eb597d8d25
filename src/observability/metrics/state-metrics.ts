import { Gauge, type Registry } from 'prom-client';
import { epochOf, slotAt, startSlotOf } from '../../../machines/rules/chain-time.js';
import { readActors, type ActorStates } from '../actor-state.js';
import { readinessOf } from '../readiness.js';
import { nextEpochStart, plannedIn, tableFor } from '../role-tables.js';
import type { SchedulerWatch } from '../scheduler-watch.js';

/** What is read off the scheduler's state when somebody asks. */
export function gaugeState(registry: Registry, watch: SchedulerWatch, version: string): void {
  const registers = [registry];
  const { scheduler, clock } = watch;
  const states = (): ActorStates | undefined => scheduler.actor && readActors(scheduler.actor);

  new Gauge({
    name: 'ssv_duty_scheduler_info',
    help: 'Always 1; the version is a label',
    labelNames: ['version'] as const,
    registers,
  }).set({ version }, 1);
  new Gauge({
    name: 'ssv_duty_scheduler_ready',
    help: 'Whether duties can be met now, as /readyz says; by check',
    labelNames: ['check'] as const,
    registers,
    collect() {
      this.reset();
      const { ready, checks } = readinessOf(scheduler, clock.now());
      this.set({ check: 'all' }, Number(ready));
      for (const { check, ok } of checks) this.set({ check }, Number(ok));
    },
  });
  new Gauge({
    name: 'ssv_duty_scheduler_tables_ready',
    help: 'Whether the duty table of a role is there for this and for the next epoch',
    labelNames: ['role', 'epoch'] as const,
    registers,
    collect() {
      const seen = states();
      if (seen === undefined) return;
      const { chain } = seen.scheduler;
      const slot = slotAt(chain, clock.now());
      for (const role of seen.configured) {
        const state = seen.roles.get(role);
        this.set({ role, epoch: 'this' }, Number(state !== undefined && tableFor(state, slot).ready));
        const next = state && tableFor(state, nextEpochStart(chain, slot));
        this.set({ role, epoch: 'next' }, Number(next?.ready ?? false));
      }
    },
  });
  new Gauge({
    name: 'ssv_duty_scheduler_duties_planned',
    help: 'Duties known for this and for the next epoch',
    labelNames: ['role', 'epoch'] as const,
    registers,
    collect() {
      this.reset();
      const seen = states();
      if (seen === undefined) return;
      const { chain } = seen.scheduler;
      const epoch = Math.max(0, epochOf(chain, slotAt(chain, clock.now())));
      for (const state of seen.roles.values()) {
        for (const [label, target] of [['this', epoch] as const, ['next', epoch + 1] as const]) {
          const first = startSlotOf(chain, target);
          for (let slot = first; slot < first + chain.slotsPerEpoch; slot++) {
            const planned = plannedIn(state, slot);
            for (const kind of planned?.kinds ?? []) this.inc({ role: kind, epoch: label }, planned!.count);
          }
        }
      }
    },
  });
  new Gauge({
    name: 'ssv_duty_scheduler_validators',
    help: 'Validators by status; unknown: not on the chain yet',
    labelNames: ['status'] as const,
    registers,
    collect() {
      this.reset();
      const counts = states()?.scheduler.registry.toJSON() ?? {};
      for (const [status, count] of Object.entries(counts)) this.set({ status }, count);
    },
  });
  new Gauge({
    name: 'ssv_duty_scheduler_slot',
    help: 'Slot of the last tick',
    registers,
    collect() {
      const slot = states()?.scheduler.slot;
      if (slot !== undefined) this.set(slot);
    },
  });
}
