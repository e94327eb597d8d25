import {
  epochOf,
  firstEpochOf,
  startSlotOf,
  type Epoch,
  type Period,
  type Root,
  type Slot,
} from '../../machines/rules/chain-time.js';
import type { ValidatorIndex } from '../../machines/rules/duties.js';
import type { HeadEvent } from '../../machines/ports.js';
import { rootOf } from './deterministic-random.js';
import { ForkTree, type Block } from './fork-tree.js';
import { completeParameters, type DevnetParameters } from './parameters.js';
import { Committees, pickProposers, pickSyncCommittee, shuffleAttesters } from './shuffling.js';
import { ValidatorSet, type DevnetValidator } from './validator-set.js';

/** A new head, with its state root beside what the scheduler reads. */
export interface ChainHead extends HeadEvent {
  readonly state: Root;
}

/** A head that does not descend from the head before it. */
export interface ChainReorg {
  readonly slot: Slot;
  readonly epoch: Epoch;
  /** Slots between the old head and the block that both branches share. */
  readonly depth: number;
  readonly oldHead: Block;
  readonly newHead: Block;
}

/** What a chain tells its listeners, in this order for one block: head, chain_reorg, block. */
export interface ChainEvents {
  readonly head: ChainHead;
  readonly block: Block;
  readonly chain_reorg: ChainReorg;
}

type Listeners = { readonly [T in keyof ChainEvents]: Set<(event: ChainEvents[T]) => void> };

/** Epochs from a deposit to the activation of its validator: MAX_SEED_LOOKAHEAD + 1. */
const ACTIVATION_DELAY = 5;
/** Duties of this many epochs are kept computed. */
const KEPT_COMPUTATIONS = 24;

/** State root of a block. */
export function stateRootOf(block: Block): Root {
  return rootOf('state', block.root);
}

/**
 * A simulated beacon chain: a tree of blocks with a head, and the duties that follow from it. It does no I/O and has no
 * clock: whoever drives it says when a block is there. The same seed and blocks give the same duties.
 */
export class Chain {
  readonly parameters: DevnetParameters;
  readonly validators: ValidatorSet;
  readonly #tree: ForkTree;
  readonly #listeners: Listeners = { head: new Set(), block: new Set(), chain_reorg: new Set() };
  readonly #computed = new Map<string, Committees | Uint32Array>();

  /** @throws RangeError that names the parameter which cannot be. */
  constructor(parameters: Partial<DevnetParameters> = {}) {
    this.parameters = completeParameters(parameters);
    this.validators = new ValidatorSet(this.parameters.seed, this.parameters.validatorCount);
    this.#tree = new ForkTree(rootOf(this.parameters.seed, 'genesis'));
  }

  get head(): Block {
    return this.#tree.head;
  }

  get genesis(): Block {
    return this.#tree.genesis;
  }

  /** A block of any branch. */
  block(root: Root): Block | undefined {
    return this.#tree.get(root);
  }

  /** The canonical block of a slot; undefined where the slot is empty. */
  blockAt(slot: Slot): Block | undefined {
    return this.#tree.canonicalAt(slot);
  }

  /**
   * The youngest canonical block of this slot or an earlier one; genesis for slots before it.
   * @throws ForgottenBlocksError for a slot whose block is forgotten
   */
  blockAtOrBefore(slot: Slot): Block {
    return this.#tree.canonicalAtOrBefore(slot);
  }

  isCanonical(block: Block): boolean {
    return this.#tree.isCanonical(block);
  }

  /**
   * Adds a block and makes it the head.
   * @param options.parent root of the parent; the head when left out
   * @param options.salt tells two blocks of one slot and parent apart
   * @param options.makeHead false: the block stays beside the canonical chain
   * @throws RangeError when the parent is unknown or not older than the block
   */
  propose(slot: Slot, options: { parent?: Root; salt?: string; makeHead?: boolean } = {}): Block {
    const parent = options.parent ?? this.head.root;
    const root = rootOf(this.parameters.seed, 'block', parent, slot, options.salt ?? '');
    const block = this.#tree.add({ slot, root, parent });
    if (options.makeHead ?? true) this.setHead(block.root);
    this.#emit('block', block);
    return block;
  }

  /**
   * Makes a block the head and tells so; nothing happens when it is the head already.
   * @throws RangeError when the block is unknown
   */
  setHead(root: Root): void {
    const oldHead = this.head;
    if (oldHead.root === root) return;
    const ancestor = this.#tree.setHead(root);
    const newHead = this.head;
    this.#emit('head', this.headEvent());
    if (ancestor.root !== oldHead.root) {
      const epoch = epochOf(this.parameters, newHead.slot);
      this.#emit('chain_reorg', { slot: newHead.slot, epoch, depth: oldHead.slot - ancestor.slot, oldHead, newHead });
    }
  }

