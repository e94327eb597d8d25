import { slotAt, type Slot } from '../../machines/rules/chain-time.js';
import type { Diagnostic } from '../../machines/rules/event-log.js';
import { readActors } from '../observability/actor-state.js';
import { restartWindow } from '../observability/restart-window.js';
import type { SchedulerWatch } from '../observability/scheduler-watch.js';
import { untilText, type RestartView } from './output/restart-text.js';

/** Until when a restart costs no duty, as it is now; undefined before the start. */
export function restartView({ scheduler, clock, history }: SchedulerWatch): RestartView | undefined {
  if (scheduler.actor === undefined) return undefined;
  const states = readActors(scheduler.actor);
  const now = clock.now();
  const { chain } = states.scheduler;
  const { until, reason } = restartWindow(history, states, slotAt(chain, now));
  return { until, reason, slot: slotAt(chain, until), isSafe: until > now };
}

/** Says at the start of a slot without duties until which slot a restart costs none; once, unless that slot changes. */
export function noteRestartWindows(watch: SchedulerWatch, say: (diagnostic: Diagnostic) => void): void {
  let said: Slot | undefined;
  watch.listen({
    tick() {
      const view = restartView(watch);
      if (view === undefined || !view.isSafe || view.slot === said) return;
      said = view.slot;
      say({ level: 'info', message: `safe to restart ${untilText(view)}` });
    },
  });
}
