/**
 * Chain time of the properties' chain, said a second time: nothing here comes from `machines/rules`, so that a mistake
 * there is not made here too. Slots of 12 s, 8 to the epoch, 4 epochs to the sync committee period.
 */
import type { DutyKind, Role } from '../../machines/rules/duties.js';

export const GENESIS_MS = 1_700_000_000_000;
export const SLOT_MS = 12_000;
export const SLOTS_PER_EPOCH = 8;
export const EPOCHS_PER_PERIOD = 4;
/** Attestations and sync committee messages are due a third into the slot: ⌊3333 × 12000 / 10000⌋ ms. */
export const DUE_MS = 3999;
/** Contributions and aggregates: ⌊6667 × 12000 / 10000⌋ ms. */
export const AGGREGATE_DUE_MS = 8000;

export const KINDS: Readonly<Record<Role, readonly DutyKind[]>> = {
  attester: ['attester', 'aggregator'],
  proposer: ['proposer'],
  'sync-committee': ['sync-committee', 'sync-committee-contribution'],
};

export const startOf = (slot: number): number => GENESIS_MS + slot * SLOT_MS;
export const slotAt = (ms: number): number => Math.floor((ms - GENESIS_MS) / SLOT_MS);
export const epochOf = (slot: number): number => Math.floor(slot / SLOTS_PER_EPOCH);
export const firstSlotOf = (epoch: number): number => epoch * SLOTS_PER_EPOCH;
export const positionOf = (slot: number): number => slot % SLOTS_PER_EPOCH;
export const periodOfEpoch = (epoch: number): number => Math.floor(epoch / EPOCHS_PER_PERIOD);
/** A message of slot s is verified in slot s + 1. */
export const periodServing = (slot: number): number => periodOfEpoch(epochOf(slot + 1));

export const roleOf = (kind: DutyKind): Role =>
  kind === 'proposer' ? 'proposer' : kind.startsWith('sync') ? 'sync-committee' : 'attester';

/** Epoch, or period for the sync committee, of the table that holds the duties of a slot. */
export const targetOf = (role: Role, slot: number): number =>
  role === 'sync-committee' ? periodServing(slot) : epochOf(slot);

/** Whether duties of a kind wait for the head, no longer than the due point. */
export const waitsForHead = (kind: DutyKind): boolean => kind === 'attester' || kind === 'sync-committee';

/** Unix ms after which a duty may not start: attestations, eight slots and never beyond the next epoch; others, their slot. */
export const deadlineOf = (kind: DutyKind, slot: number): number =>
  kind === 'attester' ? startOf(Math.min(slot + SLOTS_PER_EPOCH, firstSlotOf(epochOf(slot) + 2))) : startOf(slot + 1);

/** Unix ms that an executor is told as the due point. */
export const dueAtOf = (kind: DutyKind, slot: number): number =>
  startOf(slot) + (kind === 'proposer' ? 0 : waitsForHead(kind) ? DUE_MS : AGGREGATE_DUE_MS);
