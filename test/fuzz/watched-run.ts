/** A run in a thread of its own: one that hangs, or eats the memory, is ended and reported. */
import { Worker } from 'node:worker_threads';
import type { FuzzResult } from './run-target.js';

/** Longest time in which no input ends. Wall-clock time of a machine that may be busy with other things. */
const LONGEST_INPUT_MS = 120_000;
/** Until the first input: samples are made, a server is started. */
const LONGEST_OPENING_MS = 600_000;
/** Of the thread: far more than any input of 32 kB should need. */
const MOST_HEAP_MB = 512;
/** Almost all that is made is gone with its input: a large nursery collects it seldom. */
const NURSERY_MB = 64;
/** That of a process; a thread would have four times as much. */
const STACK_MB = 1;

/** What the thread is told. */
export interface ThreadOrder {
  readonly target: string;
  readonly inputs: number;
  readonly seed: number;
  readonly from: number;
  /** One word: the number of the input that is being given; one less than the first before that. */
  readonly progress: Int32Array;
}

export interface WatchOptions {
  readonly longestInputMs?: number;
}

/** Runs an order with a thread's script. Resolves to what the thread found, or to how it ended. */
export function watchedRun(
  script: URL | string,
  order: Omit<ThreadOrder, 'progress'>,
  { longestInputMs = LONGEST_INPUT_MS }: WatchOptions = {},
): Promise<FuzzResult> {
  const progress = new Int32Array(new SharedArrayBuffer(4)).fill(order.from - 1);
  const began = performance.now();
  return new Promise((resolve) => {
    const worker = new Worker(script, {
      eval: typeof script === 'string',
      workerData: { ...order, progress },
      resourceLimits: {
        maxOldGenerationSizeMb: MOST_HEAP_MB,
        maxYoungGenerationSizeMb: NURSERY_MB,
        stackSizeMb: STACK_MB,
      },
    });
    let last = Atomics.load(progress, 0);
    let since = performance.now();
    let isOver = false;
    const end = (result: FuzzResult) => {
      if (isOver) return;
      isOver = true;
      clearInterval(timer);
      void worker.terminate().then(() => resolve(result));
    };
    const endWith = (what: string) => {
      const input = Atomics.load(progress, 0);
      const violation = `input ${input} of ${order.target} (seed ${order.seed}): ${what}`;
      end({ inputs: input - order.from + 1, taken: 0, slowestMs: 0, cpuMs: performance.now() - began, violation });
    };
    const timer = setInterval(() => {
      const now = Atomics.load(progress, 0);
      if (now !== last) [last, since] = [now, performance.now()];
      else {
        const longest = now < order.from ? LONGEST_OPENING_MS : longestInputMs;
        if (performance.now() - since > longest) endWith(`it did not end within ${longest} ms`);
      }
    }, 100);
    worker.once('message', end);
    worker.once('error', (error: Error) => endWith(`${error.name}: ${error.message}\n${error.stack ?? ''}`));
    worker.once('exit', (code) => endWith(`the thread ended with exit code ${code}`));
  });
}
