/** What a batch holds and hears. */
import type { AttestationData, Clock, DutyBatch, HeadRoot, Random } from '../ports.js';
import type { ClaimLedger } from '../rules/at-most-once.js';
import type { ChainSpec, Root, Slot } from '../rules/chain-time.js';
import type { Duty, Trigger, ValidatorIndex } from '../rules/duties.js';
import type { CancelReason, DeferralReason, SkipReason } from '../rules/event-log.js';
import type { NodeNumber } from '../rules/node-choice.js';
import type { KindDefinition } from '../rules/role-definition.js';

/** The first head event for a slot. */
export interface SeenHead {
  readonly slot: Slot;
  readonly block: Root;
  /** Unix ms of its arrival. */
  readonly at: number;
  /** The node that told it. */
  readonly node: NodeNumber;
}

export interface ExecutionInput {
  readonly id: string;
  readonly kind: KindDefinition;
  readonly slot: Slot;
  readonly chain: ChainSpec;
  readonly clock: Clock;
  readonly random: Random;
  readonly claims: ClaimLedger;
  readonly dataFetch: boolean;
  readonly headGraceMs: number;
  /** Unix ms; kinds that wait for the head are handed over no later. */
  readonly dueAt: number;
  /** Unix ms after which the batch may no longer start. */
  readonly startBy: number;
  /** Unix ms after which its result is worthless. */
  readonly deadline: number;
  readonly duties: readonly Duty[];
  /** Its hand-over time had passed when it became known. */
  readonly late: boolean;
  readonly head: SeenHead | undefined;
  /** Why the node is not to be trusted now, if so. */
  readonly unfit: DeferralReason | undefined;
  /** Its table is known to be wrong. */
  readonly stale: boolean;
  /** Attestations of its validators for the epoch before are on their way. */
  readonly olderOnTheWay: boolean;
}

/** What the data actor is asked for. */
export interface CollectDataInput {
  readonly kind: KindDefinition;
  readonly slot: Slot;
  readonly chain: ChainSpec;
  /** Asked first: the node whose head triggered; undefined for the best one. */
  readonly node: NodeNumber | undefined;
}

export type CollectedData = AttestationData | HeadRoot;

/** What the hand-over actor is given. It claims the duties, then calls the executor with those granted. */
export interface HandOverInput {
  readonly batch: Omit<DutyBatch, 'duties'>;
  readonly duties: readonly Duty[];
  readonly claims: ClaimLedger;
}

/** What the hand-over actor hears. */
export type HandOverCommand =
  | { type: 'CANCEL'; validators: readonly ValidatorIndex[] }
  /** The deadline has passed: whoever listens to the signals stops. */
  | { type: 'EXPIRE' };

/** What the hand-over actor tells, once. Cancelled duties are not among them. */
export interface HandOverOutcome {
  readonly type: 'OUTCOME';
  readonly executed: readonly ValidatorIndex[];
  readonly failed: ReadonlyMap<string, readonly ValidatorIndex[]>;
  /** Not handed over: claimed meanwhile. */
  readonly refused: ReadonlyMap<SkipReason, readonly ValidatorIndex[]>;
}

/** What the role tells a batch. */
export type ExecutionUpdate =
  | { readonly type: 'HEAD'; readonly head: SeenHead }
  /** Its duties, read anew from the table; those it has and that are not among them are called off. */
  | {
      readonly type: 'DUTIES';
      readonly duties: readonly Duty[];
      readonly stale: boolean;
      readonly reason: CancelReason;
    }
  /** Its table proved wrong. */
  | { readonly type: 'STALE' }
  /** Whether attestations of its validators for the epoch before are on their way. */
  | { readonly type: 'OLDER'; readonly onTheWay: boolean }
  | { readonly type: 'NODE_FITNESS'; readonly unfit: DeferralReason | undefined }
  /** The wall clock was set, or went on while timers slept: whatever waits for an instant looks at the clock again. */
  | { readonly type: 'CLOCK_STEPPED' };

export type DutiesUpdate = ExecutionUpdate & { type: 'DUTIES' };

export interface ExecutionContext extends ExecutionInput {
  readonly trigger: Trigger;
  readonly data: CollectedData | undefined;
  /** Data asked for at the due point, after some that did not vote for the head: taken as it is. */
  readonly dataIsFinal: boolean;
  readonly dataFailures: number;
  readonly handedOverAt: number;
  /** `duty-due` is said once. */
  readonly dueReported: boolean;
  readonly deferredFor: DeferralReason | undefined;
  /** It has waited long enough for older attestations. */
  readonly patienceIsOver: boolean;
}

/** Why it is held back now, if so. */
export function holdReason({ unfit, stale }: ExecutionContext): DeferralReason | undefined {
  return unfit ?? (stale ? 'duties-stale' : undefined);
}

/** Duties of its own that an update has no more. */
export function vanishedDuties({ duties }: ExecutionContext, update: DutiesUpdate): Duty[] {
  const left = new Set(update.duties.map((duty) => duty.validatorIndex));
  return duties.filter((duty) => !left.has(duty.validatorIndex));
}
