import type { Epoch, Root, Slot } from './chain-time.js';

/** A role has one machine and one kind of duty table. (`ptc` joins with the Gloas fork.) */
export type Role = 'attester' | 'proposer' | 'sync-committee';

export const ROLES: readonly Role[] = ['attester', 'proposer', 'sync-committee'];

/** What is handed to an executor. A role's table yields one or two kinds. */
export type DutyKind = 'attester' | 'aggregator' | 'proposer' | 'sync-committee' | 'sync-committee-contribution';

/** Every kind there is. */
export const DUTY_KINDS: readonly DutyKind[] = [
  'attester',
  'aggregator',
  'proposer',
  'sync-committee',
  'sync-committee-contribution',
];

/** Why a batch is handed over now. */
export type Trigger = 'slot-start' | 'head' | 'payload' | 'deadline' | 'late';

/** Index of a validator in the beacon state. */
export type ValidatorIndex = number;

/** Small unsigned fields of a duty, one column each. */
export type DutyField = 'committeeIndex' | 'committeeLength' | 'committeesAtSlot' | 'validatorCommitteeIndex';

/**
 * Duties as columns: row i of every column is one duty. A node's answer arrives in this form and a table keeps it,
 * so that 100 000 duties are a few typed arrays and not 100 000 objects.
 */
export interface DutyColumns {
  readonly validator: Uint32Array;
  /** Absent for the sync committee, whose duties stand in every slot of the period. */
  readonly slot?: Uint32Array;
  /** Attester: all four of them. Other roles: none. */
  readonly fields: Readonly<Partial<Record<DutyField, Uint16Array>>>;
  /** Sync committee: the positions of row i are `values[offsets[i] … offsets[i + 1])`. */
  readonly positions?: { readonly offsets: Uint32Array; readonly values: Uint16Array };
}

/** A complete answer to a duties request. */
export interface DutyAnswer {
  /** Null where the API names none (sync committee). */
  readonly dependentRoot: Root | null;
  /** Version of the endpoint that answered: the roots of v1 and v2 proposer duties differ in meaning. */
  readonly endpointVersion: 1 | 2;
  readonly columns: DutyColumns;
}

interface DutyOfValidator {
  readonly validatorIndex: ValidatorIndex;
  /** 48 bytes as lower-case 0x hex. */
  readonly pubkey: string;
  readonly slot: Slot;
  readonly epoch: Epoch;
  /** Operators of the validator's committee, ascending; only for validators that the SSV contract names. */
  readonly committee?: readonly number[];
}

/** Attester and aggregator duty: names as in `GET …/duties/attester`. */
export interface AttesterDuty extends DutyOfValidator {
  readonly committeeIndex: number;
  readonly committeeLength: number;
  readonly committeesAtSlot: number;
  readonly validatorCommitteeIndex: number;
}

export type ProposerDuty = DutyOfValidator;

/** Sync committee message and contribution duty. */
export interface SyncCommitteeDuty extends DutyOfValidator {
  /** Positions of the validator in the sync committee. */
  readonly validatorSyncCommitteeIndices: readonly number[];
}

export interface DutyByKind {
  readonly attester: AttesterDuty;
  readonly aggregator: AttesterDuty;
  readonly proposer: ProposerDuty;
  readonly 'sync-committee': SyncCommitteeDuty;
  readonly 'sync-committee-contribution': SyncCommitteeDuty;
}

export type Duty = DutyByKind[DutyKind];
