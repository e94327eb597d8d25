/** What the registry tells of validators, as events of a validator source. */
import type { Slot } from '../../machines/rules/chain-time.js';
import type { ValidatorRegistration } from '../../machines/rules/registry.js';
import type { ValidatorSourceEvent } from '../../machines/rules/validator-changes.js';
import type { Hex } from './contract-types.js';
import type { Cluster, ContractValidator } from './registry-state.js';

/** A validator of ours at some instant, with its cluster. */
export interface Membership {
  readonly validator: ContractValidator;
  readonly cluster: Cluster;
}

/** As the scheduler is told of it; `eventSlot` is the slot of its addition or reactivation, whichever was later. */
export function registrationOf({ validator, cluster }: Membership): ValidatorRegistration {
  const { publicKey: id, addedSlot } = validator;
  const { committee, liquidated, reactivatedSlot } = cluster;
  const eventSlot =
    addedSlot === undefined || reactivatedSlot === undefined
      ? (addedSlot ?? reactivatedSlot)
      : Math.max(addedSlot, reactivatedSlot);
  return { id, liquidated, committee, ...(eventSlot === undefined ? {} : { eventSlot }) };
}

/** Collects events in order; neighbours of one kind become one event, because each costs the scheduler a whole pass. */
export class SourceEvents {
  readonly #events: ValidatorSourceEvent[] = [];
  #registrations: ValidatorRegistration[] = [];
  #ids: Hex[] = [];

  get all(): readonly ValidatorSourceEvent[] {
    return this.#events;
  }

  added(registration: ValidatorRegistration): void {
    if (this.#events.at(-1)?.type !== 'VALIDATOR_ADDED') {
      this.#registrations = [];
      this.#events.push({ type: 'VALIDATOR_ADDED', validators: this.#registrations });
    }
    this.#registrations.push(registration);
  }

  of(type: 'VALIDATOR_REMOVED' | 'VALIDATOR_EXITED' | 'CLUSTER_LIQUIDATED', ids: Iterable<Hex>): void {
    this.#collect(ids, this.#events.at(-1)?.type === type, (all) => ({ type, ids: all }));
  }

  reactivated(ids: Iterable<Hex>, eventSlot: Slot | undefined): void {
    const last = this.#events.at(-1);
    const same = last?.type === 'CLUSTER_REACTIVATED' && last.eventSlot === eventSlot;
    const slot = eventSlot === undefined ? {} : { eventSlot };
    this.#collect(ids, same, (all) => ({ type: 'CLUSTER_REACTIVATED', ids: all, ...slot }));
  }

  #collect(ids: Iterable<Hex>, joins: boolean, eventOf: (ids: readonly Hex[]) => ValidatorSourceEvent): void {
    const more = [...ids];
    if (more.length === 0) return;
    if (!joins) {
      this.#ids = [];
      this.#events.push(eventOf(this.#ids));
    }
    this.#ids.push(...more);
  }
}

/** Two instants of one validator of ours; undefined: it was not there, or not ours. */
export interface MembershipChange {
  readonly before: Membership | undefined;
  readonly after: Membership | undefined;
}

/** What leads from one instant to another, where a re-org took back what lay between. */
export function differences(changes: Iterable<MembershipChange>): readonly ValidatorSourceEvent[] {
  const removed: Hex[] = [];
  const liquidated: Hex[] = [];
  const reactivated: Membership[] = [];
  const added: Membership[] = [];
  for (const { before, after } of changes) {
    const stays = before?.cluster.id === after?.cluster.id;
    if (before !== undefined && !stays) removed.push(before.validator.publicKey);
    if (after !== undefined && !stays) added.push(after);
    if (before === undefined || after === undefined || !stays) continue;
    if (!before.cluster.liquidated && after.cluster.liquidated) liquidated.push(after.validator.publicKey);
    if (before.cluster.liquidated && !after.cluster.liquidated) reactivated.push(after);
  }
  const events = new SourceEvents();
  events.of('VALIDATOR_REMOVED', removed);
  events.of('CLUSTER_LIQUIDATED', liquidated);
  for (const membership of reactivated) {
    events.reactivated([membership.validator.publicKey], restored(membership).eventSlot);
  }
  for (const membership of added) events.added(restored(membership));
  return events.all;
}

/** It was there all along, or from an unknown slot of long ago: never "from now on". */
function restored(membership: Membership): ValidatorRegistration {
  return { eventSlot: 0, ...registrationOf(membership) };
}
