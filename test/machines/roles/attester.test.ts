import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attester } from '../../../machines/roles/attester.js';
import { deadlineSlot } from '../../../machines/rules/duty-points.js';
import type { LatePolicy } from '../../../machines/rules/policy.js';
import { LONG, SHORT, testChain } from '../../support/chain.js';
import { needsIn, slotsAroundPeriod } from '../../support/needs.js';

describe('tables that the attester role needs (SPEC §3)', () => {
  it.each([SHORT, LONG])('E in every slot, E+1 from the middle of E on (%o)', (lengths) => {
    const chain = testChain(lengths);
    const { slotsPerEpoch } = lengths;
    for (const slot of slotsAroundPeriod(chain, 1)) {
      const epoch = Math.floor(slot / slotsPerEpoch);
      const inSecondHalf = slot % slotsPerEpoch >= slotsPerEpoch / 2;
      const expected = inSecondHalf ? [`now ${epoch}`, `ahead ${epoch + 1}`] : [`now ${epoch}`];
      expect(needsIn(attester, chain, slot, { policy: { late: 'never' } }), `slot ${slot}`).toEqual(expected);
    }
  });

  it('waits for genesis with the table of epoch 0 only', () => {
    const chain = testChain(SHORT);
    for (const slot of [-1000, -5, -4, -1]) {
      for (const late of ['never', 'journal', 'always'] as const) {
        expect(needsIn(attester, chain, slot, { policy: { late } })).toEqual(['now 0']);
      }
    }
    expect([0, 3, 4, 7].map((slot) => needsIn(attester, chain, slot))).toEqual([
      ['now 0'],
      ['now 0'],
      ['now 0', 'ahead 1'],
      ['now 0', 'ahead 1'],
    ]);
  });

  it('the middle of an epoch of odd length is its middle slot rounded up', () => {
    const chain = testChain({ slotsPerEpoch: 5 });
    const ahead = [5, 6, 7, 8, 9].map(
      (slot) => needsIn(attester, chain, slot, { policy: { late: 'never' } }).length > 1,
    );
    expect(ahead).toEqual([false, false, false, true, true]);
  });

  it('knows neither forks nor endpoint versions', () => {
    const chain = testChain({ ...SHORT, forkEpochs: { altair: 3, fulu: 3 } });
    expect(needsIn(attester, chain, 20, { servesProposerV2: false })).toEqual(['now 2', 'ahead 3']);
  });
});

describe('the last epoch of the attester role: E−1 while a late duty in it may still run', () => {
  const chain = testChain(SHORT);
  const withPrevious = (slot: number, late: LatePolicy, recordFromSlot: number, maximumDelay = 8) =>
    needsIn(attester, chain, slot, { policy: { late, maximumDelay }, recordFromSlot }).includes(
      `now ${Math.floor(slot / 8) - 1}`,
    );

  it('is not needed where nothing runs late', () => {
    for (let slot = 16; slot < 24; slot++) expect(withPrevious(slot, 'never', 0)).toBe(false);
  });

  it('is needed with `always` until the last of its duties has ended', () => {
    const needed = [16, 17, 22, 23].map((slot) => withPrevious(slot, 'always', slot));
    expect(needed).toEqual([true, true, true, false]);
    expect([16, 23].map((slot) => withPrevious(slot, 'always', slot, 16))).toEqual([true, true]);
    expect([16, 17, 18].map((slot) => withPrevious(slot, 'always', slot, 2))).toEqual([true, false, false]);
  });

  it('is needed with `journal` only as far as the record goes back', () => {
    expect(withPrevious(18, 'journal', 18)).toBe(false);
    expect(withPrevious(18, 'journal', 16)).toBe(false);
    expect(withPrevious(18, 'journal', 15)).toBe(true);
    expect(withPrevious(18, 'journal', 0)).toBe(true);
    expect(withPrevious(23, 'journal', 0)).toBe(false);
  });

  it('follows E in urgency, and comes before E+1', () => {
    expect(needsIn(attester, chain, 20, { policy: { late: 'always' } })).toEqual(['now 2', 'now 1', 'ahead 3']);
    expect(needsIn(attester, chain, 7, { policy: { late: 'always' } })).toEqual(['now 0', 'ahead 1']);
  });

  it('is needed exactly where a duty of it may start', () => {
    const late = fc.constantFrom<LatePolicy>('never', 'journal', 'always');
    const delay = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(
        fc.integer({ min: 8, max: 80 }),
        late,
        delay,
        fc.nat({ max: 80 }),
        (slot, policy, maximumDelay, record) => {
          const previous = Math.floor(slot / 8) - 1;
          const mayStart = (dutySlot: number) =>
            policy !== 'never' &&
            slot < deadlineSlot(chain, 'attester', dutySlot, maximumDelay) &&
            (policy === 'always' || dutySlot >= record);
          const slots = Array.from({ length: 8 }, (_, i) => previous * 8 + i);
          expect(withPrevious(slot, policy, record, maximumDelay)).toBe(slots.some(mayStart));
        },
      ),
    );
  });
});

describe('tables of the attester role', () => {
  it('hold one epoch each, and are asked for by it', () => {
    const chain = testChain(SHORT);
    expect(attester.span(chain, 3)).toEqual({ role: 'attester', target: 3, firstSlot: 24, slotCount: 8 });
    expect([23, 24, 31, 32].map((slot) => attester.targetOf(chain, slot))).toEqual([2, 3, 3, 4]);
    expect([attester.requestEpoch(chain, 3, 20), attester.requestEpoch(chain, 3, 30)]).toEqual([3, 3]);
  });

  it('yield attestations with the head, and aggregations from the start of the slot', () => {
    expect(attester.kinds).toEqual([
      { kind: 'attester', handover: 'head', data: 'attestation-data' },
      { kind: 'aggregator', handover: 'slot-start', data: null },
    ]);
    expect(attester).toMatchObject({ answersNameEveryone: false, waitsWhileStale: true, verifiedEachEpoch: false });
    expect(attester.subscription).toBe('beacon-committee');
  });
});
