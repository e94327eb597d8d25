import { ROLES } from '../../machines/rules/duties.js';
import type { Slot } from '../../machines/rules/chain-time.js';
import type { DutyScheduler } from '../duty-scheduler.js';
import type { UpcomingSlot } from './reports.js';

const SHOWN_VALIDATORS = 12;

/** The known duties of the slots after `slot`. */
export function upcomingSlots(scheduler: Pick<DutyScheduler, 'duties'>, slot: Slot, count: number): UpcomingSlot[] {
  return Array.from({ length: count }, (_, index) => {
    const next = Math.max(0, slot + 1) + index;
    const known = scheduler.duties(next);
    const duties = ROLES.flatMap((role) => {
      // Slot 0 is the genesis block's: nobody proposes it.
      const ofRole = role === 'proposer' && next === 0 ? [] : (known[role] ?? []);
      if (ofRole.length === 0) return [];
      const first = ofRole.slice(0, SHOWN_VALIDATORS).map(({ validatorIndex }) => validatorIndex);
      return [{ role, first, count: ofRole.length }];
    });
    return { slot: next, duties };
  });
}
