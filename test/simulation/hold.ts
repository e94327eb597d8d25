import { expect } from 'vitest';
import { DEFAULT_OPTIONS, SLOTS_PER_EPOCH } from './options.js';
import { simulate } from './simulation.js';

/** Asserts that a hostile run of some epochs holds; where it does not, the failure says how to see it again. */
export async function expectToHold(seed: number, epochs: number): Promise<void> {
  const { violation, replay, demand, quiet, tally, slots } = await simulate({ ...DEFAULT_OPTIONS, seed, epochs });
  expect(violation && { ...violation, replay }).toBeUndefined();
  expect(slots).toBe(epochs * SLOTS_PER_EPOCH);
  // A run in which nothing was demanded, or nothing went wrong, shows nothing.
  const excused = [...demand.excused.values()].reduce((sum, count) => sum + count, 0);
  expect(demand.demanded).toBeGreaterThan(100 * epochs);
  expect(excused / (demand.demanded + excused)).toBeLessThan(0.1);
  expect(demand.held).toBeGreaterThan(0);
  expect(quiet.counted).toBeGreaterThan(epochs / 5);
  expect(tally.reorgs).toBeGreaterThan(epochs / 10);
  expect(tally.lives).toBeGreaterThan(2);
  expect(tally.lines.get('duty-deferred')).toBeGreaterThan(0);
  expect(tally.lines.get('duties-fetch-failed')).toBeGreaterThan(0);
}
