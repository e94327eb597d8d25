/** What a beacon node's machine holds, hears and tells. */
import type { BeaconNodeError, Clock, HeadEvent, Random } from '../ports.js';
import type { ChainSpec, Epoch, Slot } from '../rules/chain-time.js';
import type { ObservedRoots } from '../rules/dependent-roots.js';
import type { ValidatorIndex } from '../rules/duties.js';
import type { DeferralReason } from '../rules/event-log.js';
import type { NodeNumber } from '../rules/node-choice.js';

export interface BeaconNodeInput {
  readonly node: NodeNumber;
  /** For logs, without credentials. */
  readonly url: string;
  readonly chain: ChainSpec;
  readonly clock: Clock;
  readonly random: Random;
  /** Whether it is the node whose roots count: another one is not probed. */
  readonly leads: boolean;
}

/** What the actors of a node are told. */
export interface NodeRequest {
  readonly node: NodeNumber;
}

/** Duties of one validator are asked for in an epoch and the next, for the sake of their roots. */
export interface ProbeRequest extends NodeRequest {
  readonly epoch: Epoch;
  readonly slot: Slot;
  readonly index: ValidatorIndex;
}

/** What the stream actor tells. */
export type StreamEvent =
  | { type: 'STREAM_ALIVE' }
  | { type: 'STREAM_HEAD'; head: HeadEvent }
  | { type: 'STREAM_MALFORMED'; error: BeaconNodeError }
  | { type: 'STREAM_CLOSED'; error: BeaconNodeError };

export type NodeEvent =
  | StreamEvent
  | { type: 'TICK'; slot: Slot }
  | { type: 'PROBE_NOW' }
  | { type: 'STREAM_STALLED' }
  /** A validator whose duties the probe may ask for; none: nothing to probe with. */
  | { type: 'PROBE_WITH'; index: ValidatorIndex | undefined }
  /** It leads from now on, or no more. */
  | { type: 'LEADS'; leads: boolean };

/** What the node tells the scheduler. */
export type NodeMessage =
  | ({ type: 'HEAD'; head: HeadEvent; at: number } & NodeRequest)
  | ({ type: 'ROOTS'; roots: ObservedRoots } & NodeRequest)
  /** A status request has ended; `answered` is false where it timed out, and `unfit` is then what it was before. */
  | ({ type: 'NODE_STATUS'; answered: boolean; unfit: DeferralReason | undefined } & NodeRequest)
  /** The node came back after an error, or has resynced. */
  | ({ type: 'RECONNECTED' } & NodeRequest);

export interface BeaconNodeContext extends BeaconNodeInput {
  readonly slot: Slot;
  readonly probeIndex: ValidatorIndex | undefined;
  /** Last status that was reported. */
  readonly status: 'unknown' | 'connected' | 'lost' | 'syncing';
  readonly unfit: DeferralReason | undefined;
  /** The connection broke since the node was last known to be well. */
  readonly wasAway: boolean;
  readonly streamDown: boolean;
  /** Slot of the last head that the stream told; undefined before the first. */
  readonly heardHeadSlot: Slot | undefined;
  /** Unix ms at which its status was last asked for. */
  readonly askedAt: number;
  /** Time its last status answer took, in ms. */
  readonly latencyMs: number | undefined;
  readonly healthFailures: number;
  readonly streamFailures: number;
}
