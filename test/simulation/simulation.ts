/** Runs the world slot by slot, until its end or the first violation. */
import { everyDutyOnce, nothingElse, type Demand } from './checks/canonical.js';
import { neverAttestsBackwards, nothingTwice } from './checks/at-most-once.js';
import type { Check } from './checks/check.js';
import { nothingCrashes } from './checks/crashes.js';
import { oneEndingEach } from './checks/endings.js';
import { neverWhileUnfit, onlyAnsweredDuties, onlyMembers } from './checks/hand-over.js';
import { boundedRequests, exactRequests, nothingRefused, type QuietEpochs } from './checks/requests.js';
import { exactActors, flatHeap, heapMeter, type HeapMeter } from './checks/resources.js';
import { troublesOf, type Trouble } from './hostility.js';
import { replayCommand, SLOTS_PER_EPOCH, type SimulationOptions } from './options.js';
import { emptyTally, tallying, type Tally } from './tally.js';
import { carryOut } from './troubles.js';
import { SLOT_MS, World, type Sabotage } from './world.js';

const EVENTS_SHOWN = 50;

export interface Violation {
  /** Name of the check. */
  readonly check: string;
  readonly what: string;
  readonly slot: number;
}

export interface SimulationResult {
  readonly violation: Violation | undefined;
  /** The last events before the violation, or before the end. */
  readonly events: readonly string[];
  readonly replay: string;
  readonly tally: Tally;
  readonly demand: Demand;
  readonly quiet: QuietEpochs;
  readonly slots: number;
  readonly seconds: number;
}

export interface RunHooks {
  readonly sabotage?: Sabotage;
  readonly meterHeap?: HeapMeter;
  /** Called with the journal of each life, segment by segment, when it has ended. */
  readonly onRecorded?: (segments: readonly string[]) => void;
  /** Called at each epoch's end. */
  readonly onEpoch?: (epoch: number, tally: Tally) => void;
}

export async function simulate(options: SimulationOptions, hooks: RunHooks = {}): Promise<SimulationResult> {
  const began = performance.now();
  const world = new World(options, hooks.sabotage, hooks.onRecorded);
  const tally = emptyTally();
  const demand: Demand = { demanded: 0, held: 0, excused: new Map() };
  const quiet: QuietEpochs = { counted: 0 };
  const checks: Record<string, Check> = {
    nothingTwice,
    neverAttestsBackwards,
    onlyMembers,
    neverWhileUnfit,
    onlyAnsweredDuties,
    everyDutyOnce: everyDutyOnce(demand),
    nothingElse,
    oneEndingEach,
    nothingCrashes,
    boundedRequests,
    exactRequests: exactRequests(quiet),
    nothingRefused,
    exactActors,
    flatHeap: flatHeap(hooks.meterHeap ?? heapMeter()),
  };
  let violation: Violation | undefined;
  for (const [check, look] of Object.entries(checks)) {
    const violate = (what: string) => (violation ??= { check, what, slot: world.slot });
    world.observers.push(look(world, violate));
  }
  world.observers.push(tallying(world, tally));
  const recent = keepRecentEvents(world);
  const lastSlot = Math.min(options.epochs * SLOTS_PER_EPOCH - 1, options.untilSlot ?? Infinity);
  await world.devnet.start();
  world.startScheduler();
  let ended = -1;
  while (ended < lastSlot && violation === undefined) {
    const slot = Math.max(ended + 1, world.slot + (world.clock.now() > world.startOf(world.slot) ? 1 : 0));
    await advance(world, world.startOf(slot));
    for (const { offsetMs, trouble } of troublesOf(options, slot, SLOT_MS)) {
      await advance(world, world.startOf(slot) + offsetMs);
      recent.note(trouble);
      carryOut(world, trouble);
    }
    // A jump of the clock may have left the slot behind, or not yet reached its end.
    await advance(world, world.startOf(slot + 1) - 1);
    // The slot that a jump has led into goes on.
    ended = Math.max(slot, world.slot - 1);
    world.endSlot(ended);
    if ((ended + 1) % SLOTS_PER_EPOCH === 0) hooks.onEpoch?.((ended + 1) / SLOTS_PER_EPOCH, tally);
  }
  world.stopScheduler();
  await world.devnet.stop();
  return {
    violation,
    events: recent.list(),
    replay: replayCommand(options, violation?.slot ?? lastSlot),
    tally,
    demand,
    quiet,
    slots: ended + 1,
    seconds: (performance.now() - began) / 1000,
  };
}

async function advance(world: World, timeMs: number): Promise<void> {
  if (timeMs > world.clock.now()) await world.clock.advanceTo(timeMs);
}

/** The last lines, hand-overs and troubles, made readable only when somebody asks. */
function keepRecentEvents(world: World) {
  const events: { readonly at: number; readonly event: object }[] = [];
  const note = (event: object) => {
    events.push({ at: world.clock.now(), event });
    if (events.length > 4 * EVENTS_SHOWN) events.splice(0, 3 * EVENTS_SHOWN);
  };
  world.chain.on('chain_reorg', ({ oldHead, newHead, depth }) =>
    note({ chain: 're-org', from: oldHead.slot, to: newHead.slot, depth }),
  );
  world.observers.unshift({ line: note, handedOver: note });
  return {
    note: (trouble: Trouble) => note({ trouble }),
    list(): string[] {
      return events.slice(-EVENTS_SHOWN).map(({ at, event }) => {
        const slot = Math.floor((at - world.startOf(0)) / SLOT_MS);
        return `${slot} +${at - world.startOf(slot)} ms ${JSON.stringify(event)}`;
      });
    },
  };
}
