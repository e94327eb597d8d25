import { describe, expect, it } from 'vitest';
import { timeBudgets } from '../../../services/beacon-node/time-budget.js';

describe('timeBudgets', () => {
  it('of mainnet', () => {
    expect(timeBudgets(12_000, false)).toEqual({
      data: 2000,
      duties: 12_000,
      subscriptions: 500,
      syncStatus: 2000,
      other: 12_000,
    });
    expect(timeBudgets(12_000, true).duties).toBe(3000);
  });

  it('of a chain with short slots, and of one with long ones', () => {
    expect(timeBudgets(2400, false)).toEqual({
      data: 400,
      duties: 2400,
      subscriptions: 500,
      syncStatus: 1200,
      other: 2400,
    });
    expect(timeBudgets(24_000, false).subscriptions).toBe(1000);
  });

  it('before the slot time is known', () => {
    expect(timeBudgets(undefined, false)).toMatchObject({ data: 2000, duties: 12_000, other: 10_000 });
  });
});
