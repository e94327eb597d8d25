import type { ChainSpec } from './chain-time.js';

/** Which attestations of past slots may be made up (SPEC §6). */
export type LatePolicy = 'never' | 'journal' | 'always';

/** What an operator may tune. */
export interface SchedulingPolicy {
  /** Pause in ms between the head event and the hand-over; default 0. */
  readonly headGraceMs: number;
  /** Slots after its own in which an attestation may still start; default SLOTS_PER_EPOCH. */
  readonly maximumDelay: number;
  readonly late: LatePolicy;
  /** Whether validators added or reactivated run duties of slots before their event; default false. */
  readonly lateAfterReactivation: boolean;
  /** Epochs after its contract event in which a validator executes nothing; default 0. */
  readonly participationDelayEpochs: number;
  /** Epochs before the end of a sync committee period in which the next one is prepared; default 2. */
  readonly syncCommitteePreparationEpochs: number;
}

/** The defaults of a chain. */
export function defaultPolicy(chain: Pick<ChainSpec, 'slotsPerEpoch'>): SchedulingPolicy {
  return {
    headGraceMs: 0,
    maximumDelay: chain.slotsPerEpoch,
    late: 'journal',
    lateAfterReactivation: false,
    participationDelayEpochs: 0,
    syncCommitteePreparationEpochs: 2,
  };
}
