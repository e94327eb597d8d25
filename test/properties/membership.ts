import type { ValidatorRecord } from '../../machines/rules/validators.js';
import type { Role } from '../../machines/rules/duties.js';
import { EPOCHS_PER_PERIOD, epochOf } from './plain-time.js';

interface Member {
  liquidated: boolean;
  /** Slot of the last event; undefined: there from the beginning. */
  eventSlot: number | undefined;
  /** Unix ms since which its duties are ours. */
  since: number;
  /** What the node last said of it to us. */
  record: ValidatorRecord | undefined;
}

/** Which validators are ours, as the contract and the node have told so far. */
export class Membership {
  readonly #members = new Map<number, Member>();

  constructor(initial: readonly number[]) {
    for (const validator of initial) {
      this.#members.set(validator, { liquidated: false, eventSlot: undefined, since: -Infinity, record: undefined });
    }
  }

  has(validator: number): boolean {
    return this.#members.has(validator);
  }

  isLiquidated(validator: number): boolean {
    return this.#members.get(validator)?.liquidated === true;
  }

  add(validator: number, slot: number, now: number): void {
    if (this.has(validator)) return;
    this.#members.set(validator, { liquidated: false, eventSlot: slot, since: now, record: undefined });
  }

  remove(validator: number): void {
    this.#members.delete(validator);
  }

  liquidate(validator: number): void {
    const member = this.#members.get(validator);
    if (member !== undefined) member.liquidated = true;
  }

  reactivate(validator: number, slot: number, now: number): void {
    const member = this.#members.get(validator);
    if (member?.liquidated !== true) return;
    Object.assign(member, { liquidated: false, eventSlot: slot, since: now });
  }

  learn(records: readonly ValidatorRecord[], now: number): void {
    for (const record of records) {
      const member = this.#members.get(record.index);
      if (member === undefined) continue;
      if (member.record === undefined && member.eventSlot !== undefined) member.since = now;
      member.record = record;
    }
  }

  /** Whether a validator is ours now, and known to the node. */
  isActive(validator: number): boolean {
    const member = this.#members.get(validator);
    return member?.record !== undefined && !member.liquidated;
  }

  /** Whether a duty of a slot is the validator's to do: none from before the event that brought it. */
  takesPart(validator: number, slot: number): boolean {
    return this.isActive(validator) && (this.#members.get(validator)!.eventSlot ?? -Infinity) <= slot;
  }

  since(validator: number): number {
    return this.#members.get(validator)?.since ?? Infinity;
  }

  /** Who is asked for in a table, judged at the epoch that the request names. `eventBy`: latest slot of their event. */
  eligible(role: Role, target: number, slot: number, eventBy = Infinity): number[] {
    const atEpoch = role === 'sync-committee' ? Math.max(epochOf(slot), target * EPOCHS_PER_PERIOD) : target;
    return [...this.#members]
      .filter(([, { record, liquidated, eventSlot = -Infinity }]) => {
        if (record === undefined || liquidated || eventSlot > eventBy) return false;
        return record.activationEpoch <= atEpoch;
      })
      .map(([validator]) => validator);
  }
}