  /** The head as its event names it (Beacon API, `head` topic). */
  headEvent(): ChainHead {
    const { slot, root } = this.head;
    const epoch = epochOf(this.parameters, slot);
    return {
      slot,
      block: root,
      state: stateRootOf(this.head),
      epochTransition: slot === startSlotOf(this.parameters, epoch),
      previousDutyDependentRoot: this.attesterDependentRoot(epoch),
      currentDutyDependentRoot: this.attesterDependentRoot(epoch + 1),
      executionOptimistic: false,
    };
  }

  /** The last block before the epoch before `epoch`: it determines the attester duties (Beacon API, `dependent_root`). */
  attesterDependentRoot(epoch: Epoch): Root {
    return this.blockAtOrBefore(startSlotOf(this.parameters, epoch - 1) - 1).root;
  }

  /** `dependent_root` of proposer duties: by v1 the last block before `epoch`, by v2 from Fulu on that of the attesters. */
  proposerDependentRoot(epoch: Epoch, endpointVersion: 1 | 2): Root {
    if (endpointVersion === 2 && epoch >= this.parameters.forkEpochs.fulu) return this.attesterDependentRoot(epoch);
    return this.blockAtOrBefore(startSlotOf(this.parameters, epoch) - 1).root;
  }

  /**
   * Forgets the blocks before a slot, on every branch, for chains that run for long. Duties of an epoch depend on blocks
   * of the two epochs before it, and a re-org may reach two epochs back.
   */
  forgetBefore(slot: Slot): void {
    this.#tree.forgetBefore(slot);
  }

  /** The committees of an epoch on the canonical chain. */
  committees(epoch: Epoch): Committees {
    const { seed, slotsPerEpoch, committeesPerSlot } = this.parameters;
    const root = this.attesterDependentRoot(epoch);
    return this.#compute(`attester/${epoch}/${root}`, () => {
      const shuffled = shuffleAttesters(seed, epoch, root, this.validators.activeIn(epoch));
      return new Committees(shuffled, startSlotOf(this.parameters, epoch), slotsPerEpoch, committeesPerSlot);
    });
  }

  /** The proposer of each slot of an epoch: one truth, whatever root an endpoint's version names for it. */
  proposers(epoch: Epoch): Uint32Array {
    const { seed, slotsPerEpoch } = this.parameters;
    const root = this.proposerDependentRoot(epoch, 2);
    return this.#compute(`proposer/${epoch}/${root}`, () =>
      pickProposers(seed, epoch, root, this.validators.activeIn(epoch), slotsPerEpoch),
    );
  }

  /** The sync committee of a period by position, drawn from those active when the period before it began. */
  syncCommittee(period: Period): Uint32Array {
    const { seed, syncCommitteeSize } = this.parameters;
    const drawnIn = firstEpochOf(this.parameters, Math.max(0, period - 1));
    return this.#compute(`sync/${period}`, () =>
      pickSyncCommittee(seed, period, this.validators.activeIn(drawnIn), syncCommitteeSize),
    );
  }

  /**
   * Adds a validator; without epochs it is activated as soon as the protocol could. An activation nearer than two epochs
   * ahead changes duties under a root that stays the same, which no real chain does.
   */
  addValidator(epochs: { activationEligibilityEpoch?: Epoch; activationEpoch?: Epoch } = {}): DevnetValidator {
    const now = epochOf(this.parameters, this.head.slot);
    const activationEpoch = epochs.activationEpoch ?? now + ACTIVATION_DELAY;
    const activationEligibilityEpoch = epochs.activationEligibilityEpoch ?? Math.min(now, activationEpoch);
    return this.validators.add({ activationEligibilityEpoch, activationEpoch });
  }

  /**
   * Lets a validator leave: `exitEpoch` is its first epoch without duties.
   * @throws RangeError for an index that is not in the registry
   */
  exitValidator(index: ValidatorIndex, exitEpoch: Epoch): void {
    this.validators.exit(index, exitEpoch);
  }

  /**
   * Slashes a validator in the head's epoch.
   * @throws RangeError for an index that is not in the registry
   */
  slashValidator(index: ValidatorIndex): void {
    this.validators.slash(index, epochOf(this.parameters, this.head.slot));
  }

  /** Listens to one type of event until the returned function is called. */
  on<T extends keyof ChainEvents>(type: T, listener: (event: ChainEvents[T]) => void): () => void {
    const listeners: Set<(event: ChainEvents[T]) => void> = this.#listeners[type];
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  #emit<T extends keyof ChainEvents>(type: T, event: ChainEvents[T]): void {
    const listeners: Set<(event: ChainEvents[T]) => void> = this.#listeners[type];
    for (const listener of [...listeners]) listener(event);
  }

  /** Keeps the most recently computed duties; a change of the registry makes them worthless. */
  #compute<R extends Committees | Uint32Array>(name: string, compute: () => R): R {
    const key = `${this.validators.version}/${name}`;
    const known = this.#computed.get(key);
    // The name tells the type: the same name is always computed by the same function.
    const value = known === undefined ? compute() : (known as R);
    this.#computed.delete(key);
    this.#computed.set(key, value);
    const oldest = this.#computed.keys().next();
    if (this.#computed.size > KEPT_COMPUTATIONS && !oldest.done) this.#computed.delete(oldest.value);
    return value;
  }
}
