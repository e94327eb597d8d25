import type { Clock } from '../../machines/ports.js';
import { slotAt, type Slot } from '../../machines/rules/chain-time.js';
import type { Diagnostic } from '../../machines/rules/event-log.js';
import type { DutyScheduler } from '../duty-scheduler.js';
import { readActors } from '../observability/actor-state.js';
import { restartWindow } from '../observability/restart-window.js';
import { SchedulerWatch } from '../observability/scheduler-watch.js';
import { clockText } from './output/clock-text.js';

/**
 * Says at the start of a slot without duties until which slot a restart costs none; once, unless that slot changes.
 * Returns how to stop saying so.
 */
export function noteRestartWindows(
  scheduler: DutyScheduler,
  clock: Pick<Clock, 'now'>,
  say: (diagnostic: Diagnostic) => void,
): () => void {
  const watch = new SchedulerWatch(scheduler, clock);
  let said: Slot | undefined;
  watch.listen({
    tick(slot) {
      const { actor } = scheduler;
      if (actor === undefined) return;
      const states = readActors(actor);
      const { until, reason } = restartWindow(watch.history, states, slot);
      const next = slotAt(states.scheduler.chain, until);
      if (until <= clock.now() || next === said) return;
      said = next;
      const why = reason === 'not-known-beyond' ? 'what is due from there on is not known yet' : 'duties are due then';
      say({ level: 'info', message: `safe to restart until slot ${next} (${clockText(until).slice(0, 8)}): ${why}` });
    },
  });
  return () => watch.close();
}
