import { keccak256 } from 'ethers/crypto';
import type { Hex } from './contract-types.js';

/**
 * Id of a cluster: keccak256 of the owner's address and the operator ids as 32-byte words.
 *
 * @param owner 20 bytes, 0x hex
 * @param operatorIds ascending
 */
export function clusterIdOf(owner: Hex, operatorIds: readonly number[]): Hex {
  return keccak256(owner + operatorIds.map((id) => id.toString(16).padStart(64, '0')).join(''));
}
