/** The thread of a run. */
import { parentPort, workerData } from 'node:worker_threads';
import { runTarget } from './run-target.js';
import { TARGETS } from './targets.js';
import type { ThreadOrder } from './watched-run.js';

const { target: name, inputs, seed, from, progress } = workerData as ThreadOrder;
const target = TARGETS.find((candidate) => candidate.name === name);
if (target === undefined) throw new RangeError(`no parser ${name}`);
const onInput = (input: number) => void Atomics.store(progress, 0, input);
parentPort?.postMessage(await runTarget(target, { inputs, seed, from, onInput }));
