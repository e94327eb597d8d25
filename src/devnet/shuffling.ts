/**
 * Who has which duty, as pure functions of a seed, an epoch, a root and the active validators. The shuffle is not that
 * of the consensus specs, its properties are: same input, same duties; another root, other duties.
 */
import type { Epoch, Period, Root, Slot } from '../../machines/rules/chain-time.js';
import type { ValidatorIndex } from '../../machines/rules/duties.js';
import { RandomStream } from './deterministic-random.js';

const NO_DUTY = 0xffffffff;

/** A validator's place in the committees of an epoch. */
export interface CommitteePlace {
  readonly slot: Slot;
  readonly committeeIndex: number;
  readonly committeeLength: number;
  readonly validatorCommitteeIndex: number;
}

/** The beacon committees of an epoch. */
export class Committees {
  readonly committeesAtSlot: number;
  readonly #firstSlot: Slot;
  readonly #slots: number;
  readonly #shuffled: Uint32Array;
  /** Position of each validator in the shuffle. */
  readonly #positionOf: Uint32Array;

  constructor(shuffled: Uint32Array, firstSlot: Slot, slots: number, maxCommitteesPerSlot: number) {
    this.committeesAtSlot = Math.max(1, Math.min(maxCommitteesPerSlot, Math.floor(shuffled.length / slots)));
    this.#firstSlot = firstSlot;
    this.#slots = slots;
    this.#shuffled = shuffled;
    this.#positionOf = new Uint32Array(shuffled.reduce((highest, index) => Math.max(highest, index), -1) + 1);
    this.#positionOf.fill(NO_DUTY);
    shuffled.forEach((validator, position) => (this.#positionOf[validator] = position));
  }

  /** The validators of one committee, in committee order. */
  committee(slot: Slot, committeeIndex: number): Uint32Array {
    const number = (slot - this.#firstSlot) * this.committeesAtSlot + committeeIndex;
    return this.#shuffled.subarray(this.#start(number), this.#start(number + 1));
  }

  /** Where a validator attests; undefined when it has no duty in the epoch. */
  placeOf(validator: ValidatorIndex): CommitteePlace | undefined {
    const position = this.#positionOf[validator] ?? NO_DUTY;
    if (position === NO_DUTY) return undefined;
    const count = this.#slots * this.committeesAtSlot;
    // The first guess can be too low, because committees differ by one in length or are empty.
    let number = Math.floor((position * count) / this.#shuffled.length);
    while (this.#start(number + 1) <= position) number += 1;
    const start = this.#start(number);
    return {
      slot: this.#firstSlot + Math.floor(number / this.committeesAtSlot),
      committeeIndex: number % this.committeesAtSlot,
      committeeLength: this.#start(number + 1) - start,
      validatorCommitteeIndex: position - start,
    };
  }

  #start(committeeNumber: number): number {
    return Math.floor((this.#shuffled.length * committeeNumber) / (this.#slots * this.committeesAtSlot));
  }
}

/** The active validators in the order of an epoch's committees. */
export function shuffleAttesters(seed: number, epoch: Epoch, dependentRoot: Root, active: Uint32Array): Uint32Array {
  const random = new RandomStream(seed, 'attester', epoch, dependentRoot);
  const shuffled = active.slice();
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    const other = random.below(last + 1);
    const held = shuffled[last] ?? 0;
    shuffled[last] = shuffled[other] ?? 0;
    shuffled[other] = held;
  }
  return shuffled;
}

/** One proposer for each slot of an epoch; the same validator may propose twice. */
export function pickProposers(
  seed: number,
  epoch: Epoch,
  dependentRoot: Root,
  active: Uint32Array,
  slots: number,
): Uint32Array {
  return pick(new RandomStream(seed, 'proposer', epoch, dependentRoot), active, slots);
}

/** A sync committee by position; the same validator may stand in several positions. */
export function pickSyncCommittee(seed: number, period: Period, active: Uint32Array, size: number): Uint32Array {
  return pick(new RandomStream(seed, 'sync', period), active, size);
}

function pick(random: RandomStream, from: Uint32Array, count: number): Uint32Array {
  if (from.length === 0) return new Uint32Array(0);
  return Uint32Array.from({ length: count }, () => from[random.below(from.length)] ?? 0);
}
