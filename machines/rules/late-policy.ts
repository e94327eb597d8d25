/** Which duties whose hand-over time has passed may still run (SPEC §6 "Late duties"). */
import { epochOf, type ChainSpec, type Slot } from './chain-time.js';
import type { DutyKind } from './duties.js';
import { deadlineSlot, oldestOpenSlot } from './duty-points.js';
import type { SkipReason } from './event-log.js';
import type { SchedulingPolicy } from './policy.js';
import type { RegisteredValidator } from './registry.js';

export interface LateView {
  readonly chain: ChainSpec;
  readonly policy: SchedulingPolicy;
  /** The current slot. */
  readonly slot: Slot;
  /**
   * Oldest slot of which an unbroken record shows what was executed: the start of the journal in the data directory,
   * else the slot in which this process started.
   */
  readonly recordFromSlot: Slot;
}

/** Why a duty of a slot, current or past, may not start now; undefined where it may. */
export function whyTooLate(
  { chain, policy, slot, recordFromSlot }: LateView,
  kind: DutyKind,
  dutySlot: Slot,
): SkipReason | undefined {
  if (dutySlot >= slot) return undefined;
  if (slot >= deadlineSlot(chain, kind, dutySlot, policy.maximumDelay)) return 'deadline-passed';
  switch (policy.late) {
    case 'always':
      return undefined;
    case 'journal':
      return dutySlot >= recordFromSlot ? undefined : 'late-not-permitted';
    case 'never':
      return 'late-not-permitted';
  }
}

/** Oldest slot whose attestations may still run; the current slot where none of the past may. */
export function oldestLateSlot({ chain, policy, slot, recordFromSlot }: LateView): Slot {
  switch (policy.late) {
    case 'always':
      return oldestOpenSlot(chain, slot, policy.maximumDelay);
    case 'journal':
      return Math.min(slot, Math.max(recordFromSlot, oldestOpenSlot(chain, slot, policy.maximumDelay)));
    case 'never':
      return slot;
  }
}

/** First slot in which a duty armed in its own slot may no longer start. */
export function lastChanceSlot({ chain, policy }: LateView, kind: DutyKind, dutySlot: Slot): Slot {
  return policy.late === 'never' ? dutySlot + 1 : deadlineSlot(chain, kind, dutySlot, policy.maximumDelay);
}

/** Why a validator takes no part in a slot yet; undefined where it does. */
export function whyNotYet(
  chain: ChainSpec,
  policy: SchedulingPolicy,
  { eventSlot }: Pick<RegisteredValidator, 'eventSlot'>,
  dutySlot: Slot,
): SkipReason | undefined {
  if (eventSlot === -Infinity) return undefined;
  if (dutySlot < eventSlot && !policy.lateAfterReactivation) return 'before-validator-event';
  if (policy.participationDelayEpochs === 0) return undefined;
  const firstEpoch = epochOf(chain, eventSlot) + policy.participationDelayEpochs;
  return epochOf(chain, dutySlot) < firstEpoch ? 'participation-delay' : undefined;
}
