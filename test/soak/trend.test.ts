import { describe, expect, test } from 'vitest';
import { RandomStream } from '../../src/devnet/deterministic-random.js';
import { trendOf, verdictOn } from './trend.js';

const HOURS = 1;

/** An hour of readings, one every ten seconds: a base, what grows in a day, and noise up to so much either way. */
function readings({ perDay, noise }: { perDay: number; noise: number }) {
  const random = new RandomStream('trend', 1);
  return Array.from({ length: 360 }, (_, i) => {
    const hours = (HOURS * i) / 360;
    return { hours, value: 30 + (perDay * hours) / 24 + noise * (2 * random.fraction() - 1) };
  });
}

describe('the trend of a measured number', () => {
  test('is what it grows in a day, within the error that it names', () => {
    for (const perDay of [0, 5, 240]) {
      const trend = trendOf(readings({ perDay, noise: 0.3 }));
      expect(Math.abs(trend.perDay - perDay)).toBeLessThan(2 * trend.perDayError);
      expect(trend.perDayError).toBeLessThan(6);
    }
  });

  test('of a leak is called growth, of none flat, and of noise that could hide one neither', () => {
    expect(verdictOn(trendOf(readings({ perDay: 48, noise: 0.3 })), 10)).toBe('grows');
    expect(verdictOn(trendOf(readings({ perDay: 0, noise: 0.3 })), 10)).toBe('flat');
    expect(verdictOn(trendOf(readings({ perDay: 0, noise: 10 })), 10)).toBe('undecided');
  });

  test('is not drawn through too few readings', () => {
    expect(() => trendOf(readings({ perDay: 0, noise: 0 }).slice(0, 59))).toThrow(
      '59 readings are too few: 60 at least',
    );
  });
});
