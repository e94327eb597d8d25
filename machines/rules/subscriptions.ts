/** What is subscribed at the beacon nodes (SPEC §7). */
import { epochOf, firstEpochOf, type ChainSpec, type Slot } from './chain-time.js';
import type { ValidatorIndex } from './duties.js';
import type { DutyTable } from './duty-table.js';
import { identity, membership } from './index-columns.js';

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

/**
 * Entries that need not be there before somebody takes them out: an array, or columns that become objects piece by
 * piece, since 100 000 objects at once would hold up the slot's work.
 */
export interface EntryList<E> {
  readonly length: number;
  slice(start: number, end: number): readonly E[];
}

/** Subscriptions of one kind, ready to be sent. */
export type Subscriptions =
  | { readonly kind: 'beacon-committee'; readonly entries: EntryList<BeaconCommitteeSubscription> }
  | { readonly kind: 'sync-committee'; readonly entries: EntryList<SyncCommitteeSubscription> };

/**
 * Entries for the attester duties of some tables from `slot` on. Every validator may be an aggregator: a distributed
 * validator only knows when its operators have signed the selection proof together, which is too late to subscribe.
 *
 * @param only where given (ascending), only these validators
 */
export function beaconCommitteeSubscriptions(
  tables: readonly DutyTable[],
  slot: Slot,
  only?: Uint32Array,
): EntryList<BeaconCommitteeSubscription> {
  return new SubscribedRows(tables.map((table) => ({ table, rows: rowsToSubscribe(table, slot, only) })));
}

/** Rows of a table whose slots are not over; of `only` these validators, where given. */
function rowsToSubscribe(table: DutyTable, slot: Slot, only: Uint32Array | undefined): Uint32Array {
  const { firstSlot, slotCount } = table.span;
  const first = slot <= firstSlot ? 0 : slot < firstSlot + slotCount ? table.rowsAt(slot).from : table.size;
  if (only === undefined) return identity(table.size).subarray(first);
  const { byValidator, validator } = table;
  const isTaken = new Uint8Array(table.size);
  let count = 0;
  for (let i = 0, k = 0; i < byValidator.length && k < only.length; i++) {
    const row = byValidator[i]!;
    while (only[k]! < validator[row]!) k++;
    if (only[k] === validator[row] && row >= first) count += isTaken[row] = 1;
  }
  const rows = new Uint32Array(count);
  for (let row = first, k = 0; k < count; row++) if (isTaken[row] === 1) rows[k++] = row;
  return rows;
}

/** Rows of tables as entries. */
class SubscribedRows implements EntryList<BeaconCommitteeSubscription> {
  readonly length: number;

  constructor(private readonly lots: readonly { readonly table: DutyTable; readonly rows: Uint32Array }[]) {
    this.length = lots.reduce((sum, { rows }) => sum + rows.length, 0);
  }

  slice(start: number, end: number): BeaconCommitteeSubscription[] {
    const entries: BeaconCommitteeSubscription[] = [];
    let before = 0;
    for (const { table, rows } of this.lots) {
      for (const row of rows.subarray(Math.max(0, start - before), Math.max(0, end - before))) {
        entries.push({
          validatorIndex: table.validator[row]!,
          committeeIndex: table.field(row, 'committeeIndex'),
          committeesAtSlot: table.field(row, 'committeesAtSlot'),
          slot: table.slotOf(row)!,
          isAggregator: true,
        });
      }
      before += rows.length;
    }
    return entries;
  }

  /** A summary, for the inspector: never the rows. */
  toJSON(): Record<string, unknown> {
    return { entries: this.length };
  }
}

/** Entries for a sync committee table, valid until its own period ends (not the current one). */
export function syncCommitteeSubscriptions(
  chain: ChainSpec,
  table: DutyTable,
  slot: Slot,
  only?: Uint32Array,
): SyncCommitteeSubscription[] {
  const { target, firstSlot, slotCount } = table.span;
  if (slot >= firstSlot + slotCount) return [];
  const untilEpoch = firstEpochOf(chain, target + 1);
  const entries: SyncCommitteeSubscription[] = [];
  const isAsked = only === undefined ? () => true : membership(only);
  // The rows of such a table are ordered by validator.
  for (let row = 0; row < table.size; row++) {
    const validatorIndex = table.validator[row]!;
    if (!isAsked(validatorIndex)) continue;
    entries.push({ validatorIndex, syncCommitteeIndices: [...table.positions(row)], untilEpoch });
  }
  return entries;
}

/** Two lots of one kind as one: of entries for the same duty the newer counts. */
export function mergeSubscriptions(older: Subscriptions, newer: Subscriptions): Subscriptions {
  if (older.kind === 'beacon-committee' && newer.kind === 'beacon-committee') {
    const entries = lastOfEach(
      [...allOf(older.entries), ...allOf(newer.entries)],
      ({ validatorIndex, slot }) => `${validatorIndex} ${slot}`,
    );
    return { kind: 'beacon-committee', entries };
  }
  if (older.kind === 'sync-committee' && newer.kind === 'sync-committee') {
    const entries = lastOfEach(
      [...allOf(older.entries), ...allOf(newer.entries)],
      ({ validatorIndex, untilEpoch }) => `${validatorIndex} ${untilEpoch}`,
    );
    return { kind: 'sync-committee', entries };
  }
  throw new TypeError(`cannot merge ${older.kind} and ${newer.kind} subscriptions`);
}

/** Those that are not over in a slot. */
export function withoutOutdated(subscriptions: Subscriptions, chain: ChainSpec, slot: Slot): Subscriptions {
  if (subscriptions.kind === 'beacon-committee') {
    return { kind: 'beacon-committee', entries: allOf(subscriptions.entries).filter((entry) => entry.slot >= slot) };
  }
  const epoch = epochOf(chain, slot);
  return { kind: 'sync-committee', entries: allOf(subscriptions.entries).filter((entry) => entry.untilEpoch > epoch) };
}

function allOf<E>(entries: EntryList<E>): readonly E[] {
  return entries.slice(0, entries.length);
}

function lastOfEach<E>(entries: readonly E[], keyOf: (entry: E) => string): E[] {
  return [...new Map(entries.map((entry) => [keyOf(entry), entry])).values()];
}
