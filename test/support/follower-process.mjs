/**
 * Follows the contract until it is killed, and writes each event that it tells as a line of JSON:
 * `node follower-process.mjs <folder of the compiled sources> <data directory> <execution node> <contract>`
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [build, folder, executionNode, contract] = process.argv.slice(2);
const load = (...path) => import(pathToFileURL(join(build, ...path)).href);
const { RealClock } = await load('services', 'clock', 'real-clock.js');
const { openDataDirectory } = await load('services', 'data-directory', 'data-directory.js');
const { createSsvValidatorSource } = await load('services', 'ssv-contract', 'ssv-validator-source.js');
const { chainSpecOf, DEFAULT_PARAMETERS } = await load('src', 'devnet', 'parameters.js');

// Nobody is left to kill it: the test was ended from outside.
process.stdin.on('end', () => process.exit(1)).resume();

const clock = new RealClock();
const chain = chainSpecOf({ ...DEFAULT_PARAMETERS, genesisTimeMs: 1_700_000_000_000, slotDurationMs: 50 });
const { storage } = await openDataDirectory({ path: folder, chain, clock });
const source = createSsvValidatorSource({ executionNode, contract, contractStartBlock: 0, followDistance: 0 });
const { signal } = new AbortController();
// A write that has returned outlives the process.
const tell = (event) => void writeSync(1, `${JSON.stringify(event)}\n`);
const fail = (error) => {
  throw error;
};
const diagnose = ({ level, message }) => void (level === 'error' && fail(new Error(message)));
await source.prepare({ chain, clock, random: Math.random, diagnose, storage }, signal);
source.run(tell, fail, signal);
