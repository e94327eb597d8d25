import { describe, expect, it } from 'vitest';
import { proposer } from '../../../machines/roles/proposer.js';
import { LONG, SHORT, testChain } from '../../support/chain.js';
import { needsIn, slotsAroundPeriod } from '../../support/needs.js';

describe('tables that the proposer role needs (SPEC §3)', () => {
  it.each([SHORT, LONG])(
    'E from its first slot on, and E+1 from the middle of E on where v2 is served (%o)',
    (lengths) => {
      const chain = testChain(lengths);
      const { slotsPerEpoch } = lengths;
      for (const slot of slotsAroundPeriod(chain, 1)) {
        const epoch = Math.floor(slot / slotsPerEpoch);
        const ahead = slot % slotsPerEpoch >= slotsPerEpoch / 2 ? [`ahead ${epoch + 1}`] : [];
        expect(needsIn(proposer, chain, slot), `slot ${slot}`).toEqual([`now ${epoch}`, ...ahead]);
        expect(needsIn(proposer, chain, slot, { servesProposerV2: false }), `slot ${slot}`).toEqual([`now ${epoch}`]);
      }
    },
  );

  it('E+1 only where it is in Fulu or later', () => {
    const chain = testChain({ ...SHORT, forkEpochs: { fulu: 3 } });
    expect(needsIn(proposer, chain, 15)).toEqual(['now 1']);
    expect(needsIn(proposer, chain, 19)).toEqual(['now 2']);
    expect(needsIn(proposer, chain, 20)).toEqual(['now 2', 'ahead 3']);
    expect(needsIn(proposer, chain, 28)).toEqual(['now 3', 'ahead 4']);
    expect(needsIn(proposer, testChain({ ...SHORT, forkEpochs: { fulu: Infinity } }), 28)).toEqual(['now 3']);
  });

  it('waits for genesis with the table of epoch 0 only', () => {
    const chain = testChain(SHORT);
    expect([-1000, -4, -1, 0, 3, 4].map((slot) => needsIn(proposer, chain, slot))).toEqual([
      ['now 0'],
      ['now 0'],
      ['now 0'],
      ['now 0'],
      ['now 0'],
      ['now 0', 'ahead 1'],
    ]);
  });

  it('the middle of an epoch of odd length is its middle slot rounded up', () => {
    const chain = testChain({ slotsPerEpoch: 7 });
    expect([10, 11].map((slot) => needsIn(proposer, chain, slot).length)).toEqual([1, 2]);
  });

  it('nothing of the past, whatever may run late', () => {
    expect(needsIn(proposer, testChain(SHORT), 16, { policy: { late: 'always' }, recordFromSlot: 0 })).toEqual([
      'now 2',
    ]);
  });
});

describe('tables of the proposer role', () => {
  it('hold one epoch each, and name everyone', () => {
    const chain = testChain(SHORT);
    expect(proposer.span(chain, 3)).toEqual({ role: 'proposer', target: 3, firstSlot: 24, slotCount: 8 });
    expect([23, 24, 31].map((slot) => proposer.targetOf(chain, slot))).toEqual([2, 3, 3]);
    expect(proposer.requestEpoch(chain, 3, 20)).toBe(3);
    expect(proposer.kinds).toEqual([{ kind: 'proposer', handover: 'slot-start', data: null }]);
    expect(proposer).toMatchObject({ answersNameEveryone: true, waitsWhileStale: true, verifiedEachEpoch: false });
    expect(proposer.subscription).toBeNull();
  });
});
