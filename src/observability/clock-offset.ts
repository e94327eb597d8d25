import type { NodeExchange } from '../../services/beacon-node/http-client.js';

/** Answers that are looked at together. */
const KEPT = 64;

/**
 * Estimates by how much a node's clock is ahead of ours, from the `date` headers of its answers. A header names a whole
 * second, written between the sending of the request and the end of its answer: each answer bounds the offset to little
 * more than a second, and many answers together to a few milliseconds.
 */
export class ClockOffset {
  readonly #bounds: { readonly low: number; readonly high: number }[] = [];

  take({ date, sentAt, endedAt }: Pick<NodeExchange, 'date' | 'sentAt' | 'endedAt'>): void {
    const second = date === undefined ? NaN : Date.parse(date);
    if (!Number.isFinite(second)) return;
    this.#bounds.push({ low: second - endedAt, high: second + 1000 - sentAt });
    if (this.#bounds.length > KEPT) this.#bounds.shift();
  }

  /** Ms that the node's clock is ahead of ours (negative: behind); undefined before the first answer. */
  get ms(): number | undefined {
    if (this.#bounds.length === 0) return undefined;
    let low = -Infinity;
    let high = Infinity;
    // From the newest on: bounds that contradict each other mean that a clock was set, and the older ones are void.
    for (const bounds of [...this.#bounds].reverse()) {
      if (bounds.low > high || bounds.high < low) break;
      low = Math.max(low, bounds.low);
      high = Math.min(high, bounds.high);
    }
    return (low + high) / 2;
  }
}
