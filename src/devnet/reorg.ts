import type { Slot } from '../../machines/rules/chain-time.js';
import type { Chain } from './chain.js';
import type { Block } from './fork-tree.js';

/** How a chain changes its branch. */
export interface ReorgOptions {
  /** Slot of the new head. */
  readonly atSlot: Slot;
  /** Slots of the old head's branch that are dropped, counted back from the head; up to two epochs. */
  readonly depth: number;
  /** Slots of the new branch without a block. */
  readonly emptySlots?: readonly Slot[];
  /** Every block of the new branch becomes the head in turn, as a node imports them: heads go backwards first. */
  readonly replay?: boolean;
}

/**
 * Replaces the end of the canonical chain by a sibling branch and makes that the head.
 * @returns the blocks of the new branch, oldest first
 * @throws RangeError when the depth is out of bounds or the new branch would have no block
 */
export function reorg(chain: Chain, options: ReorgOptions): readonly Block[] {
  const { atSlot, depth, emptySlots = [], replay = false } = options;
  const deepest = 2 * chain.parameters.slotsPerEpoch;
  if (!Number.isSafeInteger(depth) || depth < 1 || depth > deepest) {
    throw new RangeError(`the depth of a re-org must be 1 to ${deepest}, not ${depth}`);
  }
  const ancestor = chain.blockAtOrBefore(chain.head.slot - depth);
  if (ancestor.root === chain.head.root) throw new RangeError('there is no block to replace');
  const slots: Slot[] = [];
  for (let slot = ancestor.slot + 1; slot <= atSlot; slot += 1) if (!emptySlots.includes(slot)) slots.push(slot);
  return buildBranch(chain, ancestor, slots, replay);
}

/**
 * A block of an empty slot comes to light. After the head it simply becomes the head; before the head, the blocks that
 * follow it are built anew on top of it.
 * @returns the new blocks, oldest first
 * @throws RangeError when the slot has a block already or lies before slot 1
 */
export function fillEmptySlot(chain: Chain, slot: Slot, replay = false): readonly Block[] {
  if (slot < 1 || chain.blockAt(slot) !== undefined) throw new RangeError(`slot ${slot} is not empty`);
  const slots = [slot];
  for (let later = slot + 1; later <= chain.head.slot; later += 1) {
    if (chain.blockAt(later) !== undefined) slots.push(later);
  }
  return buildBranch(chain, chain.blockAtOrBefore(slot), slots, replay);
}

function buildBranch(chain: Chain, ancestor: Block, slots: readonly Slot[], replay: boolean): readonly Block[] {
  // The old head in the salt makes the branch differ from the one it replaces.
  const salt = chain.head.root;
  const branch: Block[] = [];
  for (const slot of slots) {
    branch.push(chain.propose(slot, { parent: (branch.at(-1) ?? ancestor).root, salt, makeHead: replay }));
  }
  const tip = branch.at(-1);
  if (tip === undefined) throw new RangeError('the new branch has no block');
  chain.setHead(tip.root);
  return branch;
}
