/** What can be said about a duty of a validator in a slot: a closed vocabulary, described in docs/explain.md. */
import type { Epoch, Slot } from '../../machines/rules/chain-time.js';
import type { DutyKind, ValidatorIndex } from '../../machines/rules/duties.js';

/** What became of a duty. */
export type Verdict =
  | 'executed'
  | 'failed'
  | 'cancelled'
  | 'skipped'
  /** Due, and held back until now. */
  | 'deferred'
  /** Handed over; no outcome is recorded. */
  | 'handed-over'
  /** Planned, and its moment has not come, or is not recorded. */
  | 'planned'
  /** There was nothing to execute; `reason` says why. */
  | 'none';

/** Why there was nothing to execute. */
export type AbsenceReason =
  /** The duties of the epoch were known, and this is none of them. */
  | 'no-duty'
  /** The validator did not take part in that epoch. */
  | 'not-eligible'
  /** No beacon node had named the validator by then, or it is none of ours. */
  | 'validator-unknown'
  /** The duties of the epoch (period) were never there. */
  | 'duties-never-ready'
  /** The role, or this kind of duty, is not run here. */
  | 'not-handed-over'
  /** The process did not run, or slept, in that slot. */
  | 'not-running'
  /** The slot is not in the journal (any more, or yet). */
  | 'not-recorded';

/** One thing that happened on a duty's way. */
export interface LifeStep {
  /** Unix ms. */
  readonly time: number;
  /** Ms since the start of the duty's slot; negative before it. */
  readonly offsetMs: number;
  readonly what:
    | 'planned'
    | 'changed'
    | 'fetch-failed'
    | 'reorg'
    | 'head'
    | 'due'
    | 'deferred'
    | 'data'
    | 'handed-over'
    | 'given-back'
    | 'executed'
    | 'failed'
    | 'cancelled'
    | 'skipped';
  /** For a person. */
  readonly text: string;
}

/** The life line of a duty, or why there is none. */
export interface DutyExplanation {
  readonly role: DutyKind;
  readonly verdict: Verdict;
  /** The reason of a skip, a deferral or a cancellation, the error of a failure, or why there was nothing. */
  readonly reason: string | undefined;
  /** The verdict in words. */
  readonly text: string;
  /** Of a duty that is none: slots of the same table in which the validator has one. */
  readonly elsewhere: readonly Slot[];
  readonly steps: readonly LifeStep[];
}

/** What the journal says of a validator in a slot. */
export interface Explanation {
  readonly slot: Slot;
  readonly epoch: Epoch;
  readonly validator: ValidatorIndex;
  /** Slots in which the journal was written; undefined for an empty one. */
  readonly recorded: { readonly from: Slot; readonly to: Slot } | undefined;
  readonly duties: readonly DutyExplanation[];
  /** What could not be read, in words. */
  readonly gaps: readonly string[];
}
