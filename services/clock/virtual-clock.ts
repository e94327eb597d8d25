import { setImmediate } from 'node:timers';
import type { Clock } from '../../machines/ports.js';
import { TimerHeap, type WaitingTimer } from './timer-heap.js';

/** Lets every pending promise and microtask run. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/**
 * A clock that stands still until told. It steps from deadline to deadline, one timer at a time, and lets all promises
 * settle in between, so that code under it runs in one order only.
 *
 * Two times are kept apart, as on a real machine: `now()` is the wall clock, which {@link jump} may set, and the
 * delays of timers are monotonic, which a jump does not touch.
 */
export class VirtualClock implements Clock {
  readonly #timers = new TimerHeap();
  /** Starts where the wall clock starts, so that both round alike. */
  #monotonic: number;
  #jumped = 0;
  #order = 0;
  #advancing = false;

  /** @param startMs Unix time in ms at which the clock stands. */
  constructor(startMs: number) {
    this.#monotonic = startMs;
  }

  now(): number {
    return this.#monotonic + this.#jumped;
  }

  /** Number of timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  setTimeout(callback: () => void, delayMs: number): unknown {
    const delay = delayMs > 0 ? delayMs : 0;
    const timer: WaitingTimer = { deadline: this.#monotonic + delay, order: this.#order++, callback, position: -1 };
    this.#timers.add(timer);
    return timer;
  }

  /** Anything that is no waiting timer of this clock is ignored. */
  clearTimeout(timer: unknown): void {
    if (typeof timer === 'object' && timer !== null) this.#timers.remove(timer as WaitingTimer);
  }

  /**
   * Runs every timer due until `timeMs` (unix ms, included), also those set on the way, and leaves `now()` there.
   * Rejects with what a callback threw (an `AggregateError` where several did) after all of them have run; with a
   * `RangeError` for a time in the past, and with an `Error` while another advance is under way.
   */
  async advanceTo(timeMs: number): Promise<void> {
    const target = timeMs - this.#jumped;
    if (!(target >= this.#monotonic && target < Infinity)) {
      throw new RangeError(`cannot advance from ${this.now()} to ${timeMs}`);
    }
    await this.#exclusively(async () => {
      const thrown: unknown[] = [];
      await settle();
      for (;;) {
        const timer = this.#timers.first();
        if (timer === undefined || timer.deadline > target) break;
        await this.#run(timer, thrown);
      }
      this.#monotonic = target;
      rethrow(thrown);
    });
  }

  /** Like {@link advanceTo}, for a span in ms. */
  advanceBy(ms: number): Promise<void> {
    return this.advanceTo(this.now() + ms);
  }

  /** Goes to the next deadline and runs the one timer due first. Resolves to false where none waits. */
  runNext(): Promise<boolean> {
    return this.#exclusively(async () => {
      await settle();
      const timer = this.#timers.first();
      if (timer === undefined || timer.deadline === Infinity) return false;
      const thrown: unknown[] = [];
      await this.#run(timer, thrown);
      rethrow(thrown);
      return true;
    });
  }

  /** Sets the wall clock forwards or backwards by `ms`. No timer runs, and each keeps the delay it has left. */
  jump(ms: number): void {
    this.#jumped += ms;
  }

  async #run(timer: WaitingTimer, thrown: unknown[]): Promise<void> {
    this.#timers.remove(timer);
    this.#monotonic = timer.deadline;
    try {
      timer.callback();
    } catch (error) {
      thrown.push(error);
    }
    await settle();
  }

  /** Two advances at once would each move the time under the other: a missing `await` in a test. */
  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (this.#advancing) throw new Error('the virtual clock is being advanced already');
    this.#advancing = true;
    try {
      return await work();
    } finally {
      this.#advancing = false;
    }
  }
}

function rethrow(thrown: readonly unknown[]): void {
  if (thrown.length === 1) throw thrown[0];
  if (thrown.length > 1) throw new AggregateError(thrown, 'several timers threw');
}
