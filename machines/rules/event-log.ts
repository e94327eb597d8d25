/**
 * The event log (SPEC §10): everything the scheduler decides, as typed lines. A closed vocabulary, described in
 * docs/event-log.md; whoever reports adds no field and no reason that is not named here.
 */
import type { Epoch, Period, Root, Slot } from './chain-time.js';
import type { DutyKind, Role, Trigger, ValidatorIndex } from './duties.js';

/** Why a table is fetched, or subscriptions are sent. */
export type Cause = 'warm-up' | 'epoch-start' | 'look-ahead' | 'reorg' | 'validators-changed' | 'reconnect' | 'retry';

/** Why a duty that came due waits. */
export type DeferralReason =
  'node-syncing' | 'node-optimistic' | 'execution-client-offline' | 'node-unreachable' | 'duties-stale';

/** Why a duty is not executed. */
export type SkipReason =
  | DeferralReason
  /** There is no proposal in slot 0: its block is the genesis block. */
  | 'genesis-slot'
  /** Its time was over before it was known, or before the scheduler came to it. */
  | 'deadline-passed'
  /** An attestation of a past slot that `--late` does not permit. */
  | 'late-not-permitted'
  /** The validator has attested for this target epoch, or a later one, in another slot. */
  | 'moved-after-claim'
  /** A re-org added it to a slot that was over when the re-org was seen; or, a proposal, to that very slot. */
  | 'added-by-reorg'
  /** The duty's slot is before the event that added or reactivated the validator. */
  | 'before-validator-event'
  /** The participation delay of a new validator is not over. */
  | 'participation-delay'
  /** The data to sign over could not be fetched before the deadline. */
  | 'data-unavailable';

/** Why an execution under way was called off. */
export type CancelReason = 'reorg' | 'validator-removed' | 'stopped';

export type ValidatorChangeCause =
  | 'VALIDATOR_ADDED'
  | 'VALIDATOR_REMOVED'
  | 'VALIDATOR_EXITED'
  | 'CLUSTER_LIQUIDATED'
  | 'CLUSTER_REACTIVATED'
  | 'STATUS_CHANGED';

/** A table, as lines name it: by epoch, or for the sync committee by period. */
export type TableName =
  | { readonly role: Exclude<Role, 'sync-committee'>; readonly epoch: Epoch }
  | { readonly role: 'sync-committee'; readonly period: Period };

interface DutyLine {
  readonly slot: Slot;
  readonly role: DutyKind;
  readonly validators: readonly ValidatorIndex[];
}

/** What happened, without `time` and, where it is the current one, without `slot`. */
export type Report =
  | {
      readonly type: 'scheduler-started';
      readonly epoch: Epoch;
      readonly slotDurationMs: number;
      readonly slotsPerEpoch: number;
      readonly validators: number;
      readonly roles: readonly Role[];
    }
  | ({
      readonly type: 'duties-fetched';
      readonly cause: Cause;
      readonly dependentRoot: Root | null;
      readonly requested: number;
      readonly received: number;
      readonly tookMs: number;
      readonly duties: readonly (readonly [Slot, ValidatorIndex])[];
    } & TableName)
  | ({
      readonly type: 'duties-fetch-failed';
      readonly cause: Cause;
      readonly error: string;
      readonly retryInMs: number;
    } & TableName)
  | ({ readonly type: 'duties-fetch-cancelled'; readonly cause: Cause } & TableName)
  | ({
      readonly type: 'duties-changed';
      readonly added: readonly ValidatorIndex[];
      readonly removed: readonly ValidatorIndex[];
      readonly moved: readonly ValidatorIndex[];
    } & TableName)
  | {
      readonly type: 'reorg';
      readonly previousDependentRootChanged: boolean;
      readonly currentDependentRootChanged: boolean;
      readonly epochTransition: boolean;
      readonly tables: readonly TableName[];
    }
  | ({ readonly type: 'duty-due'; readonly trigger: Trigger; readonly offsetMs: number } & DutyLine)
  | ({ readonly type: 'duty-executed'; readonly offsetMs: number; readonly tookMs: number } & DutyLine)
  | ({ readonly type: 'duty-deferred'; readonly reason: DeferralReason } & DutyLine)
  | ({ readonly type: 'duty-failed'; readonly error: string } & DutyLine)
  | ({ readonly type: 'duty-cancelled'; readonly reason: CancelReason } & DutyLine)
  | ({ readonly type: 'duty-skipped'; readonly reason: SkipReason } & DutyLine)
  | {
      readonly type: 'validators-changed';
      readonly cause: ValidatorChangeCause;
      readonly added: readonly ValidatorIndex[];
      readonly removed: readonly ValidatorIndex[];
    }
  | {
      readonly type: 'subscriptions-sent';
      readonly kind: 'beacon-committee' | 'sync-committee';
      readonly count: number;
      readonly cause: Cause;
    }
  | {
      readonly type: 'beacon-node';
      readonly url: string;
      readonly status: 'connected' | 'lost' | 'syncing' | 'synced' | 'inconsistent';
    }
  | { readonly type: 'slots-skipped'; readonly from: Slot; readonly to: Slot }
  | { readonly type: 'scheduler-stopped'; readonly reason: string };

/** A line of the event log: a report with its time (unix ms) and slot (duty lines: the duty's; else the current one). */
export type EventLine = Report & { readonly time: number; readonly slot: Slot };

/** For people, on stderr: what is no decision of the scheduler. */
export interface Diagnostic {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
}
