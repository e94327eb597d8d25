import type { ChainSpec, DuePoints, Epoch } from '../../machines/rules/chain-time.js';
import { rootOf } from './deterministic-random.js';

/** First epoch of each fork; `Infinity`: never. */
export interface ForkEpochs {
  readonly altair: Epoch;
  readonly bellatrix: Epoch;
  readonly capella: Epoch;
  readonly deneb: Epoch;
  readonly electra: Epoch;
  readonly fulu: Epoch;
  readonly gloas: Epoch;
}

/** Everything that determines a devnet chain apart from its blocks. */
export interface DevnetParameters {
  readonly seed: number;
  /** Unix time of slot 0 in ms; whole seconds, because the Beacon API names it in seconds. */
  readonly genesisTimeMs: number;
  readonly slotDurationMs: number;
  readonly slotsPerEpoch: number;
  readonly epochsPerSyncCommitteePeriod: number;
  /** Validators active from genesis on. */
  readonly validatorCount: number;
  readonly syncCommitteeSize: number;
  /** At most; fewer when a committee would be empty. */
  readonly committeesPerSlot: number;
  readonly forkEpochs: ForkEpochs;
  /** DEPOSIT_CHAIN_ID; by default that of common development execution nodes. */
  readonly chainId: number;
}

export const DEFAULT_PARAMETERS: DevnetParameters = {
  seed: 1,
  genesisTimeMs: 0,
  slotDurationMs: 2000,
  slotsPerEpoch: 8,
  epochsPerSyncCommitteePeriod: 4,
  validatorCount: 64,
  syncCommitteeSize: 16,
  committeesPerSlot: 2,
  forkEpochs: { altair: 0, bellatrix: 0, capella: 0, deneb: 0, electra: 0, fulu: 0, gloas: Infinity },
  chainId: 31337,
};

/** Due points of the consensus specs, in basis points of a slot. */
export const DUE_POINTS: DuePoints = {
  attestation: 3333,
  aggregate: 6667,
  syncMessage: 3333,
  contribution: 6667,
  payloadAttestation: 7500,
};

/** Due points from Gloas on. */
export const DUE_POINTS_GLOAS: DuePoints = {
  attestation: 2500,
  aggregate: 5000,
  syncMessage: 2500,
  contribution: 5000,
  payloadAttestation: 7500,
};

/**
 * Completes parameters with the defaults.
 * @throws RangeError that names the parameter which cannot be.
 */
export function completeParameters(given: Partial<DevnetParameters>): DevnetParameters {
  const parameters: DevnetParameters = { ...DEFAULT_PARAMETERS, ...given };
  const counts = [
    'slotDurationMs',
    'slotsPerEpoch',
    'epochsPerSyncCommitteePeriod',
    'validatorCount',
    'syncCommitteeSize',
    'committeesPerSlot',
  ] as const;
  for (const name of counts) {
    if (!Number.isSafeInteger(parameters[name]) || parameters[name] < 1) {
      throw new RangeError(`${name} must be a positive integer, not ${parameters[name]}`);
    }
  }
  if (!Number.isSafeInteger(parameters.seed)) throw new RangeError(`seed must be an integer, not ${parameters.seed}`);
  if (!Number.isSafeInteger(parameters.genesisTimeMs / 1000)) {
    throw new RangeError(`genesisTimeMs must be whole seconds, not ${parameters.genesisTimeMs}`);
  }
  return parameters;
}

/** Root that tells one devnet from another. */
export function genesisValidatorsRoot(parameters: DevnetParameters): string {
  return rootOf(parameters.seed, 'genesis-validators', parameters.validatorCount);
}

/** What the scheduler would read of this chain over the Beacon API. */
export function chainSpecOf(parameters: DevnetParameters): ChainSpec {
  return {
    genesisTimeMs: parameters.genesisTimeMs,
    genesisValidatorsRoot: genesisValidatorsRoot(parameters),
    slotDurationMs: parameters.slotDurationMs,
    slotsPerEpoch: parameters.slotsPerEpoch,
    epochsPerSyncCommitteePeriod: parameters.epochsPerSyncCommitteePeriod,
    forkEpochs: {
      altair: parameters.forkEpochs.altair,
      fulu: parameters.forkEpochs.fulu,
      gloas: parameters.forkEpochs.gloas,
    },
    duePoints: DUE_POINTS,
    duePointsGloas: DUE_POINTS_GLOAS,
    depositChainId: parameters.chainId,
  };
}
