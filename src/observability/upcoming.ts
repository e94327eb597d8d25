import { ROLES, type Role, type ValidatorIndex } from '../../machines/rules/duties.js';
import type { Slot } from '../../machines/rules/chain-time.js';
import type { DutyScheduler } from '../duty-scheduler.js';

/** Who has a duty in a slot, by role: the first few, and how many there are. */
export interface UpcomingSlot {
  readonly slot: Slot;
  readonly duties: readonly {
    readonly role: Role;
    readonly first: readonly ValidatorIndex[];
    readonly count: number;
  }[];
}

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
