/** Runs the benchmark named on the command line and sends its findings to the parent process. */
import { BENCHMARKS } from './benchmarks.js';

const benchmark = BENCHMARKS.find(({ name }) => name === process.argv[2]);
if (benchmark === undefined) throw new RangeError(`no benchmark '${process.argv[2]}'`);
const findings = await benchmark.run();
process.send?.(findings, () => process.exit(0));
