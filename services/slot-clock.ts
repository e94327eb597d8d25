import { fromCallback } from 'xstate';
import type { Clock } from '../machines/ports.js';
import { slotAt, slotStartMs, type ChainSpec } from '../machines/rules/chain-time.js';
import type { ClockEvent } from '../machines/scheduler.machine.js';

/** A timer may not sleep longer than this: what the wall clock does meanwhile is noticed. */
const LONGEST_SLEEP_MS = 60_000;

/**
 * Ticks once per slot, never backwards. The time of each tick is computed from genesis, so that nothing drifts; a timer
 * that wakes early sleeps on; slots that passed while nothing ran are left out.
 */
export const slotClock = fromCallback<ClockEvent, { chain: ChainSpec; clock: Clock }>(({ input, sendBack }) => {
  const { chain, clock } = input;
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
      sendBack({ type: 'TICK', slot });
    }
    sleep();
  };

  sendBack({ type: 'TICK', slot: last });
  sleep();
  return () => clock.clearTimeout(timer);
});
