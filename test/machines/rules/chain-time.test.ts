import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  epochOf,
  firstEpochOf,
  lastSlotOf,
  periodOf,
  positionInEpoch,
  slotAt,
  slotStartMs,
  startSlotOf,
  syncPeriodServing,
} from '../../../machines/rules/chain-time.js';
import { LONG, SHORT, testChain } from '../../support/chain.js';

const anyChain = fc
  .record({
    genesisTimeMs: fc.integer({ min: 0, max: 4e12 }),
    slotDurationMs: fc.integer({ min: 100, max: 60_000 }),
    slotsPerEpoch: fc.integer({ min: 1, max: 64 }),
    epochsPerSyncCommitteePeriod: fc.integer({ min: 1, max: 512 }),
  })
  .map(testChain);
const anySlot = fc.integer({ min: -10_000, max: 20_000_000 });

describe('slots in time', () => {
  it('change exactly at their start, and are negative before genesis', () => {
    const chain = testChain({ genesisTimeMs: 1000, slotDurationMs: 500 });
    expect([-500, 499, 500, 999, 1000, 1499, 1500].map((ms) => slotAt(chain, ms))).toEqual([-3, -2, -1, -1, 0, 0, 1]);
    expect([-1, 0, 1, 7].map((slot) => slotStartMs(chain, slot))).toEqual([500, 1000, 1500, 4500]);
  });

  it('are found again from every instant in them', () => {
    fc.assert(
      fc.property(anyChain, anySlot, fc.nat(), (chain, slot, n) => {
        expect(slotAt(chain, slotStartMs(chain, slot) + (n % chain.slotDurationMs))).toBe(slot);
      }),
    );
  });
});

describe('epochs', () => {
  it('have their first and last slot, before genesis too', () => {
    const chain = testChain(SHORT);
    expect([-9, -8, -1, 0, 7, 8, 15, 16].map((slot) => epochOf(chain, slot))).toEqual([-2, -1, -1, 0, 0, 1, 1, 2]);
    expect([startSlotOf(chain, 3), lastSlotOf(chain, 3)]).toEqual([24, 31]);
    expect([-8, -1, 0, 7, 8].map((slot) => positionInEpoch(chain, slot))).toEqual([0, 7, 0, 7, 0]);
  });

  it('are cut without gap or overlap', () => {
    fc.assert(
      fc.property(anyChain, anySlot, (chain, slot) => {
        const epoch = epochOf(chain, slot);
        const position = positionInEpoch(chain, slot);
        expect(startSlotOf(chain, epoch) + position).toBe(slot);
        expect(position).toBeGreaterThanOrEqual(0);
        expect(position).toBeLessThan(chain.slotsPerEpoch);
        expect(lastSlotOf(chain, epoch) + 1).toBe(startSlotOf(chain, epoch + 1));
      }),
    );
  });
});

describe('sync committee periods', () => {
  it.each([SHORT, LONG])('change with their first epoch (%o)', (lengths) => {
    const chain = testChain(lengths);
    const length = lengths.epochsPerSyncCommitteePeriod;
    expect([0, length - 1, length, 3 * length].map((epoch) => periodOf(chain, epoch))).toEqual([0, 0, 1, 3]);
    expect([0, 1, 3].map((period) => firstEpochOf(chain, period))).toEqual([0, length, 3 * length]);
    expect(periodOf(chain, Infinity)).toBe(Infinity);
  });

  it('serve a slot by the period of the epoch of the slot after it', () => {
    const chain = testChain(SHORT);
    expect([0, 23, 30, 31, 32, 62, 63].map((slot) => syncPeriodServing(chain, slot))).toEqual([0, 0, 0, 1, 1, 1, 2]);
    fc.assert(
      fc.property(anyChain, anySlot, (each, slot) => {
        expect(syncPeriodServing(each, slot)).toBe(periodOf(each, epochOf(each, slot + 1)));
      }),
    );
  });
});
