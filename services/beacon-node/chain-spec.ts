import type { ChainSpec, DuePoints } from '../../machines/rules/chain-time.js';
import { schemaError } from './failures.js';
import { NOT_AN_INTEGER, readEpoch, readInteger } from './wire-values.js';

/** Everything of a {@link ChainSpec} that does not come from genesis. */
export type SpecPart = Omit<ChainSpec, 'genesisTimeMs' | 'genesisValidatorsRoot'>;

const SHORTEST_SLOT_MS = 50;
/** What a chain may be like. Timers run by the slot, and a table has a word for every slot of its epoch. */
export const CHAIN_LIMITS = {
  longestSlotMs: 3_600_000,
  mostSlotsPerEpoch: 65_536,
  mostEpochsPerPeriod: 65_536,
} as const;
const { longestSlotMs, mostSlotsPerEpoch, mostEpochsPerPeriod } = CHAIN_LIMITS;

/**
 * Reads `data` of `GET /eth/v1/config/spec`. Keys that are not needed are ignored, whatever their values. Throws a
 * `BeaconNodeError` of kind `schema` that names a key which is missing without a default, or has no usable value.
 */
export function readSpec(endpoint: string, data: Readonly<Record<string, unknown>>): SpecPart {
  const fail = (key: string, expectation: string): never => {
    throw schemaError(endpoint, `data.${key}`, expectation);
  };
  // No `in`: a spec key cannot be one that every object inherits.
  const given = (key: string): boolean => Object.hasOwn(data, key);

  const positive = (key: string, max: number): number => {
    if (!given(key)) return fail(key, 'missing');
    const value = readInteger(data[key], max);
    return value > 0 ? value : fail(key, `expected a decimal number from 1 to ${max}`);
  };
  const forkEpoch = (key: string): number => {
    if (!given(key)) return Infinity;
    const value = readEpoch(data[key]);
    return value === NOT_AN_INTEGER ? fail(key, 'expected a decimal number') : value;
  };
  const basisPoints = (key: string, byDefault: number): number => {
    if (!given(key)) return byDefault;
    const value = readInteger(data[key], 10_000);
    return value === NOT_AN_INTEGER ? fail(key, 'expected basis points, 0 to 10000') : value;
  };
  const slotDurationMs = (): number => {
    // Where the two disagree, the newer key is the one that clients follow.
    if (given('SLOT_DURATION_MS')) {
      const value = positive('SLOT_DURATION_MS', longestSlotMs);
      return value >= SHORTEST_SLOT_MS ? value : fail('SLOT_DURATION_MS', `expected at least ${SHORTEST_SLOT_MS}`);
    }
    if (given('SECONDS_PER_SLOT')) return positive('SECONDS_PER_SLOT', longestSlotMs / 1000) * 1000;
    return fail('SLOT_DURATION_MS', 'missing, and SECONDS_PER_SLOT too');
  };
  const duePoints = (suffix: '' | '_GLOAS', first: number, second: number): DuePoints => ({
    attestation: basisPoints(`ATTESTATION_DUE_BPS${suffix}`, first),
    aggregate: basisPoints(`AGGREGATE_DUE_BPS${suffix}`, second),
    syncMessage: basisPoints(`SYNC_MESSAGE_DUE_BPS${suffix}`, first),
    contribution: basisPoints(`CONTRIBUTION_DUE_BPS${suffix}`, second),
    payloadAttestation: basisPoints('PAYLOAD_ATTESTATION_DUE_BPS', 7500),
  });
  const depositChainId = (): number | undefined => {
    if (!given('DEPOSIT_CHAIN_ID')) return undefined;
    const value = readInteger(data['DEPOSIT_CHAIN_ID'], Number.MAX_SAFE_INTEGER);
    return value === NOT_AN_INTEGER ? fail('DEPOSIT_CHAIN_ID', 'expected a decimal number') : value;
  };

  return {
    slotDurationMs: slotDurationMs(),
    slotsPerEpoch: positive('SLOTS_PER_EPOCH', mostSlotsPerEpoch),
    epochsPerSyncCommitteePeriod: positive('EPOCHS_PER_SYNC_COMMITTEE_PERIOD', mostEpochsPerPeriod),
    forkEpochs: {
      altair: forkEpoch('ALTAIR_FORK_EPOCH'),
      fulu: forkEpoch('FULU_FORK_EPOCH'),
      gloas: forkEpoch('GLOAS_FORK_EPOCH'),
    },
    duePoints: duePoints('', 3333, 6667),
    duePointsGloas: duePoints('_GLOAS', 2500, 5000),
    depositChainId: depositChainId(),
  };
}
