import {
  epochOf,
  periodOf,
  slotAt,
  startSlotOf,
  ZERO_ROOT,
  type Epoch,
  type Root,
  type Slot,
} from '../../machines/rules/chain-time.js';
import type { ValidatorIndex } from '../../machines/rules/duties.js';
import type { ValidatorStatus } from '../../machines/rules/validators.js';
import type { AttestationData, HeadRoot, SyncStatus } from '../../machines/ports.js';
import type { Chain } from './chain.js';
import { statusAt, type DevnetValidator } from './validator-set.js';
import type { Committees } from './shuffling.js';

/** A request that the node refuses, with the HTTP status and the message of its body. */
export class RefusedRequest extends Error {
  override readonly name = 'RefusedRequest';
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** What a test may set about a node, at any time. */
export interface NodeConditions {
  /** Overrides parts of the sync status; undefined: as the chain is. */
  syncing: Partial<SyncStatus> | undefined;
  /** False: genesis answers 404. */
  genesisKnown: boolean;
  /** False: proposer duties by v2 answer 404. */
  servesProposerV2: boolean;
}

/** A healthy node. */
export function healthyConditions(): NodeConditions {
  return { syncing: undefined, genesisKnown: true, servesProposerV2: true };
}

/** A validator as a state shows it. */
export interface ValidatorView {
  readonly validator: DevnetValidator;
  readonly status: ValidatorStatus;
}

const PUBKEY = /^0x[0-9a-f]{96}$/i;
const DECIMAL = /^\d+$/;

/**
 * What one node on the chain answers, and what it refuses: the rules of the recorded nodes, apart from any wire. Methods
 * throw a {@link RefusedRequest}.
 */
export class NodeView {
  constructor(
    readonly chain: Chain,
    readonly conditions: NodeConditions,
    /** Unix time in ms. */
    readonly now: () => number,
  ) {}

  /** Slot of the clock; negative before genesis. */
  wallSlot(): Slot {
    return slotAt(this.chain.parameters, this.now());
  }

  syncStatus(): SyncStatus {
    const headSlot = this.chain.head.slot;
    const asTheChainIs: SyncStatus = {
      headSlot,
      syncDistance: Math.max(0, this.wallSlot() - headSlot),
      isSyncing: false,
      isOptimistic: false,
      elOffline: false,
    };
    return { ...asTheChainIs, ...this.conditions.syncing };
  }

  isOptimistic(): boolean {
    return this.syncStatus().isOptimistic;
  }

  assertGenesisKnown(): void {
    if (!this.conditions.genesisKnown) throw new RefusedRequest(404, 'Chain genesis info is not yet known');
  }

  /** Validators in the head's state; ids and statuses select, an unknown id selects none. */
  validators(ids?: readonly string[], statuses?: readonly string[]): ValidatorView[] {
    const epoch = epochOf(this.chain.parameters, this.chain.head.slot);
    const asked = ids === undefined || ids.length === 0 ? [...this.chain.validators] : this.#byIds(ids);
    const views = asked.map((validator) => ({ validator, status: statusAt(validator, epoch) }));
    if (statuses === undefined || statuses.length === 0) return views;
    return views.filter(({ status }) => statuses.includes(status) || statuses.includes(status.split('_')[0] ?? status));
  }

