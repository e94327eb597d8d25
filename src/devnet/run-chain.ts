import { epochOf, slotAt, slotStartMs, startSlotOf, type Slot } from '../../machines/rules/chain-time.js';
import type { Clock } from '../../machines/ports.js';
import type { Chain } from './chain.js';
import { reorg } from './reorg.js';
import type { Scenario, SlotPlan } from './scenario.js';

/**
 * Epochs whose blocks are kept. Two back a re-org may reach, and from there the roots of duties two more; the rest is for
 * those who look at the past.
 */
const KEPT_EPOCHS = 64;
const LONGEST_SLEEP_MS = 1000;

/** A chain that is being driven. */
export interface RunningChain {
  /** No block comes after this. */
  stop(): void;
}

/**
 * Drives a chain on a clock: asks the scenario for each slot's block and lets it arrive in its time. Slots that passed
 * already (genesis in the past, a suspended machine) are caught up at once, so that the chain is where its clock is. Blocks
 * that nobody needs any more are forgotten, so that it can run for weeks.
 */
export function runChain(chain: Chain, scenario: Scenario, clock: Clock): RunningChain {
  const { parameters } = chain;
  const timers = new Set<unknown>();
  let planned: Slot = chain.head.slot;
  let stopped = false;

  /** Every timer aims at an absolute time, and looks at the clock again within a second: a clock that is set is noticed. */
  function at(timeMs: number, action: () => void): void {
    const timer = clock.setTimeout(
      () => {
        timers.delete(timer);
        if (stopped) return;
        if (clock.now() < timeMs) at(timeMs, action);
        else action();
      },
      Math.min(timeMs - clock.now(), LONGEST_SLEEP_MS),
    );
    timers.add(timer);
  }

  function planUpToNow(): void {
    const now = clock.now();
    const current = slotAt(parameters, now);
    const arrivals: { slot: Slot; timeMs: number; plan: SlotPlan }[] = [];
    for (; planned < current; planned += 1) {
      const slot = planned + 1;
      const plan = scenario.planFor(slot);
      if (plan.kind === 'missed') continue;
      const offsetMs = Math.round(plan.arrival * parameters.slotDurationMs);
      arrivals.push({ slot, plan, timeMs: slotStartMs(parameters, slot) + offsetMs });
    }
    for (const { slot, plan, timeMs } of arrivals.sort((a, b) => a.timeMs - b.timeMs)) {
      if (timeMs <= now) arrive(chain, slot, plan);
      else at(timeMs, () => arrive(chain, slot, plan));
    }
    chain.forgetBefore(startSlotOf(parameters, epochOf(parameters, chain.head.slot) - KEPT_EPOCHS));
    at(slotStartMs(parameters, Math.max(planned, current) + 1), planUpToNow);
  }

  planUpToNow();
  return {
    stop(): void {
      stopped = true;
      for (const timer of timers) clock.clearTimeout(timer);
      timers.clear();
    },
  };
}

/** A block arrives. One that a younger block has overtaken stays beside the canonical chain. */
function arrive(chain: Chain, slot: Slot, plan: SlotPlan): void {
  if (plan.kind === 'reorg' && chain.head.slot > 0) {
    reorg(chain, { atSlot: slot, depth: plan.depth, replay: plan.replay ?? false });
  } else if (chain.head.slot < slot) {
    chain.propose(slot);
  } else {
    chain.propose(slot, { parent: chain.blockAtOrBefore(slot - 1).root, salt: 'overtaken', makeHead: false });
  }
}
