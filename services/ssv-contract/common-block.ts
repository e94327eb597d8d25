import type { BlockRef } from './contract-types.js';
import type { ExecutionBlock, ExecutionNode } from './execution-node.js';

/** Where stored blocks and a node's chain part. */
export type CommonBlock<B extends BlockRef> =
  /** The last stored block that is on the chain, of those that its head has reached. */
  | B
  /** None of them is. */
  | 'none'
  /** The head has reached none of them: nothing can be said yet. */
  | 'behind'
  /** The chain changed while it was looked at. */
  | 'moved';

/**
 * Finds the last of some stored blocks that is on a node's chain. The newest is looked at first; where it is not, the
 * others are bisected, because blocks below a common one are common too. Rejects with an `ExecutionNodeError`.
 *
 * @param points ascending, of one chain
 */
export async function commonBlock<B extends BlockRef>(
  points: readonly B[],
  head: ExecutionBlock,
  node: ExecutionNode,
  signal: AbortSignal,
): Promise<CommonBlock<B>> {
  const known = points.filter(({ number }) => number <= head.number);
  if (known.length === 0) return 'behind';
  let common: B | undefined;
  let low = 0;
  let high = known.length;
  let place = high - 1;
  while (low < high) {
    const point = known[place]!;
    const block = point.number === head.number ? head : await node.getBlock(point.number, signal);
    if (block === undefined) return 'moved';
    if (block.hash === point.hash) {
      common = point;
      low = place + 1;
    } else {
      high = place;
    }
    place = (low + high) >> 1;
  }
  return common ?? 'none';
}
