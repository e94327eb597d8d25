import type { DutyKind, Role, ValidatorIndex } from '../../../machines/rules/duties.js';
import type { Slot } from '../../../machines/rules/chain-time.js';
import type { Observer, World } from '../world.js';

/** Says what is wrong, in words. */
export type Violate = (what: string) => void;

/** Looks at a world, and calls `violate` when it sees what must not be. */
export type Check = (world: World, violate: Violate) => Observer;

/** Duties are kept in mind for this many slots: longer than any can last. */
export const REMEMBERED_SLOTS = 40;

export interface DutyName {
  readonly kind: DutyKind;
  readonly slot: Slot;
  readonly validator: ValidatorIndex;
}

export function keyOf({ kind, slot, validator }: DutyName): string {
  return `${kind} ${slot} ${validator}`;
}

export function roleOf(kind: DutyKind): Role {
  if (kind === 'proposer') return 'proposer';
  return kind === 'attester' || kind === 'aggregator' ? 'attester' : 'sync-committee';
}

/** Something by slot, forgotten when the slot is long over. */
export class BySlot<T> {
  readonly #values = new Map<Slot, T>();
  constructor(private readonly create: () => T) {}

  at(slot: Slot): T {
    let value = this.#values.get(slot);
    if (value === undefined) this.#values.set(slot, (value = this.create()));
    return value;
  }

  forgetBefore(slot: Slot): void {
    for (const known of this.#values.keys()) if (known < slot) this.#values.delete(known);
  }

  clear(): void {
    this.#values.clear();
  }
}
