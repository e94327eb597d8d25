/**
 * What the machines need from the world. Everything from outside (answers, heads, time, jitter, validators) enters
 * through these interfaces and nowhere else, so that a recording can stand in for any of them.
 */
import type { Claim } from './rules/at-most-once.js';
import type { ChainSpec, Epoch, Root, Slot } from './rules/chain-time.js';
import type { DutyAnswer, DutyByKind, DutyKind, Trigger, ValidatorIndex } from './rules/duties.js';
import type { EventLine } from './rules/event-log.js';
import type { BeaconCommitteeSubscription, SyncCommitteeSubscription } from './rules/subscriptions.js';
import type { ValidatorSourceEvent } from './rules/validator-changes.js';
import type { ValidatorId, ValidatorRecord } from './rules/validators.js';

/** Time. XState's own delays run on it too. */
export interface Clock {
  /** Unix time in ms. */
  now(): number;
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** Uniform random number in [0, 1), for jitter only. */
export type Random = () => number;

export type { BeaconCommitteeSubscription, SyncCommitteeSubscription };

/** Why a request to a beacon node gave no usable answer. */
export type BeaconNodeErrorKind =
  /** Nothing came within the time budget. */
  | 'timeout'
  /** The connection was refused, reset, or closed in the middle of the answer. */
  | 'unreachable'
  /** An HTTP status that is not a success; see `status`. */
  | 'http'
  /** The answer is no JSON, or breaks the Beacon API's schema; the message names the field. */
  | 'schema'
  /** The caller gave up. */
  | 'aborted';

/** The one error that a `BeaconNode` rejects with. The message names the endpoint and never a credential. */
export class BeaconNodeError extends Error {
  override readonly name = 'BeaconNodeError';
  constructor(
    readonly kind: BeaconNodeErrorKind,
    message: string,
    /** HTTP status, for kind `http`. */
    readonly status?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** `GET /eth/v1/node/syncing`. */
export interface SyncStatus {
  readonly headSlot: Slot;
  /** Slots between the node's head and the chain's. */
  readonly syncDistance: number;
  readonly isSyncing: boolean;
  readonly isOptimistic: boolean;
  /** The node's execution client does not answer. */
  readonly elOffline: boolean;
}

/** A `head` event. The roots belong to the epoch of the event's slot; `ZERO_ROOT` means unknown. */
export interface HeadEvent {
  readonly slot: Slot;
  readonly block: Root;
  readonly previousDutyDependentRoot: Root;
  readonly currentDutyDependentRoot: Root;
  readonly epochTransition: boolean;
  readonly executionOptimistic: boolean;
}

/** `GET /eth/v1/validator/attestation_data`, as the API names it. */
export interface AttestationData {
  readonly slot: Slot;
  readonly index: number;
  readonly beaconBlockRoot: Root;
  readonly source: { readonly epoch: Epoch; readonly root: Root };
  readonly target: { readonly epoch: Epoch; readonly root: Root };
}

/** `GET /eth/v1/beacon/blocks/head/root`. */
export interface HeadRoot {
  readonly root: Root;
  readonly executionOptimistic: boolean;
}

/** What becomes of one connection to a node's event stream. */
export interface HeadStreamListener {
  /** The node answered the request; not before its first event on some nodes. */
  opened(): void;
  /** Any byte arrived, a comment included. */
  alive(): void;
  head(head: HeadEvent): void;
  /** An event broke the schema; the stream goes on. */
  malformed(error: BeaconNodeError): void;
  /** The stream is over, whatever the reason; nothing comes after this. */
  closed(error: BeaconNodeError): void;
}

/** A beacon node. Every method keeps its own time budget, ends its request when `signal` fires, and rejects with a {@link BeaconNodeError}. */
export interface BeaconNode {
  /** For logs: the address without credentials. */
  readonly url: string;
  /** Spec and genesis together. Resolves to undefined while genesis is not yet known (a JSON 404). */
  getChainSpec(signal: AbortSignal): Promise<ChainSpec | undefined>;
  getSyncStatus(signal: AbortSignal): Promise<SyncStatus>;
  /** Those of `ids` that the node knows, in no particular order. */
  getValidators(ids: readonly ValidatorId[], signal: AbortSignal): Promise<ValidatorRecord[]>;
  /** `indices` ascending, at least one. Rows of validators not asked for are left out. */
  getAttesterDuties(epoch: Epoch, indices: Uint32Array, signal: AbortSignal): Promise<DutyAnswer>;
  /** Everyone's proposals of the epoch. By v2 unless `version` is 1; rejects with `http` 404 or 405 where v2 is not served. */
  getProposerDuties(epoch: Epoch, version: 1 | 2, signal: AbortSignal): Promise<DutyAnswer>;
  /** Committee of the period in which `epoch` lies. */
  getSyncCommitteeDuties(epoch: Epoch, indices: Uint32Array, signal: AbortSignal): Promise<DutyAnswer>;
  /** `committeeIndex` undefined: left out of the request (from Gloas on). */
  getAttestationData(slot: Slot, committeeIndex: number | undefined, signal: AbortSignal): Promise<AttestationData>;
  getHeadRoot(signal: AbortSignal): Promise<HeadRoot>;
  subscribeBeaconCommittees(entries: readonly BeaconCommitteeSubscription[], signal: AbortSignal): Promise<void>;
  subscribeSyncCommittees(entries: readonly SyncCommitteeSubscription[], signal: AbortSignal): Promise<void>;
  /** One connection to the event stream; it ends with `closed`, or silently when `signal` fires. */
  openHeadStream(listener: HeadStreamListener, signal: AbortSignal): void;
}

/** Data of a slot that the duties sign over, where the scheduler fetched it. */
export interface DutyData {
  readonly attester: AttestationData;
  readonly aggregator: undefined;
  readonly proposer: undefined;
  readonly 'sync-committee': HeadRoot;
  readonly 'sync-committee-contribution': undefined;
}

/** A duty with the signal that fires when it is cancelled (re-org, removal, liquidation, deadline, stop), until its executor has reported. */
export type DutyWithSignal<K extends DutyKind> = DutyByKind[K] & { readonly signal: AbortSignal };

/** Duties of one slot and kind, handed over together. */
export interface DutyBatch<K extends DutyKind = DutyKind> {
  readonly kind: K;
  readonly slot: Slot;
  readonly epoch: Epoch;
  readonly trigger: Trigger;
  /** Block of the head event that triggered; undefined for every other trigger. */
  readonly headBlock: Root | undefined;
  /** Unix ms at which the result should go out. */
  readonly dueAt: number;
  /** Unix ms after which the duty is worthless; the signals fire then. */
  readonly deadline: number;
  /** Undefined with `dataFetch: false` and for kinds without data. */
  readonly data: DutyData[K] | undefined;
  readonly duties: readonly DutyWithSignal<K>[];
}

/** What an executor may say per validator; a validator not named was executed. */
export type DutyVerdict =
  | { readonly outcome: 'executed' }
  /** `nothingSigned: true` gives the claim back, so that the duty may be handed over again. */
  | { readonly outcome: 'failed'; readonly error: string; readonly nothingSigned?: boolean };

export type ExecutionReport = ReadonlyMap<ValidatorIndex, DutyVerdict>;

/** Carries out a batch. A rejection counts as failed for every duty of the batch. */

export type Executor<K extends DutyKind> = (batch: DutyBatch<K>) => Promise<ExecutionReport | void>;

/** One function per kind; a kind without one is not handed over. */
export type Executors = { readonly [K in DutyKind]?: Executor<K> };

/** Where validators come from: a fixed list, the SSV contract, the embedder. */
export interface ValidatorSource {
  /**
   * Starts telling: `VALIDATORS_KNOWN` first, once, then every change in order, until `signal` fires. A source that
   * cannot go on calls `fail`; the scheduler keeps what it knows.
   */
  run(tell: (event: ValidatorSourceEvent) => void, fail: (error: Error) => void, signal: AbortSignal): void;
}

/** What outlives the process. No method throws: a full disk never stops a duty. */
export interface Journal {
  /** Appends a line of the event log. */
  report(line: EventLine): void;
  /** Appends a claim; it has left the process when this returns, because the executor is called next. */
  claimed(claim: Claim): void;
  /** Appends that a claim was given back. */
  released(claim: Claim): void;
}
