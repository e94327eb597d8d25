import { describe, expect, it } from 'vitest';
import { syncCommittee } from '../../../machines/roles/sync-committee.js';
import { LONG, SHORT, testChain } from '../../support/chain.js';
import { needsIn, slotsAroundPeriod } from '../../support/needs.js';

describe('tables that the sync committee role needs (SPEC §3)', () => {
  const presets = [SHORT, LONG];
  const preparations = [0, 1, 2, 3, 4, 256, 1000];
  const cases = presets.flatMap((lengths) => preparations.map((epochs) => [lengths, epochs] as const));

  it.each(cases)(
    'the period of epoch(slot+1), and the next one in the last epochs (%o, %i epochs)',
    (lengths, epochs) => {
      const chain = testChain(lengths);
      const { slotsPerEpoch, epochsPerSyncCommitteePeriod } = lengths;
      const boundary = 2 * slotsPerEpoch * epochsPerSyncCommitteePeriod;
      const firstEpoch = 2 * epochsPerSyncCommitteePeriod - Math.min(epochs, epochsPerSyncCommitteePeriod);
      const opens = epochs === 0 ? Infinity : firstEpoch * slotsPerEpoch + slotsPerEpoch / 2;
      for (const slot of slotsAroundPeriod(chain, 1, 1).slice(1, -1)) {
        const inWindow = slot >= opens && slot < boundary - 1;
        const current = slot + 1 < boundary ? 1 : 2;
        const expected = inWindow ? ['now 1', 'ahead 2'] : [`now ${current}`];
        expect(
          needsIn(syncCommittee, chain, slot, { policy: { syncCommitteePreparationEpochs: epochs } }),
          `slot ${slot}`,
        ).toEqual(expected);
      }
    },
  );

  it.each(presets)('the next period without a gap from its first preparation to the boundary (%o)', (lengths) => {
    for (const epochs of preparations.slice(1)) {
      const chain = testChain(lengths);
      const options = { policy: { syncCommitteePreparationEpochs: epochs } };
      const needed = slotsAroundPeriod(chain, 1, 5).map((slot) =>
        needsIn(syncCommittee, chain, slot, options).some((need) => need.endsWith(' 2')),
      );
      expect(needed.includes(true)).toBe(true);
      expect(needed.slice(needed.indexOf(true))).not.toContain(false);
    }
  });

  it('the current period from the last slot of the one before on, at each boundary', () => {
    const chain = testChain(SHORT);
    expect([29, 30, 31, 32].map((slot) => needsIn(syncCommittee, chain, slot))).toEqual([
      ['now 0', 'ahead 1'],
      ['now 0', 'ahead 1'],
      ['now 1'],
      ['now 1'],
    ]);
  });

  it('warms up period 0 before genesis, like the other roles', () => {
    const chain = testChain(SHORT);
    for (const slot of [-1000, -9, -2, -1, 0])
      expect(needsIn(syncCommittee, chain, slot), `slot ${slot}`).toEqual(['now 0']);
    const eager = { policy: { syncCommitteePreparationEpochs: 4 } };
    expect([-1, 3, 4].map((slot) => needsIn(syncCommittee, chain, slot, eager))).toEqual([
      ['now 0'],
      ['now 0'],
      ['now 0', 'ahead 1'],
    ]);
  });

  it('the middle of an epoch of odd length is its middle slot rounded up', () => {
    const chain = testChain({ slotsPerEpoch: 5 });
    expect([11, 12, 13].map((slot) => needsIn(syncCommittee, chain, slot))).toEqual([
      ['now 0'],
      ['now 0'],
      ['now 0', 'ahead 1'],
    ]);
  });

  it('is prepared from the middle of the only epoch where a period has one', () => {
    const chain = testChain({ slotsPerEpoch: 8, epochsPerSyncCommitteePeriod: 1 });
    expect([8, 11, 12, 14, 15].map((slot) => needsIn(syncCommittee, chain, slot))).toEqual([
      ['now 1'],
      ['now 1'],
      ['now 1', 'ahead 2'],
      ['now 1', 'ahead 2'],
      ['now 2'],
    ]);
  });

  it('nothing before Altair', () => {
    const atBoundary = testChain({ ...SHORT, forkEpochs: { altair: 8 } });
    expect([-1, 0, 30, 31, 47].map((slot) => needsIn(syncCommittee, atBoundary, slot))).toEqual([[], [], [], [], []]);
    expect([51, 52, 62, 63].map((slot) => needsIn(syncCommittee, atBoundary, slot))).toEqual([
      [],
      ['ahead 2'],
      ['ahead 2'],
      ['now 2'],
    ]);
    const never = testChain({ ...SHORT, forkEpochs: { altair: Infinity } });
    for (const slot of slotsAroundPeriod(never, 1)) expect(needsIn(syncCommittee, never, slot)).toEqual([]);
  });

  it('Altair in the middle of a period: from the slot before its first one on', () => {
    const chain = testChain({ ...SHORT, forkEpochs: { altair: 6 } });
    expect([28, 31, 46, 47, 48, 51, 52].map((slot) => needsIn(syncCommittee, chain, slot))).toEqual([
      [],
      [],
      [],
      ['now 1'],
      ['now 1'],
      ['now 1'],
      ['now 1', 'ahead 2'],
    ]);
  });
});

describe('tables of the sync committee role', () => {
  it('begin with the slot before their period', () => {
    const chain = testChain(SHORT);
    expect(syncCommittee.span(chain, 1)).toEqual({ role: 'sync-committee', target: 1, firstSlot: 31, slotCount: 32 });
    expect([30, 31, 62, 63].map((slot) => syncCommittee.targetOf(chain, slot))).toEqual([0, 1, 1, 2]);
    for (const slot of slotsAroundPeriod(chain, 1)) {
      const { firstSlot, slotCount } = syncCommittee.span(chain, syncCommittee.targetOf(chain, slot));
      expect(slot >= firstSlot && slot < firstSlot + slotCount, `slot ${slot}`).toBe(true);
    }
  });

  it('are asked for by the current epoch in their period, by its first epoch ahead of it', () => {
    const chain = testChain(SHORT);
    const asked = (period: number, slot: number) => syncCommittee.requestEpoch(chain, period, slot);
    expect([-100, -1, 0, 8, 30].map((slot) => asked(0, slot))).toEqual([0, 0, 0, 1, 3]);
    expect([20, 30, 31, 32, 40, 62].map((slot) => asked(1, slot))).toEqual([4, 4, 4, 4, 5, 7]);
  });

  it('are never asked for by an epoch before Altair', () => {
    const chain = testChain({ ...SHORT, forkEpochs: { altair: 6 } });
    expect([47, 48, 55, 56].map((slot) => syncCommittee.requestEpoch(chain, 1, slot))).toEqual([6, 6, 6, 7]);
  });

  it('yield messages with the head, and contributions from the start of the slot', () => {
    expect(syncCommittee.kinds).toEqual([
      { kind: 'sync-committee', handover: 'head', data: 'head-root' },
      { kind: 'sync-committee-contribution', handover: 'slot-start', data: null },
    ]);
    expect(syncCommittee).toMatchObject({
      answersNameEveryone: false,
      waitsWhileStale: false,
      verifiedEachEpoch: true,
    });
    expect(syncCommittee.subscription).toBe('sync-committee');
  });
});
