import { Inputs } from './inputs.js';
import { mustHold, type Feed, type FuzzTarget } from './fuzz-target.js';
import { SeededRandom } from './seeded-random.js';

/** So often an input must be slow, one time after the other: what only the machine is to blame for does not happen again. */
const SLOW_TIMES = 4;
const LONGEST_SHOWN = 300;

/** What a run found. */
export interface FuzzResult {
  readonly inputs: number;
  /** Inputs that the parser took. */
  readonly taken: number;
  /** The slowest input, in ms, as far as this machine had time for it. */
  readonly slowestMs: number;
  /** CPU of the whole process, samples and start included. */
  readonly cpuMs: number;
  /** The first violation; the run ends there. */
  readonly violation: string | undefined;
}

export interface FuzzRun {
  readonly inputs: number;
  readonly seed: number;
  /** Number of the first input: to meet one again. */
  readonly from?: number;
  /** Time that one input may cost, in ms. Inputs are small; but garbage is collected, and the machine may do other things. */
  readonly longestMs?: number;
  /** Called with the number of each input before it is given. */
  readonly onInput?: (input: number) => void;
}

/**
 * Gives so many inputs to a parser. After each: it was taken or refused with a declared error, what was taken is no
 * more than was given, no prototype was touched, and it cost little time.
 */
export async function runTarget(
  target: FuzzTarget,
  { inputs, seed, from = 0, longestMs = 1000, onInput }: FuzzRun,
): Promise<FuzzResult> {
  const began = process.cpuUsage();
  const made = new Inputs(await target.samples());
  const { feed, close } = await target.open();
  const untouched = prototypes();
  let taken = 0;
  let slowestMs = 0;
  let violation: string | undefined;
  let input = from;
  try {
    for (; input < from + inputs; input++) {
      onInput?.(input);
      const random = new SeededRandom(seed, input);
      const bytes = made.next(random);
      const start = performance.now();
      try {
        const answer = feed(bytes, random);
        const count = answer instanceof Promise ? await answer : answer;
        if (count !== undefined) {
          taken++;
          mustHold(count <= bytes.length, () => `${count} things of ${bytes.length} bytes`);
        }
        const now = prototypes();
        mustHold(now === untouched, () => `prototypes were touched: ${now} instead of ${untouched}`);
        const tookMs = performance.now() - start;
        if (tookMs > slowestMs) slowestMs = tookMs;
        if (tookMs > longestMs) {
          const again = () => feed(bytes, new SeededRandom(seed, input));
          mustHold(!(await isSlow(again, longestMs)), () => `it takes ${Math.round(tookMs)} ms`);
        }
      } catch (error) {
        const what = error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ''}` : String(error);
        violation = `input ${input} of ${target.name} (seed ${seed}): ${what}\n${shown(bytes)}`;
        break;
      }
    }
  } finally {
    await close?.();
  }
  const done = input - from + (violation === undefined ? 0 : 1);
  return { inputs: done, taken, slowestMs, cpuMs: cpuSince(began), violation };
}

async function isSlow(again: () => ReturnType<Feed>, longestMs: number): Promise<boolean> {
  for (let time = 1; time < SLOW_TIMES; time++) {
    const start = performance.now();
    await again();
    if (performance.now() - start <= longestMs) return false;
  }
  return true;
}

function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** How many properties what everything inherits from has. */
function prototypes(): string {
  return [Object.prototype, Array.prototype, Function.prototype, String.prototype, Number.prototype, Promise.prototype]
    .map((prototype) => Reflect.ownKeys(prototype).length)
    .join(' ');
}

function shown(bytes: Buffer): string {
  const text = JSON.stringify(bytes.toString('latin1'));
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}… (${bytes.length} bytes)`;
}
