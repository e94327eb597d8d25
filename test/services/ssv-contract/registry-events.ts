/** Short ways to write down what happens in the contract. */
import type { BlockRange, BlockRef, ContractEvent, Hex } from '../../../services/ssv-contract/contract-types.js';
import type { ContractRegistry } from '../../../services/ssv-contract/contract-registry.js';
import { publicKeyOf } from './contract-log-maker.js';

export const ALICE: Hex = `0x${'a1'.repeat(20)}`;
export const BOB: Hex = `0x${'b0'.repeat(20)}`;

/** An event as a test names it; its position comes with its block. */
export interface Happening {
  readonly type: ContractEvent['type'];
  readonly owner?: Hex;
  readonly ids?: readonly number[];
  /** Number of the public key. */
  readonly key?: number;
}

export function happened(
  type: ContractEvent['type'],
  key?: number,
  ids: readonly number[] = [1, 2, 3, 4],
  owner = ALICE,
): Happening {
  return { type, owner, ids, ...(key === undefined ? {} : { key }) };
}

/** A block's hash: of its number and the branch it is on. */
export function blockOf(number: number, branch = 'a'): BlockRef {
  return { number, hash: `0x${Buffer.from(`${branch}${number}`).toString('hex').padStart(64, '0')}` };
}

/** A range with one block of events, in the slot of ten times its number, up to that block or a later one. */
export function rangeOf(number: number, happenings: readonly Happening[], through = number, branch = 'a'): BlockRange {
  const events = happenings.map(({ type, owner = ALICE, ids = [1, 2, 3, 4], key = 0 }, i): ContractEvent => {
    const position = { blockNumber: number, logIndex: i, transactionHash: `0x${String(i).padStart(64, '0')}` };
    const cluster = { ...position, owner, operatorIds: ids };
    if (type === 'ClusterLiquidated' || type === 'ClusterReactivated') return { type, ...cluster };
    return { type, ...cluster, publicKey: publicKeyOf(key) };
  });
  const blocks = events.length === 0 ? [] : [{ block: blockOf(number, branch), slot: number * 10, events }];
  return { blocks, through: blockOf(through, branch) };
}

/** Everything a registry holds that somebody can see, in an order of its own. */
export function contentOf({ cursor, points, state }: ContractRegistry): unknown {
  const validators = [...state.validators()].sort((a, b) => a.publicKey.localeCompare(b.publicKey));
  const clusters = [...state.clusters()].sort((a, b) => a.id.localeCompare(b.id));
  const members = clusters.map(({ id }) => [...state.members(id)].sort());
  return { cursor, points: [...points], validators, clusters, members };
}
