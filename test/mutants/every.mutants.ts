import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MUTANTS } from './mutants.js';
import { assertFits, MutatedCopy } from './mutated-copy.js';

// `npm run mutants`; one of them: `npm run mutants -- -t <its name>`. A test that fails here is a mutant that survived.
/** All of the tests, one after the other. */
const BASELINE_MS = 600_000;

const copies = Array.from({ length: availableParallelism() }, () => new MutatedCopy());
const began = performance.now();
const survivors: string[] = [];
let killed = 0;

beforeAll(async () => {
  for (const mutant of MUTANTS) assertFits(mutant);
  const verdict = await copies[0]!.verdictOn();
  if (!verdict.survives) throw new Error(`the tests fail without a mistake already: ${verdict.killedBy}`);
}, BASELINE_MS);

afterAll(() => {
  for (const copy of copies) copy.remove();
  const minutes = ((performance.now() - began) / 60_000).toFixed(1);
  console.log([`${killed} killed, ${survivors.length} survived, ${minutes} min`, ...survivors].join('\n'));
});

/** As many at once as there are copies (`maxConcurrency`). */
test.concurrent.for(MUTANTS)('$file: $breaks', async (mutant) => {
  const copy = copies.pop()!;
  try {
    const verdict = await copy.verdictOn(mutant);
    if (verdict.survives) survivors.push(`survives: ${mutant.file}: ${mutant.breaks}`);
    else {
      killed++;
      console.log(`${mutant.file}: ${mutant.breaks}\n  killed by ${verdict.killedBy}`);
    }
    expect(verdict.survives, `${mutant.search} → ${mutant.replacement}`).toBe(false);
  } finally {
    copies.push(copy);
  }
});
