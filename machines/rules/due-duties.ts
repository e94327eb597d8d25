/** Which duties of a table run in a slot, and which do not and why (SPEC §6). */
import { epochOf, type ChainSpec, type Slot } from './chain-time.js';
import type { ClaimLedger } from './at-most-once.js';
import type { Duty, DutyKind, ValidatorIndex } from './duties.js';
import type { DutyTable } from './duty-table.js';
import type { SkipReason } from './event-log.js';
import { whyNotYet, whyTooLate, type LateView } from './late-policy.js';
import type { RegisteredValidator, Registry } from './registry.js';

export interface DueView extends LateView {
  readonly registry: Registry;
  readonly claims: ClaimLedger;
}

/** Duties of one kind and slot, sorted into those that run and those that do not. */
export interface DueDuties {
  readonly run: readonly Duty[];
  readonly skip: ReadonlyMap<SkipReason, readonly ValidatorIndex[]>;
}

/**
 * Reads the duties of a kind and slot from a table.
 *
 * @param only where given, only these validators are looked at (those that a swap added or moved)
 */
export function dueDuties(
  view: DueView,
  table: DutyTable,
  kind: DutyKind,
  slot: Slot,
  only?: (index: ValidatorIndex) => boolean,
): DueDuties {
  const { chain, policy, registry, claims } = view;
  const run: Duty[] = [];
  const skip = new Map<SkipReason, ValidatorIndex[]>();
  const tooLate = kind === 'proposer' && slot === 0 ? 'genesis-slot' : whyTooLate(view, kind, slot);
  const epoch = epochOf(chain, slot);
  const { from, to } = table.rowsAt(slot);
  for (let row = from; row < to; row++) {
    const index = table.validator[row]!;
    if (only !== undefined && !only(index)) continue;
    const validator = registry.byIndex(index);
    if (validator === undefined || validator.liquidated) continue;
    const claimed = claims.stateOf(kind, slot, epoch, index);
    if (claimed === 'already-claimed') continue;
    const reason = claimed === 'moved-after-claim' ? claimed : (whyNotYet(chain, policy, validator, slot) ?? tooLate);
    // Of what only its own slot allows, nothing was lost before the validator was ours.
    if (reason === 'before-validator-event' && kind !== 'attester') continue;
    if (reason === undefined) {
      run.push(dutyOf(chain, table, row, kind, slot, validator));
      continue;
    }
    const skipped = skip.get(reason);
    if (skipped === undefined) skip.set(reason, [index]);
    else skipped.push(index);
  }
  return { run, skip };
}

/** A row as an executor sees it. */
export function dutyOf(
  chain: ChainSpec,
  table: DutyTable,
  row: number,
  kind: DutyKind,
  slot: Slot,
  validator: RegisteredValidator | undefined,
): Duty {
  const duty = {
    validatorIndex: table.validator[row]!,
    pubkey: validator?.record?.pubkey ?? '',
    slot,
    epoch: epochOf(chain, slot),
    ...(validator?.committee && { committee: validator.committee }),
  };
  switch (kind) {
    case 'attester':
    case 'aggregator':
      return {
        ...duty,
        committeeIndex: table.field(row, 'committeeIndex'),
        committeeLength: table.field(row, 'committeeLength'),
        committeesAtSlot: table.field(row, 'committeesAtSlot'),
        validatorCommitteeIndex: table.field(row, 'validatorCommitteeIndex'),
      };
    case 'proposer':
      return duty;
    case 'sync-committee':
    case 'sync-committee-contribution':
      return { ...duty, validatorSyncCommitteeIndices: [...table.positions(row)] };
  }
}
