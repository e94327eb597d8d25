import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MUTANTS, type Mutant } from './mutants.js';
import { assertFits, MutatedCopy, type Verdict } from './mutated-copy.js';

// `npm run mutants`; one of them: `npm run mutants -- -t <its name>`. A test that fails here is a mutant that survived.
const copies = Array.from({ length: availableParallelism() }, () => new MutatedCopy());
const began = performance.now();
const survivors: string[] = [];
let killed = 0;

beforeAll(() => {
  for (const mutant of MUTANTS) assertFits(mutant);
});

afterAll(() => {
  for (const copy of copies) copy.remove();
  const minutes = ((performance.now() - began) / 60_000).toFixed(1);
  console.log([`${killed} killed, ${survivors.length} survived, ${minutes} min`, ...survivors].join('\n'));
});

/** Uses a copy that nobody else uses: as many at once as there are copies (`maxConcurrency`). */
async function verdictOn(mutant?: Mutant): Promise<Verdict> {
  const copy = copies.pop()!;
  try {
    return await copy.verdictOn(mutant);
  } finally {
    copies.push(copy);
  }
}

test.concurrent('without a mistake the tests pass', async () => {
  expect(await verdictOn()).toEqual({ survives: true });
});

// Names that are put together here are not cut short: `-t` finds a mutant by all of its name.
const named = MUTANTS.map((mutant) => [`${mutant.file}: ${mutant.breaks}`, mutant] as const);

test.concurrent.for(named)('%s', async ([, mutant]) => {
  const verdict = await verdictOn(mutant);
  if (verdict.survives) survivors.push(`survives: ${mutant.file}: ${mutant.breaks}`);
  else {
    killed++;
    console.log(`${mutant.file}: ${mutant.breaks}\n  killed by ${verdict.killedBy}`);
  }
  expect(verdict.survives, `${mutant.search} → ${mutant.replacement}`).toBe(false);
});
