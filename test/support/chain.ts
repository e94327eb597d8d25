import type { ChainSpec, Root } from '../../machines/rules/chain-time.js';
import type { ObservedRoots } from '../../machines/rules/dependent-roots.js';

/** Lengths of the consensus specs' two presets, the minimal one with short periods. */
export const SHORT = { slotsPerEpoch: 8, epochsPerSyncCommitteePeriod: 4 } as const;
export const LONG = { slotsPerEpoch: 32, epochsPerSyncCommitteePeriod: 256 } as const;

/** A chain with 12-second slots on which every fork but Gloas has happened, unless told otherwise. */
export function testChain(
  overrides: Partial<Omit<ChainSpec, 'forkEpochs'>> & { forkEpochs?: Partial<ChainSpec['forkEpochs']> } = {},
): ChainSpec {
  const { forkEpochs, ...others } = overrides;
  return {
    genesisTimeMs: 1_600_000_000_000,
    genesisValidatorsRoot: root(999),
    slotDurationMs: 12_000,
    ...SHORT,
    duePoints: { attestation: 3333, aggregate: 6667, syncMessage: 3333, contribution: 6667, payloadAttestation: 7500 },
    duePointsGloas: {
      attestation: 2500,
      aggregate: 5000,
      syncMessage: 2500,
      contribution: 5000,
      payloadAttestation: 7500,
    },
    depositChainId: undefined,
    ...others,
    forkEpochs: { altair: 0, fulu: 0, gloas: Infinity, ...forkEpochs },
  };
}

/** A root told from others by its number; 0 is the zero root. */
export function root(n: number): Root {
  return `0x${n.toString(16).padStart(64, '0')}`;
}

/** What a head of `slot` says: the block and the two roots by number, undefined for a probe's unknown block. */
export function heard(slot: number, previous: number, current: number, block?: number): ObservedRoots {
  return {
    slot,
    block: block === undefined ? undefined : root(block),
    previousDutyDependentRoot: root(previous),
    currentDutyDependentRoot: root(current),
  };
}
