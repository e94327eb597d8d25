import type { NodeMethod } from '../../../src/devnet/index.js';
import { SLOTS_PER_EPOCH } from '../options.js';
import type { Check } from './check.js';

/**
 * Requests of a method in an epoch at most. A failing request is tried eight times a slot (pauses of 250 ms × 1.6 until
 * the slot is over), for at most three tables at once (E−1, E, E+1), each again after a re-org; probes ask twice.
 */
const REQUESTS_PER_SLOT: Readonly<Partial<Record<NodeMethod, number>>> = {
  getSyncStatus: 10,
  getValidators: 12,
  getAttesterDuties: 3 * 9 + 4,
  getProposerDuties: 2 * 9 + 4,
  getSyncCommitteeDuties: 2 * 9 + 4,
  // One batch of a slot, and what was deferred of an epoch.
  getAttestationData: 9 * (SLOTS_PER_EPOCH + 1),
  getHeadRoot: 2 * 9,
  subscribeBeaconCommittees: 12,
  subscribeSyncCommittees: 12,
  openHeadStream: 10,
};

/** No storm: the bound holds for every epoch, however hostile. */
export const boundedRequests: Check = (_world, violate) => {
  const counts = new Map<NodeMethod, number>();
  return {
    requested: (method) => counts.set(method, (counts.get(method) ?? 0) + 1),
    slotEnds(slot) {
      if ((slot + 1) % SLOTS_PER_EPOCH !== 0) return;
      for (const [method, count] of counts) {
        const bound = (REQUESTS_PER_SLOT[method] ?? 0) * SLOTS_PER_EPOCH;
        if (count > bound) violate(`${count} × ${method} in an epoch, more than ${bound}`);
      }
      counts.clear();
    },
  };
};

/** The scheduler's own fourteen, batches of an epoch that wait or run (five kinds, some in several parts), and their children. */
const MOST_ACTORS = 14 + 3 * 5 * (SLOTS_PER_EPOCH + 2);
/** Actors have up to three delays each; the chain and the troubles have theirs. */
const MOST_TIMERS = 3 * MOST_ACTORS + 40;

/** Actors and timers stay few, however long it runs. */
export const boundedActors: Check = (world, violate) => ({
  slotEnds(slot) {
    if (slot % SLOTS_PER_EPOCH !== 0) return;
    const actors = world.life?.liveActors() ?? 0;
    if (actors > MOST_ACTORS) violate(`${actors} actors are alive, more than ${MOST_ACTORS}`);
    if (world.clock.pending > MOST_TIMERS) violate(`${world.clock.pending} timers wait, more than ${MOST_TIMERS}`);
  },
});

/** Heap in use after a collection, in bytes; undefined where Node was not started with `--expose-gc`. */
export type HeapMeter = () => number | undefined;

const EPOCHS_BETWEEN_METERINGS = 500;
/** The chain keeps every block it ever had; what else lasts is bounded. */
const BYTES_PER_SLOT = 3000;
const SLACK_BYTES = 24e6;

/** The heap does not grow by more than the chain itself. */
export function boundedHeap(meter: HeapMeter): Check {
  return (_world, violate) => {
    let first: { readonly slot: number; readonly bytes: number } | undefined;
    return {
      slotEnds(slot) {
        if (slot % (EPOCHS_BETWEEN_METERINGS * SLOTS_PER_EPOCH) !== SLOTS_PER_EPOCH * 50) return;
        const bytes = meter();
        if (bytes === undefined) return;
        first ??= { slot, bytes };
        const allowed = first.bytes + SLACK_BYTES + BYTES_PER_SLOT * (slot - first.slot);
        if (bytes > allowed) violate(`the heap has grown from ${first.bytes} to ${bytes} bytes`);
      },
    };
  };
}
