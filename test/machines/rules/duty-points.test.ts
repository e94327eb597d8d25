import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lastSlotOf, slotStartMs, startSlotOf } from '../../../machines/rules/chain-time.js';
import { deadlineMs, deadlineSlot, dueAtMs, oldestOpenSlot } from '../../../machines/rules/duty-points.js';
import type { DutyKind } from '../../../machines/rules/duties.js';
import { LONG, testChain } from '../../support/chain.js';

const KINDS: readonly DutyKind[] = [
  'attester',
  'aggregator',
  'proposer',
  'sync-committee',
  'sync-committee-contribution',
];

/** Ms into a slot at which each kind is due. */
function offsets(chain: ReturnType<typeof testChain>, slot: number): number[] {
  return KINDS.map((kind) => dueAtMs(chain, kind, slot) - slotStartMs(chain, slot));
}

describe('due points (SPEC §1)', () => {
  it('are rounded down: 12 s slots', () => {
    expect(offsets(testChain(), 5)).toEqual([3999, 8000, 0, 3999, 8000]);
  });

  it('are rounded down: 500 ms slots', () => {
    const chain = testChain({ slotDurationMs: 500, forkEpochs: { gloas: 1 } });
    expect(offsets(chain, 7)).toEqual([166, 333, 0, 166, 333]);
    expect(offsets(chain, 8)).toEqual([125, 250, 0, 125, 250]);
  });

  it('switch to the Gloas values with the first slot of GLOAS_FORK_EPOCH', () => {
    const chain = testChain({ forkEpochs: { gloas: 3 } });
    expect(offsets(chain, lastSlotOf(chain, 2))).toEqual([3999, 8000, 0, 3999, 8000]);
    expect(offsets(chain, startSlotOf(chain, 3))).toEqual([3000, 6000, 0, 3000, 6000]);
    expect(offsets(testChain({ forkEpochs: { gloas: 0 } }), 0)).toEqual([3000, 6000, 0, 3000, 6000]);
  });

  it('are read from the spec, each from its own key', () => {
    const duePoints = {
      attestation: 1000,
      aggregate: 2000,
      syncMessage: 3000,
      contribution: 4000,
      payloadAttestation: 5000,
    };
    const duePointsGloas = {
      attestation: 100,
      aggregate: 200,
      syncMessage: 300,
      contribution: 400,
      payloadAttestation: 500,
    };
    const chain = testChain({ slotDurationMs: 10_000, duePoints, duePointsGloas, forkEpochs: { gloas: 1 } });
    expect(offsets(chain, 0)).toEqual([1000, 2000, 0, 3000, 4000]);
    expect(offsets(chain, 8)).toEqual([100, 200, 0, 300, 400]);
  });

  it('lie inside their slot for every slot time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.nat({ max: 10_000_000 }), (slotDurationMs, slot) => {
        const chain = testChain({ slotDurationMs });
        for (const [i, points] of [3333, 6667, 0, 3333, 6667].entries()) {
          const offset = offsets(chain, slot)[i]!;
          expect(offset * 10_000).toBeLessThanOrEqual(points * slotDurationMs);
          expect((offset + 1) * 10_000).toBeGreaterThan(points * slotDurationMs);
        }
      }),
    );
  });
});

describe('deadlines (SPEC §6)', () => {
  const chain = testChain(LONG);

  it('of everything but attestations are the end of the slot, whatever maximumDelay is', () => {
    for (const kind of KINDS.filter((each) => each !== 'attester')) {
      expect(deadlineSlot(chain, kind, 40, 32)).toBe(41);
      expect(deadlineMs(chain, kind, 40, 64)).toBe(slotStartMs(chain, 41));
    }
  });

  it('of attestations are maximumDelay slots later', () => {
    expect(deadlineSlot(chain, 'attester', 40, 32)).toBe(72);
    expect(deadlineSlot(chain, 'attester', 40, 1)).toBe(41);
    expect(deadlineMs(chain, 'attester', 40, 32)).toBe(slotStartMs(chain, 72));
  });

  it('of attestations are never beyond the end of the next epoch (EIP-7045)', () => {
    expect(deadlineSlot(chain, 'attester', 32, 1000)).toBe(96);
    expect(deadlineSlot(chain, 'attester', 63, 1000)).toBe(96);
    expect(deadlineSlot(chain, 'attester', 63, 33)).toBe(96);
    expect(deadlineSlot(chain, 'attester', 63, 32)).toBe(95);
  });

  it('and the oldest open slot say the same', () => {
    const delay = fc.integer({ min: 1, max: 200 });
    fc.assert(
      fc.property(fc.nat({ max: 300 }), delay, fc.integer({ min: 1, max: 32 }), (now, maximumDelay, slotsPerEpoch) => {
        const each = testChain({ slotsPerEpoch });
        const open = Array.from({ length: now + 1 }, (_, slot) => slot).filter(
          (slot) => now < deadlineSlot(each, 'attester', slot, maximumDelay),
        );
        expect(oldestOpenSlot(each, now, maximumDelay)).toBe(open[0]);
        expect(open.at(-1)).toBe(now);
      }),
    );
  });
});
