import type { Epoch, Slot } from '../../../machines/rules/chain-time.js';
import type { ValidatorIndex } from '../../../machines/rules/duties.js';
import { canonicalDuties, demandOn, isCalm, LATEST_MS, type CanonicalDuty, type Excuse } from '../oracle.js';
import { SLOT_MS, type HandOver, type World } from '../world.js';
import { BySlot, keyOf, REMEMBERED_SLOTS, type Check, type Violate } from './check.js';

/** Counts of what was demanded and what was excused. */
export interface Demand {
  demanded: number;
  /** Those of them that were to be held back, the node being unfit. */
  held: number;
  readonly excused: Map<Excuse, number>;
}

/** Every canonical duty that a healthy node showed in time runs exactly once, within its window. */
export function everyDutyOnce(demand: Demand): Check {
  return (world, violate) => {
    const handOvers = new BySlot(() => new Map<string, HandOver[]>());
    const released = new BySlot(() => new Set<string>());
    const attested = new Map<ValidatorIndex, { readonly slot: Slot; readonly epoch: Epoch }>();
    const deferred = new BySlot(() => new Set<string>());
    const owed: OwedDuty[] = [];
    const excuse = (why: Excuse | undefined) => {
      if (why !== undefined) demand.excused.set(why, (demand.excused.get(why) ?? 0) + 1);
    };
    const hasMoved = ({ kind, slot, validator }: CanonicalDuty) => {
      const last = kind === 'attester' ? attested.get(validator) : undefined;
      return last !== undefined && last.slot !== slot && last.epoch >= Math.floor(slot / world.spec.slotsPerEpoch);
    };
    const settle = (now: Slot) => {
      for (const duty of owed.splice(0)) {
        if (hasRunLate(handOvers, duty)) demand.demanded += duty.excuse === undefined ? 0 : 1;
        else if (!isStillOwed(world, now, duty) || hasMoved(duty)) excuse(duty.excuse);
        else if (!isCalm(world, now)) owed.push(duty);
        else {
          violate(`${keyOf(duty)} was not made up for by slot ${now} (${duty.excuse ?? 'unfit-node'})`);
        }
      }
    };
    return {
      handedOver(handOver) {
        const ofSlot = handOvers.at(handOver.slot);
        const key = keyOf(handOver);
        ofSlot.set(key, [...(ofSlot.get(key) ?? []), handOver]);
        if (handOver.kind === 'attester') attested.set(handOver.validator, handOver);
      },
      line(line) {
        if (line.type !== 'duty-deferred') return;
        const { role: kind, slot, validators } = line;
        for (const validator of validators) deferred.at(slot).add(keyOf({ kind, slot, validator }));
      },
      released: (kind, slot, validator) => released.at(slot).add(keyOf({ kind, slot, validator })),
      slotEnds(slot) {
        settle(slot);
        for (const duty of canonicalDuties(world, slot)) {
          const demanded = hasMoved(duty) ? { excuse: 'moved' as const } : demandOn(world, duty);
          if (!('by' in demanded)) {
            if (duty.kind === 'attester' && canBeMadeUp(demanded.excuse)) owed.push({ ...duty, ...demanded });
            else excuse(demanded.excuse);
            continue;
          }
          demand.demanded++;
          const key = keyOf(duty);
          const times = handOvers.at(slot).get(key) ?? [];
          if (demanded.by === 'deferral') {
            demand.held++;
            if (times.length > 0) continue;
            if (!deferred.at(slot).has(key)) violate(`${key} has neither run nor been deferred`);
            if (duty.kind === 'attester') owed.push({ ...duty, excuse: undefined });
            continue;
          }
          const latest = demanded.by === 'slot-end' ? SLOT_MS : LATEST_MS[duty.kind];
          const again = released.at(slot).has(key);
          assertOnce(key, times, world.startOf(slot), latest, again, violate);
        }
        handOvers.forgetBefore(slot - REMEMBERED_SLOTS);
        released.forgetBefore(slot - REMEMBERED_SLOTS);
        deferred.forgetBefore(slot - REMEMBERED_SLOTS);
      },
    };
  };
}

/** An attestation that is to be made up for, if it can be. */
interface OwedDuty extends CanonicalDuty {
  /** Why it is not demanded, where it cannot be; undefined where what was demanded of it has been met. */
  readonly excuse: Excuse | undefined;
}

function assertOnce(
  key: string,
  times: readonly HandOver[],
  startMs: number,
  latestMs: number,
  mayRunAgain: boolean,
  violate: Violate,
): void {
  const [first] = times;
  if (first === undefined) violate(`${key} did not run`);
  else if (times.length > 1 && !mayRunAgain) violate(`${key} ran ${times.length} times`);
  else if (first.at - startMs > latestMs)
    violate(`${key} ran ${first.at - startMs} ms into its slot (${first.trigger})`);
}

/** An attestation that was held back in its slot runs when the node is back, within an epoch. */
function canBeMadeUp(excuse: Excuse): boolean {
  return excuse === 'no-data' || excuse === 'restart' || excuse === 'clock-jump';
}

function hasRunLate(handOvers: BySlot<Map<string, HandOver[]>>, duty: CanonicalDuty): boolean {
  return handOvers.at(duty.slot).has(keyOf(duty));
}

/** Until its deadline, as long as the chain and the operator's book name the same duty as in its slot. */
function isStillOwed(world: World, now: Slot, { slot, validator }: CanonicalDuty): boolean {
  const member = world.membership.get(validator);
  if (member === undefined || member.liquidated || now >= slot + world.spec.slotsPerEpoch) return false;
  if (world.shown.lastChangeOf(validator) > world.startOf(slot - 2)) return false;
  return world.shown.since('attester', slot, validator) < world.startOf(slot);
}

/** In calm, nothing runs that the canonical chain does not know. */
export const nothingElse: Check = (world, violate) => {
  const handOvers = new BySlot(() => [] as HandOver[]);
  return {
    handedOver: (handOver) => void handOvers.at(handOver.slot).push(handOver),
    slotEnds(slot) {
      if (isCalm(world, slot)) {
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
