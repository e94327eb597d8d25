import type { Epoch } from './chain-time.js';
import type { ValidatorIndex } from './duties.js';

/** Validator statuses of the Beacon API (`GET /eth/v1/beacon/states/{state}/validators`). */
export const VALIDATOR_STATUSES = [
  'pending_initialized',
  'pending_queued',
  'active_ongoing',
  'active_exiting',
  'active_slashed',
  'exited_unslashed',
  'exited_slashed',
  'withdrawal_possible',
  'withdrawal_done',
] as const;
export type ValidatorStatus = (typeof VALIDATOR_STATUSES)[number];

/** What a beacon node says of a validator. */
export interface ValidatorRecord {
  readonly index: ValidatorIndex;
  readonly pubkey: string;
  readonly status: ValidatorStatus;
  /** `Infinity` where not yet set. */
  readonly activationEpoch: Epoch;
  readonly exitEpoch: Epoch;
}

/** How a validator is named before a node knows it: its 0x pubkey, or its index in decimal. */
export type ValidatorId = string;
