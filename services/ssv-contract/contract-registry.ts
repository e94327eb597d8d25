/**
 * Validators and clusters of the contract up to a block, and the way back: each block that changed something can be
 * undone while it is not {@link HISTORY_BLOCKS} behind the head. Every validator is known here, not only ours: a key
 * that someone else has registered before is refused.
 */
import type { Slot } from '../../machines/rules/chain-time.js';
import type { ValidatorRegistration } from '../../machines/rules/registry.js';
import type { ValidatorSourceEvent } from '../../machines/rules/validator-changes.js';
import type {
  BlockEvents,
  BlockRange,
  BlockRef,
  ContractEvent,
  EventRefusal,
  RefusalReason,
} from './contract-types.js';
import type { Hex } from './contract-types.js';
import { emptyUndo, RegistryState, type Cluster, type ContractValidator, type Undo } from './registry-state.js';
import { differences, registrationOf, SourceEvents, type Membership } from './source-events.js';
import { Unsaved } from './unsaved.js';

/** Blocks behind the head that can be undone: 3.4 hours, far beyond what any chain has taken back. */
export const HISTORY_BLOCKS = 1024;

/** A block to which the registry can go back. */
export interface HistoryPoint extends BlockRef {
  /** What leads from it to the point before; undefined: there is no way back from here. */
  readonly undo: Undo | undefined;
}

/** What a registry was when it was stored. */
export interface RegistryContent {
  readonly state: RegistryState;
  /** Ascending; the last one is the cursor. */
  readonly points: HistoryPoint[];
}

/** What a range of blocks brought. */
export interface RegistryChange {
  /** For the scheduler, in order of block and log index; only validators of ours. */
  readonly events: readonly ValidatorSourceEvent[];
  /** Events that make no sense here, skipped. */
  readonly refusals: readonly EventRefusal[];
}

export class ContractRegistry {
  readonly #operatorId: number | undefined;
  readonly #state: RegistryState;
  readonly #points: HistoryPoint[];

  /** What a store has not written yet. */
  readonly unsaved = new Unsaved();

  /** @param operatorId validators of clusters without this operator are nobody's to tell of; undefined: all are ours */
  constructor(operatorId?: number, { state, points }: RegistryContent = { state: new RegistryState(), points: [] }) {
    this.#operatorId = operatorId;
    this.#state = state;
    this.#points = points;
  }

  /** Last block that is in; undefined before the first range. */
  get cursor(): BlockRef | undefined {
    return this.#points.at(-1);
  }

  /** Blocks to which it can go back, ascending. */
  get points(): readonly HistoryPoint[] {
    return this.#points;
  }

  /** Whether its history reaches back to where it was empty. */
  get isWhole(): boolean {
    return this.#points.length === 0 || this.#points[0]!.undo !== undefined;
  }

  /** Validators and clusters, for those who only look. */
  get state(): Omit<RegistryState, 'putValidator' | 'putCluster'> {
    return this.#state;
  }

  /** Our validators, for `VALIDATORS_KNOWN`. */
  known(): ValidatorRegistration[] {
    const known: ValidatorRegistration[] = [];
    for (const validator of this.#state.validators()) {
      const membership = this.#membershipOf(validator);
      if (membership !== undefined) known.push(registrationOf(membership));
    }
    return known;
  }

