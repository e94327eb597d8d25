import { ZERO_ROOT, type Root, type Slot } from '../../machines/rules/chain-time.js';

/** A block of the devnet: only what duties and heads depend on. */
export interface Block {
  readonly slot: Slot;
  readonly root: Root;
  readonly parent: Root;
}

/** Somebody asks for what follows from blocks that are forgotten. */
export class ForgottenBlocksError extends RangeError {
  override readonly name = 'ForgottenBlocksError';
  constructor(readonly before: Slot) {
    super(`blocks before slot ${before} are forgotten`);
  }
}

/** Blocks, with the branch that the head is on laid out by slot. It keeps all that it ever saw, until told to forget. */
export class ForkTree {
  readonly genesis: Block;
  readonly #blocks = new Map<Root, Block>();
  /** Block of each slot on the head's branch; a missed slot is a hole. */
  readonly #canonical = new Map<Slot, Block>();
  #head: Block;
  /** The oldest canonical block that is kept. */
  #oldest: Block;

  constructor(genesisRoot: Root) {
    this.genesis = { slot: 0, root: genesisRoot, parent: ZERO_ROOT };
    this.#blocks.set(genesisRoot, this.genesis);
    this.#canonical.set(0, this.genesis);
    this.#head = this.genesis;
    this.#oldest = this.genesis;
  }

  get head(): Block {
    return this.#head;
  }

  get(root: Root): Block | undefined {
    return this.#blocks.get(root);
  }

  /**
   * Adds a block; the same block twice is one block.
   * @throws RangeError when the parent is unknown or not older than the block.
   */
  add(block: Block): Block {
    const known = this.#blocks.get(block.root);
    if (known !== undefined) return known;
    const parent = this.#blocks.get(block.parent);
    if (parent === undefined) throw new RangeError(`no block with root ${block.parent}`);
    if (!Number.isSafeInteger(block.slot) || block.slot <= parent.slot) {
      throw new RangeError(`a block of slot ${block.slot} cannot follow the block of slot ${parent.slot}`);
    }
    this.#blocks.set(block.root, block);
    return block;
  }

  /**
   * Makes a block the head and returns the youngest block that the old and the new branch share.
   * @throws RangeError when the block is unknown.
   */
  setHead(root: Root): Block {
    const head = this.#blocks.get(root);
    if (head === undefined) throw new RangeError(`no block with root ${root}`);
    const branch: Block[] = [];
    let ancestor = head;
    while (!this.isCanonical(ancestor)) {
      branch.push(ancestor);
      const parent = this.#blocks.get(ancestor.parent);
      if (parent === undefined) throw new Error(`block ${ancestor.root} has lost its parent`);
      ancestor = parent;
    }
    for (let slot = ancestor.slot + 1; slot <= this.#head.slot; slot += 1) this.#canonical.delete(slot);
    for (const block of branch) this.#canonical.set(block.slot, block);
    this.#head = head;
    return ancestor;
  }

  isCanonical(block: Block): boolean {
    return this.#canonical.get(block.slot)?.root === block.root;
  }

  /** The canonical block of a slot; undefined where the slot is empty or still to come. */
  canonicalAt(slot: Slot): Block | undefined {
    return this.#canonical.get(slot);
  }

  /**
   * The youngest canonical block of this slot or an earlier one; genesis for slots before it.
   * @throws ForgottenBlocksError for a slot whose block is forgotten
   */
  canonicalAtOrBefore(slot: Slot): Block {
    if (slot <= 0) return this.genesis;
    for (let candidate = Math.min(slot, this.#head.slot); candidate >= this.#oldest.slot; candidate -= 1) {
      const block = this.#canonical.get(candidate);
      if (block !== undefined) return block;
    }
    if (this.#oldest !== this.genesis) throw new ForgottenBlocksError(this.#oldest.slot);
    return this.genesis;
  }

  /** Forgets what came before a slot; the last canonical block before it, and genesis, stay. */
  forgetBefore(slot: Slot): void {
    const oldest = this.canonicalAtOrBefore(Math.max(slot, this.#oldest.slot));
    if (oldest === this.#oldest) return;
    for (let past = this.#oldest.slot + 1; past < oldest.slot; past += 1) this.#canonical.delete(past);
    if (this.#oldest !== this.genesis) this.#canonical.delete(this.#oldest.slot);
    for (const { root, slot: past } of this.#blocks.values()) {
      if (past < oldest.slot && root !== this.genesis.root) this.#blocks.delete(root);
    }
    this.#oldest = oldest;
  }
}