  /** Committees of an epoch and the root that determines them, for indices that must all be known. */
  attesterDuties(
    epoch: Epoch,
    indices: ArrayLike<ValidatorIndex>,
  ): { readonly committees: Committees; readonly dependentRoot: Root } {
    this.#assertServesDuties();
    if (indices.length === 0) throw new RefusedRequest(400, 'No validator to get attester duties');
    if (epoch > Math.max(0, this.#wallEpoch() + 1)) {
      throw new RefusedRequest(400, 'Cannot get duties for epoch more than one ahead');
    }
    this.#assertKnown(indices);
    return { committees: this.chain.committees(epoch), dependentRoot: this.chain.attesterDependentRoot(epoch) };
  }

  /** Proposers of an epoch by slot, and the root that the endpoint of this version names. */
  proposerDuties(epoch: Epoch, version: 1 | 2): { readonly proposers: Uint32Array; readonly dependentRoot: Root } {
    if (version === 2 && !this.conditions.servesProposerV2) {
      throw new RefusedRequest(404, `Route GET:/eth/v2/validator/duties/proposer/${epoch} not found`);
    }
    this.#assertServesDuties();
    if (epoch > Math.max(0, this.#wallEpoch()) + 1) {
      throw new RefusedRequest(400, `Requested epoch ${epoch} must not be more than one epoch in the future`);
    }
    return { proposers: this.chain.proposers(epoch), dependentRoot: this.chain.proposerDependentRoot(epoch, version) };
  }

  /** Positions of each asked validator in the sync committee of the period of `epoch`; validators without one are left out. */
  syncDuties(epoch: Epoch, indices: ArrayLike<ValidatorIndex>): ReadonlyMap<ValidatorIndex, readonly number[]> {
    this.#assertServesDuties();
    const { parameters } = this.chain;
    const period = periodOf(parameters, epoch);
    const current = periodOf(parameters, Math.max(0, this.#wallEpoch()));
    if (epoch < parameters.forkEpochs.altair || period > current + 1) {
      throw new RefusedRequest(500, 'EPOCH_CONTEXT_ERROR_NO_SYNC_COMMITTEE');
    }
    this.#assertKnown(indices);
    const positionsOf = new Map<ValidatorIndex, number[]>();
    this.chain.syncCommittee(period).forEach((validator, position) => {
      const positions = positionsOf.get(validator);
      if (positions === undefined) positionsOf.set(validator, [position]);
      else positions.push(position);
    });
    const duties = new Map<ValidatorIndex, readonly number[]>();
    for (const index of Array.from(indices)) {
      const positions = positionsOf.get(index);
      if (positions !== undefined) duties.set(index, positions);
    }
    return duties;
  }

  /** What an attester of the slot votes for. Justification is simply two epochs behind. */
  attestationData(slot: Slot, committeeIndex: number): AttestationData {
    this.#assertServesDuties();
    if (slot > this.wallSlot()) throw new RefusedRequest(500, `Requested slot ${slot} is in the future`);
    const epoch = epochOf(this.chain.parameters, slot);
    const source = Math.max(0, epoch - 2);
    return {
      slot,
      index: committeeIndex,
      beaconBlockRoot: this.chain.blockAtOrBefore(slot).root,
      source: { epoch: source, root: source === 0 ? ZERO_ROOT : this.#checkpointRoot(source) },
      target: { epoch, root: this.#checkpointRoot(epoch) },
    };
  }

  headRoot(): HeadRoot {
    return { root: this.chain.head.root, executionOptimistic: this.isOptimistic() };
  }

  #wallEpoch(): Epoch {
    return epochOf(this.chain.parameters, this.wallSlot());
  }

  #checkpointRoot(epoch: Epoch): Root {
    return this.chain.blockAtOrBefore(startSlotOf(this.chain.parameters, epoch)).root;
  }

  /** A node more than an epoch behind refuses everything that a validator needs. */
  #assertServesDuties(): void {
    const { isSyncing, syncDistance } = this.syncStatus();
    if (isSyncing && syncDistance > this.chain.parameters.slotsPerEpoch) {
      throw new RefusedRequest(503, 'Node is syncing - waiting for peers');
    }
  }

  #assertKnown(indices: ArrayLike<ValidatorIndex>): void {
    const { count } = this.chain.validators;
    for (const index of Array.from(indices)) {
      if (index >= count) {
        throw new RefusedRequest(500, `validatorIndex ${index} too high. Current validator count ${count}`);
      }
    }
  }

  #byIds(ids: readonly string[]): DevnetValidator[] {
    const found: DevnetValidator[] = [];
    for (const id of new Set(ids)) {
      if (!DECIMAL.test(id) && !PUBKEY.test(id)) throw new RefusedRequest(400, `Invalid validator id: ${id}`);
      const { validators } = this.chain;
      const validator = DECIMAL.test(id) ? validators.get(Number(id)) : validators.byPubkey(id);
      if (validator !== undefined) found.push(validator);
    }
    return found;
  }
}
