import type { InspectionEvent } from 'xstate';
import type { Slot } from '../../../machines/rules/chain-time.js';
import type { NodeMessage } from '../../../machines/beacon-node/node-context.js';

const KEPT = 4;

/** When the heads of the last slots came. The event log does not tell a head that triggered no duty. */
export class HeadArrivals {
  readonly #atBySlot = new Map<Slot, number>();

  /** Looks on as an XState inspector. */
  readonly inspect = (inspected: InspectionEvent): void => {
    if (inspected.type !== '@xstate.event' || inspected.event.type !== 'HEAD') return;
    // The node's own word carries its time; what the roles make of it does not.
    const { head, at } = inspected.event as Partial<Extract<NodeMessage, { type: 'HEAD' }>>;
    if (head !== undefined && at !== undefined) this.note(head.slot, at);
  };

  /** The first head of a slot counts. */
  note(slot: Slot, atMs: number): void {
    if (this.#atBySlot.has(slot)) return;
    this.#atBySlot.set(slot, atMs);
    if (this.#atBySlot.size > KEPT) this.#atBySlot.delete(this.#atBySlot.keys().next().value!);
  }

  /** Unix ms at which the head of a slot came. */
  of(slot: Slot): number | undefined {
    return this.#atBySlot.get(slot);
  }
}
