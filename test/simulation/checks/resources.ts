import { DUTY_KINDS, type DutyKind } from '../../../machines/rules/duties.js';
import type { Slot } from '../../../machines/rules/chain-time.js';
import { isCalm } from '../oracle.js';
import { SLOTS_PER_EPOCH } from '../options.js';
import type { World } from '../world.js';
import type { Check } from './check.js';
import { endsBy } from './lifetimes.js';
import { collectGarbage } from '../../support/garbage.js';

/** Actors that live as long as the scheduler, when no request is under way. */
const LASTING = [
  ...['slot-clock', 'validators', 'validator-source', 'beacon-node-1'],
  ...['attester', 'proposer', 'sync-committee', 'subscriptions-1', 'subscriptions-1', 'subscriptions-1'],
];
const BATCH = /^(?<kind>[a-z-]+?)-(?<slot>\d+)(?:-\d+)?$/;
/** A batch waits for one delay and its last one, its executor for another; the rest is the chain's and the troubles'. */
const TIMERS_PER_BATCH = 3;
const OTHER_TIMERS = 40;

/** In calm, when a slot ends, there are the actors that last, and batches whose executors are still at work in their time. */
export const exactActors: Check = (world, violate) => ({
  slotEnds(now) {
    if (world.life === undefined || !isCalm(world, now) || world.watched.oldestUnderWay() < Infinity) return;
    const batches: string[] = [];
    const others: string[] = [];
    for (const id of world.life.liveActors()) {
      if (isBatch(id)) batches.push(id);
      else if (id !== 'hand-over') others.push(id);
    }
    for (const id of batches) if (!isInTime(world, id, now)) violate(`${id} is alive in slot ${now}`);
    // Between two attempts to open it there is no stream.
    const expected = world.node.streamCount > 0 ? [...LASTING, 'head-stream'] : LASTING;
    if (others.sort().join() !== [...expected].sort().join()) violate(`these actors are alive: ${others.join(', ')}`);
    const most = TIMERS_PER_BATCH * batches.length + OTHER_TIMERS;
    if (world.clock.pending > most) violate(`${world.clock.pending} timers wait, more than ${most}`);
  },
});

function isBatch(id: string): boolean {
  return DUTY_KINDS.includes(BATCH.exec(id)?.groups?.['kind'] as DutyKind);
}

/** Batches are named by their slot modulo four epochs: the youngest slot of that name is meant. */
function isInTime(world: World, id: string, now: Slot): boolean {
  const { kind, slot } = BATCH.exec(id)!.groups!;
  const names = 4 * SLOTS_PER_EPOCH;
  const meant = now - ((((now - Number(slot)) % names) + names) % names);
  return world.clock.now() <= endsBy(world, kind as DutyKind, meant);
}

/** Bytes in use after a collection. */
export type HeapMeter = () => number;

/** Meters this process. Collects first: what is left is what is held. */
export function heapMeter(): HeapMeter {
  return () => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
}

const EPOCHS_BETWEEN_READINGS = 25;
/** By then everything has been compiled, and every table and book has reached its size. */
const WARM_EPOCHS = 75;
/** What compiled code and collections of their own accord may differ by. */
const SLACK_BYTES = 3e6;
/** A validator that was added is kept for ever, by the chain and in the registry. */
const BYTES_PER_VALIDATOR = 20_000;
/** The heap stays as it is: nothing is held of what is over. */
export function flatHeap(meter: HeapMeter): Check {
  return (world, violate) => {
    let first: { readonly validators: number; readonly bytes: number } | undefined;
    return {
      slotEnds(slot) {
        const epoch = (slot + 1) / SLOTS_PER_EPOCH;
        if (epoch < WARM_EPOCHS || epoch % EPOCHS_BETWEEN_READINGS !== 0) return;
        const bytes = meter() - world.recordedBytes;
        const validators = world.chain.validators.count;
        first ??= { validators, bytes };
        const allowed = first.bytes + SLACK_BYTES + BYTES_PER_VALIDATOR * (validators - first.validators);
        if (bytes > allowed) violate(`the heap has grown from ${first.bytes} to ${bytes} bytes`);
      },
    };
  };
}
