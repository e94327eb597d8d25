/** What a peer may send, in bytes: so many at once, so many a second. */
export interface ReceivingAllowance {
  readonly atOnce: number;
  readonly perSecond: number;
}

/** Meters what a peer sends: reading it costs time that belongs to duties. */
export class ReceivingBudget {
  readonly #allowance: ReceivingAllowance;
  readonly #now: () => number;
  #left: number;
  #since: number;

  /** `now` in ms. */
  constructor(allowance: ReceivingAllowance, now: () => number = () => performance.now()) {
    this.#allowance = allowance;
    this.#now = now;
    this.#left = allowance.atOnce;
    this.#since = now();
  }

  /** Whether so many bytes are within the budget; they are taken from it. */
  take(bytes: number): boolean {
    const { atOnce, perSecond } = this.#allowance;
    const now = this.#now();
    this.#left = Math.min(atOnce, this.#left + ((now - this.#since) / 1000) * perSecond);
    this.#since = now;
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }
}
