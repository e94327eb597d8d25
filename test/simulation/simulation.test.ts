import { test } from 'vitest';
import { expectToHold } from './hold.js';

// Issue 4, point 3: a thousand hostile epochs, half of them here; the other seeds have a file of their own, and a core.
test.each([1, 2])('seed %i: 250 hostile epochs', { timeout: 120_000 }, (seed) => expectToHold(seed, 250));
