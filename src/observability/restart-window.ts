import { slotStartMs, type Slot } from '../../machines/rules/chain-time.js';
import type { ActorStates } from './actor-state.js';
import type { DutyHistory } from './duty-history.js';
import { stateOf } from './duty-marks.js';
import type { RestartReport } from './reports.js';
import { nextEpochStart, plannedIn } from './role-tables.js';

/**
 * Until when a restart costs no duty, as far as the tables tell: the current slot's duties must have their outcome, and
 * no slot before may have any. It looks to the end of the next epoch.
 */
export function restartWindow(history: DutyHistory, states: ActorStates, slot: Slot): RestartReport {
  const { chain } = states.scheduler;
  const from = Math.max(0, slot);
  const end = nextEpochStart(chain, from) + chain.slotsPerEpoch;
  for (let at = from; at < end; at++) {
    for (const state of states.roles.values()) {
      const planned = plannedIn(state, at);
      if (planned === undefined) return { until: slotStartMs(chain, at), reason: 'not-known-beyond' };
      if (planned.count === 0 || (at === slot && planned.kinds.every((kind) => isSettled(history, kind, at)))) continue;
      return { until: slotStartMs(chain, at), reason: at === slot ? 'duties-under-way' : 'duties-ahead' };
    }
  }
  return { until: slotStartMs(chain, end), reason: 'not-known-beyond' };
}

function isSettled(history: DutyHistory, kind: Parameters<DutyHistory['of']>[0], slot: Slot): boolean {
  const duties = history.of(kind, slot);
  const state = duties && stateOf(duties);
  return state !== undefined && state !== 'open' && state !== 'planned' && state !== 'deferred';
}
