/** What the canonical chain says must run: read from the chain and the operator's book, never from the scheduler. */
import { epochOf, startSlotOf, syncPeriodServing, type Slot } from '../../machines/rules/chain-time.js';
import type { DutyKind, ValidatorIndex } from '../../machines/rules/duties.js';
import { statusAt } from '../../src/devnet/index.js';
import { SLOT_MS, type World } from './world.js';

export interface CanonicalDuty {
  readonly kind: DutyKind;
  readonly slot: Slot;
  readonly validator: ValidatorIndex;
}

/** After a disturbance, as long may pass until every duty must run again. */
export const RECOVERY_SLOTS = 2;

/** Duties of the operator's validators in a slot, on the chain as it is now. */
export function canonicalDuties({ chain, membership }: World, slot: Slot): CanonicalDuty[] {
  const { parameters } = chain;
  const epoch = epochOf(parameters, slot);
  const committees = chain.committees(epoch);
  const proposer = chain.proposers(epoch)[slot - startSlotOf(parameters, epoch)];
  const committee = new Set(chain.syncCommittee(syncPeriodServing(parameters, slot)));
  const duties: CanonicalDuty[] = [];
  for (const { index: validator } of membership.active()) {
    const add = (...kinds: DutyKind[]) => duties.push(...kinds.map((kind) => ({ kind, slot, validator })));
    if (committees.placeOf(validator)?.slot === slot) add('attester', 'aggregator');
    if (proposer === validator && slot > 0) add('proposer');
    if (committee.has(validator)) add('sync-committee', 'sync-committee-contribution');
  }
  return duties;
}

/** Whether a healthy node showed everything in time, from a while before the slot until its end. */
export function isCalm(world: World, slot: Slot): boolean {
  const from = world.startOf(slot - RECOVERY_SLOTS);
  const to = world.startOf(slot + 1);
  if (world.life === undefined || world.watched.oldestUnderWay() < world.clock.now() - SLOT_MS / 8) return false;
  return !world.disturbances.touches('all', from, to);
}

/** Whether the tables of a slot stood still while it lasted. */
export function isStable(world: World, slot: Slot): boolean {
  return !world.disturbances.touches('reorg', world.startOf(slot), world.startOf(slot + 1));
}

/** Whether it is certain that the validator takes part: no change of late, and its state allows it. */
export function takesPart(world: World, { kind, slot, validator }: CanonicalDuty): boolean {
  const member = world.membership.get(validator);
  if (member === undefined || member.liquidated) return false;
  if (world.disturbances.touches(validator, world.startOf(slot - RECOVERY_SLOTS), world.startOf(slot + 1)))
    return false;
  if (kind === 'sync-committee' || kind === 'sync-committee-contribution') return true;
  // A slashed validator has duties until it leaves, and nobody asks for them.
  return !statusAt(world.chain.validators.at(validator), epochOf(world.spec, slot)).endsWith('slashed');
}
