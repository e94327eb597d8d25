import { afterAll, beforeAll, expect, test } from 'vitest';
import { MUTANTS } from './mutants.js';
import { MutatedCopy } from './mutated-copy.js';

// `npm run mutants`; one of them: `npm run mutants -- -t <its name>`. A test that fails here is a mutant that survived.
/** All of the tests, one after the other. */
const BASELINE_MS = 600_000;

const copy = new MutatedCopy();
afterAll(() => copy.remove());

beforeAll(async () => {
  for (const mutant of MUTANTS) copy.check(mutant);
  if (await copy.isNoticed()) throw new Error('the tests fail without a mistake already: nothing can be told by them');
}, BASELINE_MS);

for (const mutant of MUTANTS) {
  test(`${mutant.file}: ${mutant.breaks}`, async () => {
    expect(await copy.isNoticed(mutant), `survives: ${mutant.search} → ${mutant.replacement}`).toBe(true);
  });
}
