import { getAddress, keccak256, solidityPacked } from 'ethers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clusterIdOf } from '../../../services/ssv-contract/cluster-id.js';

describe('the id of a cluster', () => {
  it('is the hash of owner and operator ids, written down once', () => {
    expect(clusterIdOf('0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266', [1, 2, 3, 4])).toBe(
      '0x2ffc85c2123d79e7080f706eb5572fb70f3c756b84f304bacea67127a78cb4fe',
    );
  });

  it('is what the contract computes: abi.encodePacked, in which ids are whole words', () => {
    const owners = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('hex'));
    const ids = fc.array(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), { maxLength: 13 });
    fc.assert(
      fc.property(owners, ids, (owner, operatorIds) => {
        const packed = solidityPacked(['address', 'uint256[]'], [getAddress(owner), operatorIds]);
        expect(clusterIdOf(`0x${owner}`, operatorIds)).toBe(keccak256(packed));
      }),
    );
  });
});