  /**
   * Takes in the blocks after the cursor. Throws a RangeError where they are not after it, or not in order.
   *
   * @param head number of the chain's newest block: what is {@link HISTORY_BLOCKS} behind it is taken as settled
   * @param told where the events go, those of a range that is taken in by several calls to the same place
   */
  apply({ blocks, through }: BlockRange, head = through.number, told = new SourceEvents()): RegistryChange {
    this.#requireInOrder(
      blocks.map(({ block }) => block),
      through,
    );
    const refusals: EventRefusal[] = [];
    for (const block of blocks) this.#applyBlock(block, told, refusals);
    if (this.cursor?.number !== through.number) this.#addPoint(through, emptyUndo());
    this.#settle(head - HISTORY_BLOCKS);
    return { events: told.all, refusals };
  }

  /**
   * Goes back to one of its points and tells what that changes. Throws a RangeError for a block that is none of them.
   */
  rollBackTo(block: BlockRef): readonly ValidatorSourceEvent[] {
    const place = this.#points.findIndex(({ number, hash }) => number === block.number && hash === block.hash);
    if (place < 0) throw new RangeError(`block ${block.number} is not in the history of the registry`);
    const undone = this.#points.splice(place + 1);
    this.unsaved.pointsChanged(undone);
    return this.#revert(undone.flatMap(({ undo }) => undo ?? []).reverse());
  }

  /** Forgets everything, and tells what that changes: all our validators are gone. */
  reset(): readonly ValidatorSourceEvent[] {
    const everything = emptyUndo();
    for (const { publicKey } of this.#state.validators()) everything.validators.set(publicKey, undefined);
    for (const { id } of this.#state.clusters()) everything.clusters.set(id, undefined);
    this.unsaved.pointsChanged(this.#points.splice(0));
    return this.#revert([everything]);
  }

  #requireInOrder(blocks: readonly BlockRef[], through: BlockRef): void {
    let last = this.cursor?.number ?? -1;
    for (const { number } of blocks) {
      if (number <= last) throw new RangeError(`block ${number} does not come after block ${last}`);
      last = number;
    }
    const inLastBlock = blocks.at(-1)?.hash === through.hash && last === through.number;
    if (!inLastBlock && through.number <= last) {
      throw new RangeError(`block ${through.number} (${through.hash}) does not come after block ${last}`);
    }
  }

  #applyBlock({ block, slot, events }: BlockEvents, told: SourceEvents, refusals: EventRefusal[]): void {
    const undo = emptyUndo();
    for (const event of events) {
      const reason = this.#applyEvent(event, slot, undo, told);
      if (reason === undefined) continue;
      const { type, blockNumber, logIndex, transactionHash } = event;
      refusals.push({ type: 'refused', event: type, reason, blockNumber, logIndex, transactionHash });
    }
    if (undo.validators.size + undo.clusters.size > 0) this.#addPoint(block, undo);
  }

  #applyEvent(event: ContractEvent, slot: Slot | undefined, undo: Undo, told: SourceEvents): RefusalReason | undefined {
    switch (event.type) {
      case 'ValidatorAdded':
        return this.#add(event, slot, undo, told);
      case 'ValidatorRemoved':
      case 'ValidatorExited': {
        const { type, publicKey, owner } = event;
        const validator = this.#state.validator(publicKey);
        if (validator === undefined) return 'unknown-validator';
        if (this.#ownerOf(validator) !== owner) return 'other-owner';
        const ours = this.#membershipOf(validator) !== undefined;
        if (type === 'ValidatorRemoved') this.#state.putValidator(publicKey, undefined, undo);
        if (ours) told.of(type === 'ValidatorRemoved' ? 'VALIDATOR_REMOVED' : 'VALIDATOR_EXITED', [publicKey]);
        return undefined;
      }
      case 'ClusterLiquidated':
      case 'ClusterReactivated': {
        const liquidated = event.type === 'ClusterLiquidated';
        const cluster = this.#state.clusterOf(event.owner, event.operatorIds);
        if (cluster.liquidated === liquidated) return undefined;
        const reactivatedSlot = liquidated ? cluster.reactivatedSlot : slot;
        this.#state.putCluster(cluster.id, { ...cluster, liquidated, reactivatedSlot }, undo);
        if (!this.#isOurs(cluster)) return undefined;
        const members = this.#state.members(cluster.id);
        if (liquidated) told.of('CLUSTER_LIQUIDATED', members);
        else told.reactivated(members, slot);
        return undefined;
      }
    }
  }

  #add(
    { publicKey, owner, operatorIds, blockNumber }: Extract<ContractEvent, { type: 'ValidatorAdded' }>,
    addedSlot: Slot | undefined,
    undo: Undo,
    told: SourceEvents,
  ): RefusalReason | undefined {
    const known = this.#state.validator(publicKey);
    if (known !== undefined) return this.#ownerOf(known) === owner ? 'known-validator' : 'other-owner';
    const cluster = this.#state.clusterOf(owner, operatorIds);
    if (this.#state.cluster(cluster.id) === undefined) this.#state.putCluster(cluster.id, cluster, undo);
    const validator = { publicKey, clusterId: cluster.id, addedBlock: blockNumber, addedSlot };
    this.#state.putValidator(publicKey, validator, undo);
    const membership = this.#membershipOf(validator);
    if (membership !== undefined) told.added(registrationOf(membership));
    return undefined;
  }

  #addPoint({ number, hash }: BlockRef, undo: Undo): void {
    const point = { number, hash, undo };
    this.#points.push(point);
    this.unsaved.pointsChanged([point]);
    this.unsaved.changed(undo);
  }

  /** Forgets how to go back to before the newest point up to a block. */
  #settle(blockNumber: number): void {
    const base = this.#points.findLastIndex(({ number }) => number <= blockNumber);
    if (base < 0) return;
    this.unsaved.pointsChanged(this.#points.splice(0, base));
    const { number, hash, undo } = this.#points[0]!;
    if (undo === undefined) return;
    this.#points[0] = { number, hash, undo: undefined };
    this.unsaved.pointsChanged([this.#points[0]]);
  }

  /** @param undos the newest first */
  #revert(undos: readonly Undo[]): readonly ValidatorSourceEvent[] {
    const before = new Map<Hex, Membership | undefined>();
    const remember = (publicKey: Hex) => before.set(publicKey, this.#membershipOf(this.#state.validator(publicKey)));
    for (const { validators, clusters } of undos) {
      for (const publicKey of validators.keys()) remember(publicKey);
      for (const id of clusters.keys()) this.#state.members(id).forEach(remember);
    }
    for (const undo of undos) {
      for (const [publicKey, validator] of undo.validators) this.#state.putValidator(publicKey, validator);
      for (const [id, cluster] of undo.clusters) this.#state.putCluster(id, cluster);
      this.unsaved.changed(undo);
    }
    return differences(
      Array.from(before, ([publicKey, membership]) => ({
        before: membership,
        after: this.#membershipOf(this.#state.validator(publicKey)),
      })),
    );
  }

  #membershipOf(validator: ContractValidator | undefined): Membership | undefined {
    if (validator === undefined) return undefined;
    const cluster = this.#clusterOf(validator);
    return this.#isOurs(cluster) ? { validator, cluster } : undefined;
  }

  #isOurs({ committee }: Cluster): boolean {
    return this.#operatorId === undefined || committee.includes(this.#operatorId);
  }

  #ownerOf(validator: ContractValidator): Hex {
    return this.#clusterOf(validator).owner;
  }

  /** A validator is never kept without its cluster. */
  #clusterOf({ clusterId }: ContractValidator): Cluster {
    return this.#state.cluster(clusterId)!;
  }
}
