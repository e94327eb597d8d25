/** Until when a duty must have ended. */
import { deadlineMs } from '../../../machines/rules/duty-points.js';
import type { Slot } from '../../../machines/rules/chain-time.js';
import type { DutyKind } from '../../../machines/rules/duties.js';
import { SLOT_MS, type World } from '../world.js';

/**
 * Unix ms by which the batch of a duty must be over: an executor that ignores its signals is given up a slot after the
 * deadline. Timers do not see that the clock has jumped ahead, and wake so much later; where whole slots were skipped
 * they are set anew by the next tick, which comes within a slot.
 */
export function endsBy(world: World, kind: DutyKind, slot: Slot): number {
  const began = world.startOf(slot);
  let by = deadlineMs(world.spec, kind, slot, world.spec.slotsPerEpoch) + SLOT_MS;
  for (const { from, ms } of world.jumps) {
    if (ms <= 0 || from + ms < began) continue;
    by = Math.max(by + Math.min(ms, SLOT_MS), from + ms + SLOT_MS);
  }
  return by;
}
