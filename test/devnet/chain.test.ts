import { describe, expect, it } from 'vitest';
import { Chain, fillEmptySlot, reorg, type ChainHead, type ChainReorg } from '../../src/devnet/index.js';

/** A chain with a block in each of the given slots. */
function chainWith(slots: readonly number[], parameters: ConstructorParameters<typeof Chain>[0] = {}): Chain {
  const chain = new Chain(parameters);
  for (const slot of slots) chain.propose(slot);
  return chain;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** All attester duties of an epoch as text, one per validator. */
function attesters(chain: Chain, epoch: number): string[] {
  const committees = chain.committees(epoch);
  return [...chain.validators].map(({ index }) => JSON.stringify(committees.placeOf(index)));
}

describe('duties of the devnet chain', () => {
  it('are the same for the same seed and blocks, and others for another seed', () => {
    const [first, second] = [chainWith(range(1, 20)), chainWith(range(1, 20))];
    const other = chainWith(range(1, 20), { seed: 2 });
    for (const epoch of [0, 1, 2, 3]) {
      expect(attesters(second, epoch)).toEqual(attesters(first, epoch));
      expect(second.proposers(epoch)).toEqual(first.proposers(epoch));
      expect(attesters(other, epoch)).not.toEqual(attesters(first, epoch));
      expect(other.proposers(epoch)).not.toEqual(first.proposers(epoch));
    }
    expect(second.syncCommittee(1)).toEqual(first.syncCommittee(1));
    expect(first.syncCommittee(0)).not.toEqual(first.syncCommittee(1));
    expect(new Set(range(0, 3).map((epoch) => attesters(first, epoch).join())).size).toBe(4);
  });

  it.each([
    { validatorCount: 64, committeesPerSlot: 2 },
    { validatorCount: 61, committeesPerSlot: 3 },
    { validatorCount: 3, committeesPerSlot: 2 },
    { validatorCount: 1000, committeesPerSlot: 7, slotsPerEpoch: 32 },
  ])('give every active validator one place per epoch: %o', (parameters) => {
    const chain = chainWith([1], parameters);
    const committees = chain.committees(0);
    const seen: number[] = [];
    for (let slot = 0; slot < chain.parameters.slotsPerEpoch; slot += 1) {
      for (let committeeIndex = 0; committeeIndex < committees.committeesAtSlot; committeeIndex += 1) {
        const members = committees.committee(slot, committeeIndex);
        members.forEach((validator, validatorCommitteeIndex) => {
          seen.push(validator);
          expect(committees.placeOf(validator)).toEqual({
            slot,
            committeeIndex,
            committeeLength: members.length,
            validatorCommitteeIndex,
          });
        });
      }
    }
    expect(seen.sort((a, b) => a - b)).toEqual(range(0, chain.validators.count - 1));
    expect(chain.proposers(0)).toHaveLength(chain.parameters.slotsPerEpoch);
  });

  it('begin and end with the activation and the exit of a validator', () => {
    const chain = chainWith(range(1, 8));
    const { index } = chain.addValidator({ activationEpoch: 3 });
    chain.exitValidator(0, 4);
    expect(attesters(chain, 2)[index]).toBeUndefined();
    expect(chain.committees(3).placeOf(index)).toBeDefined();
    expect(chain.committees(3).placeOf(0)).toBeDefined();
    expect(chain.committees(4).placeOf(0)).toBeUndefined();
  });

  it('leave a sync committee alone when a validator joins after it was drawn', () => {
    const chain = chainWith(range(1, 8));
    const before = chain.syncCommittee(1);
    chain.addValidator({ activationEpoch: 3 });
    expect(chain.syncCommittee(1)).toEqual(before);
  });
});

describe('a change of the registry', () => {
  it('counts for duties that were computed before', () => {
    const chain = chainWith(range(1, 8));
    expect(chain.committees(3).placeOf(64)).toBeUndefined();
    chain.addValidator({ activationEpoch: 3 });
    expect(chain.committees(3).placeOf(64)).toBeDefined();
  });
});

describe('dependent roots', () => {
  it('are the root of genesis in the first epochs', () => {
    const chain = chainWith(range(1, 6));
    for (const epoch of [0, 1]) expect(chain.attesterDependentRoot(epoch)).toBe(chain.genesis.root);
    expect(chain.proposerDependentRoot(0, 1)).toBe(chain.genesis.root);
  });

  it('skip empty slots at the end of an epoch', () => {
    // Epoch 0 ends with two empty slots, the first slot of epoch 1 is empty too.
    const chain = chainWith([...range(1, 5), ...range(9, 18)]);
    const fifth = chain.blockAt(5)?.root;
    expect(fifth).toBeDefined();
    expect(chain.attesterDependentRoot(2)).toBe(fifth);
    expect(chain.proposerDependentRoot(1, 1)).toBe(fifth);
    expect(chain.proposerDependentRoot(2, 2)).toBe(fifth);
    expect(chain.proposerDependentRoot(2, 1)).toBe(chain.blockAt(15)?.root);
    expect(chain.attesterDependentRoot(3)).toBe(chain.blockAt(15)?.root);
  });

  it('of v2 proposer duties before Fulu are those of v1', () => {
    const chain = chainWith(range(1, 18), {
      forkEpochs: { altair: 0, bellatrix: 0, capella: 0, deneb: 0, electra: 0, fulu: 2, gloas: Infinity },
    });
    expect(chain.proposerDependentRoot(1, 2)).toBe(chain.blockAt(7)?.root);
    expect(chain.proposerDependentRoot(2, 2)).toBe(chain.blockAt(7)?.root);
    expect(chain.proposerDependentRoot(2, 1)).toBe(chain.blockAt(15)?.root);
  });

  it('stand in the head event for the epoch of its slot', () => {
    const heads: ChainHead[] = [];
    const chain = new Chain();
    chain.on('head', (head) => heads.push(head));
    for (const slot of [...range(1, 7), 8, 9, 17]) chain.propose(slot);
    const bySlot = new Map(heads.map((head) => [head.slot, head]));
    const [seventh, ninth] = [chain.blockAt(7)?.root, chain.blockAt(9)?.root];
    expect(bySlot.get(7)).toMatchObject({
      previousDutyDependentRoot: chain.genesis.root,
      currentDutyDependentRoot: chain.genesis.root,
      epochTransition: false,
    });
    expect(bySlot.get(8)).toMatchObject({
      previousDutyDependentRoot: chain.genesis.root,
      currentDutyDependentRoot: seventh,
      epochTransition: true,
    });
    // As recorded: the first block of an epoch is no transition when the epoch's first slot is empty.
    expect(bySlot.get(17)).toMatchObject({
      previousDutyDependentRoot: seventh,
      currentDutyDependentRoot: ninth,
      epochTransition: false,
    });
  });
});

describe('a re-org', () => {
  it('that replaces the dependent root changes duties', () => {
    const chain = chainWith(range(1, 18));
    const before = {
      attesters: attesters(chain, 3),
      proposers: chain.proposers(3),
      root: chain.attesterDependentRoot(3),
    };
    reorg(chain, { atSlot: 19, depth: 5 });
    expect(chain.head.slot).toBe(19);
    expect(chain.attesterDependentRoot(3)).not.toBe(before.root);
    expect(attesters(chain, 3)).not.toEqual(before.attesters);
    expect(chain.proposers(3)).not.toEqual(before.proposers);
  });

  it('that leaves the dependent root alone keeps duties', () => {
    const chain = chainWith(range(1, 18));
    const before = [attesters(chain, 2), attesters(chain, 3), chain.proposers(2), chain.proposers(3)];
    const oldHead = chain.head;
    reorg(chain, { atSlot: 19, depth: 2 });
    expect(chain.isCanonical(oldHead)).toBe(false);
    expect([attesters(chain, 2), attesters(chain, 3), chain.proposers(2), chain.proposers(3)]).toEqual(before);
  });

  it('replayed lets heads go backwards, each with the roots of its own epoch', () => {
    const chain = chainWith(range(1, 18));
    const heads: ChainHead[] = [];
    const reorgs: ChainReorg[] = [];
    chain.on('head', (head) => heads.push(head));
    chain.on('chain_reorg', (event) => reorgs.push(event));
    reorg(chain, { atSlot: 19, depth: 5, emptySlots: [17], replay: true });
    expect(heads.map(({ slot }) => slot)).toEqual([14, 15, 16, 18, 19]);
    expect(heads[0]?.currentDutyDependentRoot).toBe(chain.blockAt(7)?.root);
    expect(heads[2]?.currentDutyDependentRoot).toBe(chain.blockAt(15)?.root);
    expect(reorgs).toMatchObject([{ slot: 14, depth: 5, epoch: 1 }]);
  });

  it('back to the old branch brings the old duties back', () => {
    const chain = chainWith(range(1, 18));
    const [oldHead, before] = [chain.head.root, attesters(chain, 3)];
    reorg(chain, { atSlot: 18, depth: 10 });
    expect(attesters(chain, 3)).not.toEqual(before);
    chain.setHead(oldHead);
    expect(attesters(chain, 3)).toEqual(before);
  });

  it('by a late block fills the last slot of an epoch and changes the duties after it', () => {
    const chain = chainWith([...range(1, 14), 16, 17]);
    const before = attesters(chain, 3);
    const blocks = fillEmptySlot(chain, 15);
    expect(blocks.map(({ slot }) => slot)).toEqual([15, 16, 17]);
    expect(chain.attesterDependentRoot(3)).toBe(blocks[0]?.root);
    expect(attesters(chain, 3)).not.toEqual(before);
  });

  it('is refused when it is too deep or has nothing to replace', () => {
    const chain = chainWith(range(1, 20));
    expect(() => reorg(chain, { atSlot: 21, depth: 17 })).toThrow(RangeError);
    expect(() => reorg(chain, { atSlot: 21, depth: 0 })).toThrow(RangeError);
    expect(() => reorg(new Chain(), { atSlot: 1, depth: 1 })).toThrow('no block to replace');
    expect(() => fillEmptySlot(chain, 20)).toThrow('not empty');
  });
});

describe('blocks', () => {
  it('must follow a known, older parent', () => {
    const chain = chainWith([5]);
    expect(() => chain.propose(5, { salt: 'other' })).toThrow('cannot follow');
    expect(() => chain.propose(6, { parent: `0x${'ab'.repeat(32)}` })).toThrow('no block with root');
    expect(() => chain.setHead(`0x${'ab'.repeat(32)}`)).toThrow('no block with root');
  });

  it('after a head that went back are no longer canonical', () => {
    const chain = chainWith(range(1, 12));
    const [old, back] = [chain.head, chain.blockAt(9)];
    chain.setHead(back?.root ?? '');
    expect(chain.head.slot).toBe(9);
    expect([chain.blockAt(12), chain.isCanonical(old), chain.block(old.root)]).toEqual([undefined, false, old]);
    chain.propose(13);
    expect(chain.blockAtOrBefore(12)).toBe(back);
  });

  it('before a slot are forgotten when told, and nothing else is', () => {
    const chain = chainWith([1, 2, 5, 6, 9]);
    const aside = chain.propose(3, { parent: chain.blockAt(2)!.root, makeHead: false });
    const [old, kept] = [chain.blockAt(2)!, chain.blockAt(5)!];
    const duties = attesters(chain, 1);
    chain.forgetBefore(4);
    expect([chain.block(old.root), chain.blockAt(2)]).toEqual([old, old]);
    expect(chain.blockAt(1)).toBeUndefined();
    chain.forgetBefore(6);
    chain.forgetBefore(4);
    expect([chain.block(old.root), chain.block(aside.root), chain.blockAt(2), chain.blockAt(5)]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(() => chain.blockAtOrBefore(5)).toThrow('blocks before slot 6 are forgotten');
    expect([chain.blockAtOrBefore(8).slot, chain.block(chain.genesis.root)]).toEqual([6, chain.genesis]);
    expect(chain.block(kept.root)).toBeUndefined();
    reorg(chain, { atSlot: 10, depth: 2 });
    expect([chain.head.slot, attesters(chain, 1)]).toEqual([10, duties]);
  });

  it('beside the head change no duty and emit no head', () => {
    const chain = chainWith([1, 2]);
    let heads = 0;
    let blocks = 0;
    chain.on('head', () => (heads += 1));
    const stop = chain.on('block', () => (blocks += 1));
    chain.propose(3, { parent: chain.genesis.root, makeHead: false });
    expect([heads, blocks, chain.head.slot]).toEqual([0, 1, 2]);
    stop();
    chain.propose(4);
    expect([heads, blocks]).toEqual([1, 1]);
  });
});

describe('parameters', () => {
  it.each([
    ['genesisTimeMs', 1500],
    ['slotsPerEpoch', 0],
    ['validatorCount', 1.5],
    ['seed', NaN],
  ])('%s cannot be %d', (name, value) => {
    expect(() => new Chain({ [name]: value })).toThrow(new RegExp(`^${name} must be`));
  });
});
