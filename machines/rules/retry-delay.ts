/** First pause before a failed request is tried again, in ms. */
export const FIRST_RETRY_MS = 250;
const GROWTH = 1.6;
const JITTER = 0.1;

/**
 * Pause in ms before attempt `attempt + 1`: 250 ms × 1.6 each time, ±10 % so that many schedulers do not knock together,
 * never more than a slot.
 *
 * @param attempt failed attempts so far, from 1
 * @param random uniform in [0, 1)
 */
export function retryDelayMs(attempt: number, slotDurationMs: number, random: number): number {
  const pause = FIRST_RETRY_MS * GROWTH ** (attempt - 1);
  const jittered = pause * (1 - JITTER + 2 * JITTER * random);
  return Math.round(Math.min(jittered, slotDurationMs));
}
