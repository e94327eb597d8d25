import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { defineConfig } from 'vitest/config';
import { LOGIC } from '../../vitest.config.js';
import { rankFor } from './order.js';

const { MUTATED_FILE = '' } = process.env;
const rank = rankFor(MUTATED_FILE);

/** The tests that are closest to the mistake come first. */
class ClosestFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const ranked = files.map((file) => ({ file, rank: rank(file.moduleId) }));
    ranked.sort((a, b) => a.rank - b.rank || a.file.moduleId.localeCompare(b.file.moduleId));
    return Promise.resolve(ranked.map(({ file }) => file));
  }
}

/** What runs in the copy: the logic tests in one process, one after the other, until the first that fails. */
export default defineConfig({
  test: {
    ...LOGIC,
    // Sockets: nothing of the machines is in there, and what fails under load must not pass for a mutant noticed.
    // Nor the test that every mutant's place is still there: it would see any of them.
    exclude: [...LOGIC.exclude, 'test/services/beacon-node/**', 'test/mutants/**'],
    testTimeout: 120_000,
    bail: 1,
    isolate: false,
    maxWorkers: 1,
    fileParallelism: false,
    sequence: { sequencer: ClosestFirst },
  },
});
