import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryDelayMs } from '../../../machines/rules/retry-delay.js';

describe('the pause before a retry (SPEC §3)', () => {
  it('is 250 ms, then 1.6 times as much each time', () => {
    expect([1, 2, 3, 4, 5].map((attempt) => retryDelayMs(attempt, 12_000, 0.5))).toEqual([250, 400, 640, 1024, 1638]);
  });

  it('differs by up to 10 % either way', () => {
    expect(retryDelayMs(1, 12_000, 0)).toBe(225);
    expect(retryDelayMs(1, 12_000, 0.999_999)).toBe(275);
    expect(retryDelayMs(3, 12_000, 0)).toBe(576);
    expect(retryDelayMs(3, 12_000, 0.999_999)).toBe(704);
  });

  it('is never more than a slot, however often it failed', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    const slot = fc.integer({ min: 100, max: 20_000 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), slot, random, (attempt, slotDurationMs, jitter) => {
        const pause = retryDelayMs(attempt, slotDurationMs, jitter);
        expect(pause).toBeLessThanOrEqual(slotDurationMs);
        expect(pause).toBeGreaterThanOrEqual(Math.min(225, slotDurationMs));
      }),
    );
    expect(retryDelayMs(9, 12_000, 0.5)).toBe(10_737);
    expect(retryDelayMs(10, 12_000, 0)).toBe(12_000);
    expect(retryDelayMs(2, 200, 0)).toBe(200);
  });
});
