import { RealClock } from '../../services/clock/real-clock.js';

/** Says the same time for ever, in unix ms; its timers run. */
export class StoppedClock extends RealClock {
  constructor(private readonly nowMs: number) {
    super();
  }

  override now(): number {
    return this.nowMs;
  }
}
