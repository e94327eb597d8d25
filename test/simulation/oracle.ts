/** What the canonical chain says must run: read from the chain and the operator's book, never from the scheduler. */
import { epochOf, startSlotOf, syncPeriodServing, type Slot } from '../../machines/rules/chain-time.js';
import type { DutyKind, ValidatorIndex } from '../../machines/rules/duties.js';
import { statusAt } from '../../src/devnet/index.js';
import { roleOf } from './checks/check.js';
import { DUE_POINTS } from '../../src/devnet/parameters.js';
import { LATENCY_MS, SETTLE_MS, SLOT_MS, type World } from './world.js';

export interface CanonicalDuty {
  readonly kind: DutyKind;
  readonly slot: Slot;
  readonly validator: ValidatorIndex;
}

/** After a disturbance, as long may pass until every duty must run again. */
export const RECOVERY_SLOTS = 2;

/** So much of a slot is enough to start what is due in it. */
const REST_MS = SLOT_MS / 4;

/** A duty of the head kinds starts with the head or at the due point; the others with the slot. Requests come on top. */
const DUE_MS = Math.floor((DUE_POINTS.attestation * SLOT_MS) / 10_000);
const REQUESTS_MS = 4 * LATENCY_MS;
/** Ms into its slot by which a duty is handed over when nothing is amiss. */
export const LATEST_MS: Readonly<Record<DutyKind, number>> = {
  attester: DUE_MS + REQUESTS_MS,
  'sync-committee': DUE_MS + REQUESTS_MS,
  aggregator: REQUESTS_MS,
  'sync-committee-contribution': REQUESTS_MS,
  proposer: REQUESTS_MS,
};

/** Why a duty is not demanded. */
export type Excuse =
  /** No scheduler runs, or it has just been started. */
  | 'restart'
  | 'clock-jump'
  /** The request for what is to be signed over failed. */
  | 'no-data'
  /** The chain changed the duties, or the answer that names them did not come in time. */
  | 'not-shown'
  /** The validator came, changed or left. */
  | 'validator-changed'
  /** The node has not named the validator's index in time. */
  | 'not-named'
  | 'slashed'
  /** It has attested for the epoch already, in another slot. */
  | 'moved';

/**
 * What may be asked of the scheduler: that the duty runs, when its time comes or within its slot; that it says within the
 * slot that it holds the duty back, unless it has run before; or nothing, and why.
 */
export type Demanded = { readonly by: 'due-time' | 'slot-end' | 'deferral' } | { readonly excuse: Excuse };

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

/** Whether nothing at all was amiss, from a while before the slot until its end. */
export function isCalm(world: World, slot: Slot): boolean {
  const from = world.startOf(slot - RECOVERY_SLOTS);
  const to = world.startOf(slot + 1);
  if (world.life === undefined || world.watched.oldestUnderWay() < world.clock.now() - SLOT_MS / 8) return false;
  if (world.disturbances.touches('reorg', world.startOf(slot), to)) return false;
  return !world.disturbances.touches('all', from, to);
}

/**
 * What is demanded of a duty in the slot that ends now. In calm, everything. Else whatever was shown in time must run
 * all the same, as far as the disturbance does not concern it: a re-org that leaves its table right, a failing request
 * for something else, a stream that is silent.
 */
export function demandOn(world: World, duty: CanonicalDuty): Demanded {
  const { disturbances, shown } = world;
  const { kind, slot, validator } = duty;
  const from = world.startOf(slot);
  const to = world.startOf(slot + 1);
  const member = world.membership.get(validator);
  if (member === undefined || member.liquidated || disturbances.touches(validator, from - SETTLE_MS, to))
    return { excuse: 'validator-changed' };
  if (isSlashed(world, duty)) return { excuse: 'slashed' };
  if (isCalm(world, slot) && shown.lastChangeOf(validator) < world.startOf(slot - RECOVERY_SLOTS))
    return { by: 'due-time' };
  // A life that has been shown the duty a slot before needs no more.
  if (world.life === undefined || from - SLOT_MS < world.startedAt) return { excuse: 'restart' };
  const isSlow = disturbances.touches('network', from, to);
  const latest = isSlow ? to : from + LATEST_MS[kind];
  // A slot in which the clock was set, or that it has left out, may be lost; the rest of one that it led into is not.
  const isSet = disturbances.touches('clock', from, latest);
  if (isSet && disturbances.touches('clock', to - REST_MS, to)) return { excuse: 'clock-jump' };
  if (shown.since(roleOf(kind), slot, validator) > from - SLOT_MS) return { excuse: 'not-shown' };
  // Whoever proposes is named to everyone: its index is known once it was asked for in another role.
  if (kind === 'proposer' && shown.lastChangeOf(validator) > world.startOf(slot - RECOVERY_SLOTS))
    return { excuse: 'validator-changed' };
  if (kind === 'proposer' && shown.namedSince(validator) > from - SLOT_MS) return { excuse: 'not-named' };
  if ((kind === 'attester' || kind === 'sync-committee') && disturbances.touches(kind, from, to))
    return { excuse: 'no-data' };
  // A node that is back with the slot's first answer has cost nothing but time.
  if (wasUnfit(world, from + SETTLE_MS, Math.max(latest, from + SETTLE_MS))) return { by: 'deferral' };
  return { by: isSlow || isSet || wasUnfit(world, from, latest) ? 'slot-end' : 'due-time' };
}

function wasUnfit({ unfitSince = Infinity, disturbances }: World, from: number, to: number): boolean {
  return unfitSince <= to || disturbances.touches('unfit', from, to);
}

/** A slashed validator has duties until it leaves, and nobody asks for them. */
function isSlashed({ chain, spec }: World, { kind, slot, validator }: CanonicalDuty): boolean {
  if (roleOf(kind) === 'sync-committee') return false;
  return statusAt(chain.validators.at(validator), epochOf(spec, slot)).endsWith('slashed');
}
