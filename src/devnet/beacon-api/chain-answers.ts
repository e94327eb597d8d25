/** Bodies that describe the chain itself: genesis and spec. */
import type { Epoch } from '../../../machines/rules/chain-time.js';
import { DUE_POINTS, DUE_POINTS_GLOAS, genesisValidatorsRoot, type DevnetParameters } from '../parameters.js';
import type { Json } from './request.js';

/** 2^64 − 1, beyond what a JavaScript number holds. */
const FAR_FUTURE_EPOCH = '18446744073709551615';
const FORKS = ['altair', 'bellatrix', 'capella', 'deneb', 'electra', 'fulu', 'gloas'] as const;

/** An epoch as the API writes it. */
export function epochText(epoch: Epoch): string {
  return epoch === Infinity ? FAR_FUTURE_EPOCH : String(epoch);
}

/** `data` of `GET /eth/v1/beacon/genesis`. */
export function genesisBody(parameters: DevnetParameters): Json {
  return {
    genesis_validators_root: genesisValidatorsRoot(parameters),
    genesis_time: String(parameters.genesisTimeMs / 1000),
    genesis_fork_version: forkVersion(0),
  };
}

/** `data` of `GET /eth/v1/config/spec`: what clients read, and some keys they must ignore. */
export function specBody(parameters: DevnetParameters): Json {
  const forks: Record<string, string> = {};
  FORKS.forEach((fork, i) => {
    forks[`${fork.toUpperCase()}_FORK_VERSION`] = forkVersion(i + 1);
    forks[`${fork.toUpperCase()}_FORK_EPOCH`] = epochText(parameters.forkEpochs[fork]);
  });
  return {
    PRESET_BASE: 'minimal',
    CONFIG_NAME: 'devnet',
    TERMINAL_TOTAL_DIFFICULTY: '115792089237316195423570985008687907853269984665640564039457584007913129638912',
    TERMINAL_BLOCK_HASH_ACTIVATION_EPOCH: FAR_FUTURE_EPOCH,
    MIN_GENESIS_TIME: String(parameters.genesisTimeMs / 1000),
    GENESIS_FORK_VERSION: forkVersion(0),
    GENESIS_DELAY: '0',
    ...forks,
    // Whole seconds cannot say a shorter slot; SLOT_DURATION_MS is what counts.
    SECONDS_PER_SLOT: String(Math.max(1, Math.round(parameters.slotDurationMs / 1000))),
    SLOT_DURATION_MS: String(parameters.slotDurationMs),
    SLOTS_PER_EPOCH: String(parameters.slotsPerEpoch),
    MIN_SEED_LOOKAHEAD: '1',
    MAX_SEED_LOOKAHEAD: '4',
    MIN_ATTESTATION_INCLUSION_DELAY: '1',
    MAX_COMMITTEES_PER_SLOT: String(parameters.committeesPerSlot),
    TARGET_AGGREGATORS_PER_COMMITTEE: '16',
    SYNC_COMMITTEE_SIZE: String(parameters.syncCommitteeSize),
    EPOCHS_PER_SYNC_COMMITTEE_PERIOD: String(parameters.epochsPerSyncCommitteePeriod),
    SYNC_COMMITTEE_SUBNET_COUNT: '4',
    TARGET_AGGREGATORS_PER_SYNC_SUBCOMMITTEE: '16',
    ATTESTATION_DUE_BPS: String(DUE_POINTS.attestation),
    AGGREGATE_DUE_BPS: String(DUE_POINTS.aggregate),
    SYNC_MESSAGE_DUE_BPS: String(DUE_POINTS.syncMessage),
    CONTRIBUTION_DUE_BPS: String(DUE_POINTS.contribution),
    ATTESTATION_DUE_BPS_GLOAS: String(DUE_POINTS_GLOAS.attestation),
    AGGREGATE_DUE_BPS_GLOAS: String(DUE_POINTS_GLOAS.aggregate),
    SYNC_MESSAGE_DUE_BPS_GLOAS: String(DUE_POINTS_GLOAS.syncMessage),
    CONTRIBUTION_DUE_BPS_GLOAS: String(DUE_POINTS_GLOAS.contribution),
    PAYLOAD_ATTESTATION_DUE_BPS: String(DUE_POINTS_GLOAS.payloadAttestation),
    DEPOSIT_CHAIN_ID: String(parameters.chainId),
    DEPOSIT_NETWORK_ID: String(parameters.chainId),
    DEPOSIT_CONTRACT_ADDRESS: `0x${'00'.repeat(20)}`,
    FAR_FUTURE_EPOCH,
    BLOB_SCHEDULE: [],
  };
}

function forkVersion(number: number): string {
  return `0x${number.toString(16).padStart(2, '0')}0000ff`;
}
