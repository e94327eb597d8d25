import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { ROOT } from './mutated-copy.js';

/** Each mutant is a test that runs the fast tests in a process of its own. */
export default defineConfig({
  test: {
    root: ROOT,
    include: ['test/mutants/*.mutants.ts'],
    testTimeout: 3_600_000,
    reporters: 'verbose',
    maxConcurrency: availableParallelism(),
  },
});
