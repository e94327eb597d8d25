import { expect, it } from 'vitest';
import { commonBlock } from '../../../services/ssv-contract/common-block.js';
import type { ExecutionBlock, ExecutionNode } from '../../../services/ssv-contract/execution-node.js';
import { NO_SIGNAL } from '../beacon-node/rejection.js';

const at = (number: number, branch = 'a'): ExecutionBlock => ({ number, hash: `0x${branch}${number}`, timestamp: 0 });
const POINTS = [at(3), at(5), at(8)];

/** A node whose chain is `a` up to a block, and `b` from there on; blocks that it does not have any more are `gone`. */
function look(head: ExecutionBlock, lastOfA: number, gone: readonly number[] = []) {
  const asked: number[] = [];
  const getBlock = (number: number) => {
    asked.push(number);
    return Promise.resolve(gone.includes(number) ? undefined : at(number, number > lastOfA ? 'b' : 'a'));
  };
  const node = { getBlock } as unknown as ExecutionNode;
  return commonBlock(POINTS, head, node, NO_SIGNAL).then((common) => ({ common, asked }));
}

it.each([
  [9, at(8)],
  [7, at(5)],
  [4, at(3)],
  [2, 'none'],
])('of a chain that parts after block %i', async (lastOfA, common) => {
  expect((await look(at(10, 'b'), lastOfA)).common).toEqual(common);
});

it('says nothing of a head that has reached none of them, and asks for none', async () => {
  expect(await look(at(2), 2)).toEqual({ common: 'behind', asked: [] });
});

it('takes the head for what it is: it is not asked for again', async () => {
  expect(await look(at(8), 8)).toEqual({ common: at(8), asked: [] });
});

it('says that the chain moved where a block is not there any more', async () => {
  expect((await look(at(10, 'b'), 4, [5])).common).toBe('moved');
});
