/** A duty role as data: what the one role machine needs to know to serve it. A new role is one file in this folder. */
import type { ChainSpec, Epoch, Slot } from './chain-time.js';
import type { Role, DutyKind } from './duties.js';
import type { TableSpan } from './duty-table.js';
import type { SchedulingPolicy } from './policy.js';

/** When a kind of duty is handed over. */
export interface KindDefinition {
  readonly kind: DutyKind;
  /** `head`: with the head event for the slot, no later than the due point. `slot-start`: at once, the due point is for the executor. */
  readonly handover: 'head' | 'slot-start';
  /** What is fetched before the hand-over. */
  readonly data: 'attestation-data' | 'head-root' | null;
}

/** What decides which tables a role needs. */
export interface NeedsView {
  readonly chain: ChainSpec;
  readonly policy: SchedulingPolicy;
  readonly slot: Slot;
  /** Oldest slot of which an unbroken record shows what was executed; see `rules/late-policy`. */
  readonly recordFromSlot: Slot;
  /** Whether the node serves `GET /eth/v2/validator/duties/proposer/{epoch}`, as far as is known. */
  readonly servesProposerV2: boolean;
}

/** A table that must be there, or should soon be. */
export interface Need {
  readonly target: number;
  readonly urgency: 'now' | 'ahead';
}

export interface RoleDefinition {
  readonly role: Role;
  readonly kinds: readonly KindDefinition[];
  /** An answer names everyone, not only those asked for: no delta fetches. */
  readonly answersNameEveryone: boolean;
  /** Duties of a table known to be wrong wait for the new one. */
  readonly waitsWhileStale: boolean;
  /** Without a root in the API, tables are fetched again at each epoch start. */
  readonly verifiedEachEpoch: boolean;
  readonly subscription: 'beacon-committee' | 'sync-committee' | null;
  /** Tables needed in a slot, the most urgent first (SPEC §3). */
  needs(view: NeedsView): Need[];
  /** Target of the table that holds the duties of a slot. */
  targetOf(chain: ChainSpec, slot: Slot): number;
  span(chain: ChainSpec, target: number): TableSpan;
  /** Epoch that a request for `target`, made in `slot`, names, and at which eligibility is judged. */
  requestEpoch(chain: ChainSpec, target: number, slot: Slot): Epoch;
}
