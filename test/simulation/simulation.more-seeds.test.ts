import { test } from 'vitest';
import { expectToHold } from './hold.js';

// The other half of the thousand epochs of simulation.test.ts.
test.each([3, 4])('seed %i: 250 hostile epochs', { timeout: 120_000 }, (seed) => expectToHold(seed, 250));
