import type { Clock } from '../../machines/ports.js';

/** Longest delay that Node's `setTimeout` takes; anything above fires at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** One timer, which may need several of Node's timers one after the other. */
class ChainedTimer {
  #handle: NodeJS.Timeout | undefined;

  constructor(
    readonly callback: () => void,
    delayMs: number,
  ) {
    this.#arm(delayMs);
  }

  #arm(remainingMs: number): void {
    if (remainingMs > LONGEST_DELAY_MS) {
      this.#handle = setTimeout(() => this.#arm(remainingMs - LONGEST_DELAY_MS), LONGEST_DELAY_MS);
    } else {
      this.#handle = setTimeout(this.callback, remainingMs);
    }
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }
}

/** The machine's own clock: unix time in ms, and timers of any length. */
export class RealClock implements Clock {
  now(): number {
    return Date.now();
  }

  setTimeout(callback: () => void, delayMs: number): unknown {
    return new ChainedTimer(callback, delayMs);
  }

  /** Anything that is no timer of this clock is ignored. */
  clearTimeout(timer: unknown): void {
    if (timer instanceof ChainedTimer) timer.cancel();
  }
}
