import type { InspectionEvent } from 'xstate';
import { slotStartMs } from '../../../machines/rules/chain-time.js';
import { InspectionFeed } from '../../../src/inspector/inspection-feed.js';
import { loadInspectorPackage } from '../../../src/inspector/inspector-package.js';
import { MessageMaker } from '../../../src/inspector/message-maker.js';
import { createRig, GENESIS_MS } from '../../support/rig.js';

/** µs that showing a slot's TICK costs, by who looks on. */
export interface TickCost {
  /** In all: the turn of the tick, and the turns in which its messages are made. */
  readonly showing: number;
  /** The part of it that the turn of the tick itself takes. */
  readonly within: number;
  /** An observer, and nobody who looks. */
  readonly unwatched: number;
  /** What the tick led to {@link LATER_MS} later costs in all: the executors' outcomes, the node's answer. */
  readonly later: number;
  /** Messages of the tick, and their characters. */
  readonly messages: number;
  readonly characters: number;
}

/** Slots before the measurement, for the compiler; and those that count. */
const WARM_UP = 64;
const SLOTS = 96;
/** Time that an executor takes: nobody signs and publishes in the turn in which a slot begins. */
const EXECUTION_MS = 50;
export const LATER_MS = 100;
const SLOT_MS = 12_000;

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
    execute: (_, clock) => new Promise((resolve) => clock.setTimeout(() => resolve(undefined), EXECUTION_MS)),
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
  async function measured(step: () => Promise<unknown>): Promise<typeof meter> {
    Object.assign(meter, { observing: 0, making: 0, messages: 0, characters: 0 });
    await step();
    await madeMessages();
    return { ...meter };
  }
  const costs = { showing: [] as number[], within: [] as number[], unwatched: [] as number[], later: [] as number[] };
  const counted = { messages: 0, characters: 0 };
  await rig.start();
  for (let slot = 1; slot <= WARM_UP + SLOTS; slot++) {
    await rig.clock.advanceTo(slotStartMs({ genesisTimeMs: GENESIS_MS, slotDurationMs: SLOT_MS }, slot) - 1);
    await madeMessages();
    audience.areThere = slot % 3 !== 0;
    // Who comes is told of every actor first.
    if (audience.areThere) await measured(() => new Promise<void>((done) => feed.introduce(noteMessage, done)));
    const tick = await measured(() => rig.clock.advanceBy(1));
    const later = await measured(() => rig.clock.advanceBy(LATER_MS));
    if (slot <= WARM_UP) continue;
    if (!audience.areThere) {
      costs.unwatched.push(tick.observing);
      continue;
    }
    costs.showing.push(tick.observing + tick.making);
    costs.within.push(tick.observing);
    costs.later.push(later.observing + later.making);
    counted.messages += tick.messages;
    counted.characters += tick.characters;
  }
  await rig.stop();
  timed.restore();
  const shown = costs.showing.length;
  return {
    showing: medianMicros(costs.showing),
    within: medianMicros(costs.within),
    unwatched: medianMicros(costs.unwatched),
    later: medianMicros(costs.later),
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
