import { epochOf, slotAt, slotStartMs, startSlotOf } from '../../machines/rules/chain-time.js';
import { readActors } from './actor-state.js';
import { KEPT_EPOCHS } from './duty-history.js';
import { dutyMarks } from './duty-marks.js';
import { kindsOfRoles } from './kinds-of-roles.js';
import type { TimelineReport } from './reports.js';
import type { SchedulerWatch } from './scheduler-watch.js';

/** Epochs before the current one that can be asked for. */
export const MOST_PAST_EPOCHS = KEPT_EPOCHS - 1;

/** The last epochs, the current one and the next; undefined before the start. */
export function timelineReport(watch: SchedulerWatch, pastEpochs: number): TimelineReport | undefined {
  const { scheduler, clock, history } = watch;
  if (scheduler.actor === undefined) return undefined;
  const states = readActors(scheduler.actor);
  const { chain } = states.scheduler;
  const { genesisTimeMs, slotDurationMs, slotsPerEpoch } = chain;
  const time = clock.now();
  const epoch = Math.max(0, epochOf(chain, slotAt(chain, time)));
  const from = startSlotOf(chain, Math.max(0, epoch - pastEpochs));
  const to = startSlotOf(chain, epoch + 2) - 1;
  const since = slotStartMs(chain, from);
  return {
    time,
    genesisTimeMs,
    slotDurationMs,
    slotsPerEpoch,
    from,
    to,
    kinds: kindsOfRoles(states.configured),
    roles: states.configured,
    marks: dutyMarks(history, states, from, to),
    heads: history.heads(from, to),
    fetches: history.fetchesSince(since),
    reorgs: history.reorgsSince(since),
  };
}
