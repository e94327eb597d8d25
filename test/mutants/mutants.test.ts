import { describe, expect, it } from 'vitest';
import { MUTANTS } from './mutants.js';
import { assertFits } from './mutated-copy.js';

describe('the mistakes of `npm run mutants`', () => {
  it('fit the code as it is now, each in exactly one place', () => {
    const unfit = MUTANTS.flatMap((mutant) => {
      try {
        assertFits(mutant);
        return [];
      } catch (error) {
        return [(error as Error).message];
      }
    });
    expect(unfit).toEqual([]);
  });
});
