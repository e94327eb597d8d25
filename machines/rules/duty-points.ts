/** When a duty of a slot is due, and until when it may still start (SPEC §1, §6). */
import { epochOf, slotStartMs, startSlotOf, type ChainSpec, type DuePoints, type Slot } from './chain-time.js';
import type { DutyKind } from './duties.js';

const DUE_POINT_OF: Readonly<Record<DutyKind, keyof DuePoints | null>> = {
  attester: 'attestation',
  aggregator: 'aggregate',
  proposer: null,
  'sync-committee': 'syncMessage',
  'sync-committee-contribution': 'contribution',
};

/** Unix ms at which a duty of a kind and slot is due: ⌊basis points × slot time / 10000⌋ into the slot; a proposal, at its start. */
export function dueAtMs(chain: ChainSpec, kind: DutyKind, slot: Slot): number {
  const point = DUE_POINT_OF[kind];
  if (point === null) return slotStartMs(chain, slot);
  const points = epochOf(chain, slot) >= chain.forkEpochs.gloas ? chain.duePointsGloas : chain.duePoints;
  return slotStartMs(chain, slot) + Math.floor((points[point] * chain.slotDurationMs) / 10_000);
}

/**
 * First slot that is too late for a duty to start in. Everything but attestations ends with its slot. An attestation
 * counts for `maximumDelay` slots, never beyond the end of the next epoch (EIP-7045).
 */
export function deadlineSlot(chain: ChainSpec, kind: DutyKind, slot: Slot, maximumDelay: number): Slot {
  if (kind !== 'attester') return slot + 1;
  return Math.min(slot + maximumDelay, startSlotOf(chain, epochOf(chain, slot) + 2));
}

/** Unix ms of {@link deadlineSlot}. */
export function deadlineMs(chain: ChainSpec, kind: DutyKind, slot: Slot, maximumDelay: number): number {
  return slotStartMs(chain, deadlineSlot(chain, kind, slot, maximumDelay));
}

/** Oldest slot whose attestations may still start in `slot`. */
export function oldestOpenSlot(chain: ChainSpec, slot: Slot, maximumDelay: number): Slot {
  const oldest = Math.max(slot - maximumDelay + 1, startSlotOf(chain, epochOf(chain, slot) - 1));
  return Math.max(0, oldest);
}
