/** What is subscribed at the beacon nodes (SPEC §7). */
import { firstEpochOf, type ChainSpec, type Slot } from './chain-time.js';
import type { ValidatorIndex } from './duties.js';
import type { DutyTable } from './duty-table.js';

/** An entry of `POST /eth/v1/validator/beacon_committee_subscriptions`. */
export interface BeaconCommitteeSubscription {
  readonly validatorIndex: ValidatorIndex;
  readonly committeeIndex: number;
  readonly committeesAtSlot: number;
  readonly slot: Slot;
  readonly isAggregator: boolean;
}

/** An entry of `POST /eth/v1/validator/sync_committee_subscriptions`. */
export interface SyncCommitteeSubscription {
  readonly validatorIndex: ValidatorIndex;
  readonly syncCommitteeIndices: readonly number[];
  /** First epoch that is no longer served. */
  readonly untilEpoch: number;
}

/** Subscriptions of one kind, ready to be sent. */
export type Subscriptions =
  | { readonly kind: 'beacon-committee'; readonly entries: readonly BeaconCommitteeSubscription[] }
  | { readonly kind: 'sync-committee'; readonly entries: readonly SyncCommitteeSubscription[] };

/**
 * Entries for the attester duties of a table from `slot` on. Every validator may be an aggregator: a distributed
 * validator only knows when its operators have signed the selection proof together, which is too late to subscribe.
 *
 * @param only where given, only these validators
 */
export function beaconCommitteeSubscriptions(
  table: DutyTable,
  slot: Slot,
  only?: ReadonlySet<ValidatorIndex>,
): BeaconCommitteeSubscription[] {
  const entries: BeaconCommitteeSubscription[] = [];
  const { firstSlot, slotCount } = table.span;
  for (let dutySlot = Math.max(slot, firstSlot); dutySlot < firstSlot + slotCount; dutySlot++) {
    const { from, to } = table.rowsAt(dutySlot);
    for (let row = from; row < to; row++) {
      const validatorIndex = table.validator[row]!;
      if (only !== undefined && !only.has(validatorIndex)) continue;
      entries.push({
        validatorIndex,
        committeeIndex: table.field(row, 'committeeIndex'),
        committeesAtSlot: table.field(row, 'committeesAtSlot'),
        slot: dutySlot,
        isAggregator: true,
      });
    }
  }
  return entries;
}

/** Entries for a sync committee table, valid until its own period ends (not the current one). */
export function syncCommitteeSubscriptions(
  chain: ChainSpec,
  table: DutyTable,
  slot: Slot,
  only?: ReadonlySet<ValidatorIndex>,
): SyncCommitteeSubscription[] {
  const { target, firstSlot, slotCount } = table.span;
  if (slot >= firstSlot + slotCount) return [];
  const untilEpoch = firstEpochOf(chain, target + 1);
  const entries: SyncCommitteeSubscription[] = [];
  for (let row = 0; row < table.size; row++) {
    const validatorIndex = table.validator[row]!;
    if (only !== undefined && !only.has(validatorIndex)) continue;
    entries.push({ validatorIndex, syncCommitteeIndices: [...table.positions(row)], untilEpoch });
  }
  return entries;
}

/** Two lots of one kind as one: of entries for the same duty the newer counts. */
export function mergeSubscriptions(older: Subscriptions, newer: Subscriptions): Subscriptions {
  if (older.kind === 'beacon-committee' && newer.kind === 'beacon-committee') {
    const entries = lastOfEach(
      [...older.entries, ...newer.entries],
      ({ validatorIndex, slot }) => `${validatorIndex} ${slot}`,
    );
    return { kind: 'beacon-committee', entries };
  }
  if (older.kind === 'sync-committee' && newer.kind === 'sync-committee') {
    const entries = lastOfEach(
      [...older.entries, ...newer.entries],
      ({ validatorIndex, untilEpoch }) => `${validatorIndex} ${untilEpoch}`,
    );
    return { kind: 'sync-committee', entries };
  }
  throw new TypeError(`cannot merge ${older.kind} and ${newer.kind} subscriptions`);
}

function lastOfEach<E>(entries: readonly E[], keyOf: (entry: E) => string): E[] {
  return [...new Map(entries.map((entry) => [keyOf(entry), entry])).values()];
}
