import { epochOf, type ChainSpec, type Epoch, type Root, type Slot } from '../../../machines/rules/chain-time.js';
import type { DutyAnswer, Role } from '../../../machines/rules/duties.js';

/** What is supposed to have happened. */
export type Supposition =
  /** The head of this slot is on another branch, whose fork lies before the epoch: the current dependent root changes. */
  | { readonly what: 'reorg'; readonly slot: Slot }
  /** The node cannot be reached from the first slot's start to the last one's end. */
  | { readonly what: 'node-down'; readonly from: Slot; readonly to: Slot };

/** First slot in which anything is otherwise. */
export function firstSlotOf(supposition: Supposition): Slot {
  return supposition.what === 'reorg' ? supposition.slot : supposition.from;
}

/** A root of the other branch. */
export function otherRoot(root: Root): Root {
  const digits = [...root.slice(2)].map((digit) => (15 - parseInt(digit, 16)).toString(16));
  return `0x${digits.join('')}`;
}

/** Epoch from which the duties of the other branch differ: the one after the re-org, whose root is the current one. */
export function firstOtherEpoch(chain: ChainSpec, slot: Slot): Epoch {
  return epochOf(chain, slot) + 1;
}

/** What the other branch makes of an answer: another root, and each duty in the next slot of its epoch. */
export function onOtherBranch(chain: ChainSpec, role: Role, epoch: Epoch, answer: DutyAnswer): DutyAnswer {
  const { columns, dependentRoot } = answer;
  if (role === 'sync-committee' || dependentRoot === null) return answer;
  const first = epoch * chain.slotsPerEpoch;
  const slot = columns.slot?.map((before) => first + ((before - first + 1) % chain.slotsPerEpoch));
  return { ...answer, dependentRoot: otherRoot(dependentRoot), columns: { ...columns, ...(slot && { slot }) } };
}
