import type { Clock } from '../machines/ports.js';
import { slotAt, slotStartMs, type ChainSpec } from '../machines/rules/chain-time.js';
import type { ClockEvent } from '../machines/scheduler.machine.js';

/** A timer may not sleep longer than this: what the wall clock does meanwhile is noticed so soon. */
const LONGEST_SLEEP_MS = 1000;
/** A busy process wakes late, and some timers wake early: no more than this is no step of the clock. */
const TOLERANCE_MS = 100;

/**
 * Ticks at once and then once per slot, never backwards, until `signal` fires. The time of each tick is computed from
 * genesis, so that nothing drifts; a timer that wakes early sleeps on; slots that passed while nothing ran are left out.
 * Where the wall clock is not where the timer should have left it, it tells that before it ticks.
 */
export function runSlotClock(
  chain: ChainSpec,
  clock: Clock,
  tell: (event: ClockEvent) => void,
  signal: AbortSignal,
): void {
  let last = slotAt(chain, clock.now());
  let timer: unknown;
  let wakesAt: number;

  const sleep = () => {
    const now = clock.now();
    const sleepMs = Math.max(0, Math.min(slotStartMs(chain, last + 1) - now, LONGEST_SLEEP_MS));
    wakesAt = now + sleepMs;
    timer = clock.setTimeout(wake, sleepMs);
  };
  const wake = () => {
    const now = clock.now();
    if (Math.abs(now - wakesAt) > TOLERANCE_MS) tell({ type: 'CLOCK_STEPPED' });
    const slot = slotAt(chain, now);
    if (slot > last && !signal.aborted) {
      last = slot;
      tell({ type: 'TICK', slot });
    }
    // What it was told may have stopped everything.
    if (!signal.aborted) sleep();
  };

  tell({ type: 'TICK', slot: last });
  sleep();
  signal.addEventListener('abort', () => clock.clearTimeout(timer), { once: true });
}
