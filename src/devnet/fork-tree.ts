import { ZERO_ROOT, type Root, type Slot } from '../../machines/rules/chain-time.js';

/** A block of the devnet: only what duties and heads depend on. */
export interface Block {
  readonly slot: Slot;
  readonly root: Root;
  readonly parent: Root;
}

/** All blocks ever seen, with the branch that the head is on laid out by slot. */
export class ForkTree {
  readonly genesis: Block;
  readonly #blocks = new Map<Root, Block>();
  /** Block of each slot on the head's branch; a missed slot is a hole. */
  readonly #canonical: (Block | undefined)[] = [];
  #head: Block;

  constructor(genesisRoot: Root) {
    this.genesis = { slot: 0, root: genesisRoot, parent: ZERO_ROOT };
    this.#blocks.set(genesisRoot, this.genesis);
    this.#canonical[0] = this.genesis;
    this.#head = this.genesis;
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
    this.#canonical.length = ancestor.slot + 1;
    for (const block of branch.reverse()) this.#canonical[block.slot] = block;
    this.#head = head;
    return ancestor;
  }

  isCanonical(block: Block): boolean {
    return this.#canonical[block.slot]?.root === block.root;
  }

  /** The canonical block of a slot; undefined where the slot is empty or still to come. */
  canonicalAt(slot: Slot): Block | undefined {
    return this.#canonical[slot];
  }

  /** The youngest canonical block of this slot or an earlier one; genesis for slots before it. */
  canonicalAtOrBefore(slot: Slot): Block {
    for (let candidate = Math.min(slot, this.#head.slot); candidate > 0; candidate -= 1) {
      const block = this.#canonical[candidate];
      if (block !== undefined) return block;
    }
    return this.genesis;
  }
}
