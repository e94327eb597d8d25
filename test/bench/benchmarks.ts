import { contractHistory } from './benchmarks/contract-history.js';
import { fetchAndSchedule } from './benchmarks/fetch-and-schedule.js';
import { headToExecutor } from './benchmarks/head-to-executor.js';
import { idleSlot } from './benchmarks/idle-slot.js';
import { inspectedTick } from './benchmarks/inspected-tick.js';
import { memory } from './benchmarks/memory.js';
import { simulationSpeed } from './benchmarks/simulation-speed.js';
import type { Benchmark } from './support/benchmark.js';

/** In the order in which they run. */
export const BENCHMARKS: readonly Benchmark[] = [
  headToExecutor,
  fetchAndSchedule,
  memory,
  idleSlot,
  simulationSpeed,
  contractHistory,
  inspectedTick,
];
