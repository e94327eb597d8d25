import type { Clock } from '../machines/ports.js';
import { slotAt, slotStartMs, type ChainSpec } from '../machines/rules/chain-time.js';
import type { ClockEvent } from '../machines/scheduler.machine.js';

/** A timer may not sleep longer than this: what the wall clock does meanwhile is noticed. */
const LONGEST_SLEEP_MS = 60_000;

/**
 * Ticks at once and then once per slot, never backwards, until `signal` fires. The time of each tick is computed from
 * genesis, so that nothing drifts; a timer that wakes early sleeps on; slots that passed while nothing ran are left out.
 */
export function runSlotClock(
  chain: ChainSpec,
  clock: Clock,
  tell: (event: ClockEvent) => void,
  signal: AbortSignal,
): void {
  let last = slotAt(chain, clock.now());
  let timer: unknown;

  const sleep = () => {
    const untilNext = slotStartMs(chain, last + 1) - clock.now();
    timer = clock.setTimeout(wake, Math.max(0, Math.min(untilNext, LONGEST_SLEEP_MS)));
  };
  const wake = () => {
    const slot = slotAt(chain, clock.now());
    if (slot > last) {
      last = slot;
      tell({ type: 'TICK', slot });
    }
    // The tick may have stopped everything.
    if (!signal.aborted) sleep();
  };

  tell({ type: 'TICK', slot: last });
  sleep();
  signal.addEventListener('abort', () => clock.clearTimeout(timer), { once: true });
}
