import type { Epoch, Slot } from '../../../machines/rules/chain-time.js';
import type { DutyKind, ValidatorIndex } from '../../../machines/rules/duties.js';
import { DUE_POINTS } from '../../../src/devnet/parameters.js';
import { canonicalDuties, isCalm, isStable, takesPart } from '../oracle.js';
import { LATENCY_MS, SLOT_MS, type HandOver } from '../world.js';
import { BySlot, keyOf, REMEMBERED_SLOTS, type Check } from './check.js';

/** Counts of what was demanded and what was excused. */
export interface Demand {
  demanded: number;
  excused: number;
}

/** A duty of the head kinds starts with the head or at the due point; the others with the slot. Requests come on top. */
const DUE_MS = Math.floor((DUE_POINTS.attestation * SLOT_MS) / 10_000);
const REQUESTS_MS = 4 * LATENCY_MS;
const LATEST_MS: Readonly<Record<DutyKind, number>> = {
  attester: DUE_MS + REQUESTS_MS,
  'sync-committee': DUE_MS + REQUESTS_MS,
  aggregator: REQUESTS_MS,
  'sync-committee-contribution': REQUESTS_MS,
  proposer: REQUESTS_MS,
};

/** Every canonical duty that a healthy node showed in time runs exactly once, within its window. */
export function everyDutyOnce(demand: Demand): Check {
  return (world, violate) => {
    const handOvers = new BySlot(() => new Map<string, HandOver[]>());
    const released = new BySlot(() => new Set<string>());
    const attested = new Map<ValidatorIndex, { readonly slot: Slot; readonly epoch: Epoch }>();
    return {
      handedOver(handOver) {
        const ofSlot = handOvers.at(handOver.slot);
        const key = keyOf(handOver);
        ofSlot.set(key, [...(ofSlot.get(key) ?? []), handOver]);
        if (handOver.kind === 'attester') attested.set(handOver.validator, handOver);
      },
      released: (kind, slot, validator) => released.at(slot).add(keyOf({ kind, slot, validator })),
      slotEnds(slot) {
        const expected = canonicalDuties(world, slot);
        const calm = isCalm(world, slot) && isStable(world, slot);
        for (const duty of expected) {
          const key = keyOf(duty);
          const last = duty.kind === 'attester' ? attested.get(duty.validator) : undefined;
          const hasMoved =
            last !== undefined && last.slot !== slot && last.epoch >= Math.floor(slot / world.spec.slotsPerEpoch);
          if (!calm || hasMoved || !takesPart(world, duty)) {
            demand.excused++;
            continue;
          }
          demand.demanded++;
          const times = handOvers.at(slot).get(key) ?? [];
          const [first] = times;
          if (first === undefined) violate(`${key} did not run`);
          else if (times.length > 1 && !released.at(slot).has(key)) violate(`${key} ran ${times.length} times`);
          else if (first.at - world.startOf(slot) > LATEST_MS[duty.kind]) {
            violate(`${key} ran ${first.at - world.startOf(slot)} ms into its slot (${first.trigger})`);
          }
        }
        handOvers.forgetBefore(slot - REMEMBERED_SLOTS);
        released.forgetBefore(slot - REMEMBERED_SLOTS);
      },
    };
  };
}

/** In calm, nothing runs that the canonical chain does not know. */
export const nothingElse: Check = (world, violate) => {
  const handOvers = new BySlot(() => [] as HandOver[]);
  return {
    handedOver: (handOver) => void handOvers.at(handOver.slot).push(handOver),
    slotEnds(slot) {
      if (isCalm(world, slot) && isStable(world, slot)) {
        const canonical = new Set(canonicalDuties(world, slot).map(keyOf));
        for (const handOver of handOvers.at(slot)) {
          const hasLeft = world.membership.get(handOver.validator)?.liquidated !== false;
          if (!hasLeft && !canonical.has(keyOf(handOver)))
            violate(`${keyOf(handOver)} is no duty of the canonical chain`);
        }
      }
      handOvers.forgetBefore(slot - REMEMBERED_SLOTS);
    },
  };
};
