import type { InspectionEvent } from 'xstate';
import { slotStartMs } from '../../../machines/rules/chain-time.js';
import { InspectionFeed } from '../../../src/inspector/inspection-feed.js';
import { loadInspectorPackage } from '../../../src/inspector/inspector-package.js';
import { MessageMaker } from '../../../src/inspector/message-maker.js';
import { createRig, GENESIS_MS } from '../../support/rig.js';

/** µs that a slot's TICK costs, by who looks on. */
export interface TickCost {
  /** What showing it costs in all: the turn of the tick, and the turns in which its messages are made. */
  readonly showing: number;
  /** The part of it that the turn of the tick itself takes. */
  readonly within: number;
  /** An observer, and nobody who looks. */
  readonly unwatched: number;
  /** Messages and their characters. */
  readonly messages: number;
  readonly characters: number;
}

/** Slots before the measurement, for the compiler; and those that count. */
const WARM_UP = 64;
const SLOTS = 96;

/**
 * Measures what showing a TICK costs a scheduler with so many attesters on the virtual clock: only the work of the
 * observer and of making messages counts, not the scheduler's. Median over the ticks; messages are counted and thrown away.
 */
export async function measureInspectedTick(validators: number): Promise<TickCost> {
  const meter = { observing: 0, making: 0, messages: 0, characters: 0 };
  const audience = { areThere: true, tell: noteMessage, missSomething: () => undefined };
  const timed = timedTurns((took) => (meter.making += took));
  const feed = new InspectionFeed(new MessageMaker(await loadInspectorPackage()), audience);
  const rig = createRig({
    devnet: { slotsPerEpoch: 32, validatorCount: validators },
    roles: ['attester', 'proposer', 'sync-committee'],
    scheduler: {
      dataFetch: false,
      inspect: (event: InspectionEvent) => {
        const began = performance.now();
        feed.inspect(event);
        meter.observing += performance.now() - began;
      },
    },
  });
  function noteMessage(message: string) {
    meter.messages++;
    meter.characters += message.length;
  }
  const costs = { showing: [] as number[], within: [] as number[], unwatched: [] as number[] };
  let counted = { messages: 0, characters: 0 };
  await rig.start();
  for (let slot = 1; slot <= WARM_UP + SLOTS; slot++) {
    await rig.clock.advanceTo(slotStartMs({ genesisTimeMs: GENESIS_MS, slotDurationMs: 12_000 }, slot) - 1);
    await madeMessages();
    audience.areThere = slot % 3 !== 0;
    Object.assign(meter, { observing: 0, making: 0, messages: 0, characters: 0 });
    await rig.clock.advanceBy(1);
    await madeMessages();
    if (slot <= WARM_UP) continue;
    if (!audience.areThere) costs.unwatched.push(meter.observing);
    else {
      costs.showing.push(meter.observing + meter.making);
      costs.within.push(meter.observing);
      counted = { messages: counted.messages + meter.messages, characters: counted.characters + meter.characters };
    }
  }
  await rig.stop();
  timed.restore();
  const shown = costs.showing.length;
  return {
    showing: medianMicros(costs.showing),
    within: medianMicros(costs.within),
    unwatched: medianMicros(costs.unwatched),
    messages: counted.messages / shown,
    characters: counted.characters / shown,
  };
}

/** The feed makes its messages in turns of its own: those are metered. */
function timedTurns(note: (tookMs: number) => void): { restore(): void } {
  const original = globalThis.setImmediate;
  const timed = (callback: () => void) =>
    original(() => {
      const began = performance.now();
      callback();
      note(performance.now() - began);
    });
  globalThis.setImmediate = timed as never;
  return { restore: () => (globalThis.setImmediate = original) };
}

/** Resolves when the messages of this turn have been made. */
function madeMessages(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2));
}

function medianMicros(values: readonly number[]): number {
  const ascending = [...values].sort((a, b) => a - b);
  return (ascending[Math.floor(ascending.length / 2)] ?? NaN) * 1000;
}
