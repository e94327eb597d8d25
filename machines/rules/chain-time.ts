/**
 * Chain time: slots, epochs and sync committee periods as in the Ethereum consensus specs
 * (`compute_epoch_at_slot`, `compute_start_slot_at_epoch`, `compute_sync_committee_period`).
 */

/** Number of a slot; negative before genesis. */
export type Slot = number;
/** Number of an epoch; `Infinity` stands for FAR_FUTURE_EPOCH. */
export type Epoch = number;
/** Number of a sync committee period. */
export type Period = number;
/** 32 bytes as lower-case 0x hex. */
export type Root = string;

/** "Unknown" where a beacon node has no root to name. */
export const ZERO_ROOT: Root = `0x${'0'.repeat(64)}`;

/** Parts of a slot at which duties are due, in basis points (1/10000) of the slot time. */
export interface DuePoints {
  readonly attestation: number;
  readonly aggregate: number;
  readonly syncMessage: number;
  readonly contribution: number;
  readonly payloadAttestation: number;
}

/** Everything about a chain that the scheduler needs: from `/eth/v1/config/spec` and `/eth/v1/beacon/genesis`. */
export interface ChainSpec {
  /** Unix time of slot 0 in ms. */
  readonly genesisTimeMs: number;
  readonly genesisValidatorsRoot: Root;
  readonly slotDurationMs: number;
  readonly slotsPerEpoch: number;
  readonly epochsPerSyncCommitteePeriod: number;
  /** First epoch of each fork the scheduler cares for; `Infinity`: never. */
  readonly forkEpochs: { readonly altair: Epoch; readonly fulu: Epoch; readonly gloas: Epoch };
  readonly duePoints: DuePoints;
  readonly duePointsGloas: DuePoints;
  /** DEPOSIT_CHAIN_ID; undefined where the node does not name it. */
  readonly depositChainId: number | undefined;
}

type Timing = Pick<ChainSpec, 'genesisTimeMs' | 'slotDurationMs'>;
type EpochLength = Pick<ChainSpec, 'slotsPerEpoch'>;

/** Slot at a unix time in ms; negative before genesis. */
export function slotAt(chain: Timing, timeMs: number): Slot {
  return Math.floor((timeMs - chain.genesisTimeMs) / chain.slotDurationMs);
}

/** Unix time in ms at which a slot starts. */
export function slotStartMs(chain: Timing, slot: Slot): number {
  return chain.genesisTimeMs + slot * chain.slotDurationMs;
}

/** Epoch of a slot (negative before genesis). */
export function epochOf(chain: EpochLength, slot: Slot): Epoch {
  return Math.floor(slot / chain.slotsPerEpoch);
}

/** First slot of an epoch. */
export function startSlotOf(chain: EpochLength, epoch: Epoch): Slot {
  return epoch * chain.slotsPerEpoch;
}

/** Last slot of an epoch. */
export function lastSlotOf(chain: EpochLength, epoch: Epoch): Slot {
  return (epoch + 1) * chain.slotsPerEpoch - 1;
}

/** Position of a slot in its epoch, 0 … SLOTS_PER_EPOCH − 1 (SPEC "p"). */
export function positionInEpoch(chain: EpochLength, slot: Slot): number {
  return slot - startSlotOf(chain, epochOf(chain, slot));
}

/** Sync committee period of an epoch. */
export function periodOf(chain: Pick<ChainSpec, 'epochsPerSyncCommitteePeriod'>, epoch: Epoch): Period {
  return Math.floor(epoch / chain.epochsPerSyncCommitteePeriod);
}

/** First epoch of a sync committee period. */
export function firstEpochOf(chain: Pick<ChainSpec, 'epochsPerSyncCommitteePeriod'>, period: Period): Epoch {
  return period * chain.epochsPerSyncCommitteePeriod;
}

/**
 * Period whose committee serves a slot. A sync committee message of slot s is verified in slot s + 1,
 * so in the last slot of a period the next committee is already on duty (Altair `process_sync_aggregate`).
 */
export function syncPeriodServing(
  chain: Pick<ChainSpec, 'slotsPerEpoch' | 'epochsPerSyncCommitteePeriod'>,
  slot: Slot,
): Period {
  return periodOf(chain, epochOf(chain, slot + 1));
}
