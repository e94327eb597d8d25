import {
  epochOf,
  firstEpochOf,
  periodOf,
  positionInEpoch,
  type Epoch,
  type Slot,
} from '../../../machines/rules/chain-time.js';
import { statusAt, type DevnetValidator, type NodeMethod } from '../../../src/devnet/index.js';
import { RECOVERY_SLOTS } from '../oracle.js';
import { SLOTS_PER_EPOCH } from '../options.js';
import type { BegunRequest } from '../watched-node.js';
import { isRefusal, type World } from '../world.js';
import type { Check } from './check.js';

/**
 * Requests of a method in a slot at most. A failing request is tried eight times a slot (pauses of 250 ms × 1.6 until
 * the slot is over), for at most three tables at once (E−1, E, E+1), each again after a re-org; probes ask twice.
 */
const MOST_PER_SLOT: Readonly<Partial<Record<NodeMethod, number>>> = {
  // Twelve before the start, the first pauses being shorter than the longest one.
  getChainSpec: 12,
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
    requested: ({ method }) => counts.set(method, (counts.get(method) ?? 0) + 1),
    slotEnds(slot) {
      if ((slot + 1) % SLOTS_PER_EPOCH !== 0) return;
      for (const [method, count] of counts) {
        const bound = (MOST_PER_SLOT[method] ?? 0) * SLOTS_PER_EPOCH;
        if (count > bound) violate(`${count} × ${method} in an epoch, more than ${bound}`);
      }
      counts.clear();
    },
  };
};

/** Epochs in which every request was accounted for. */
export interface QuietEpochs {
  counted: number;
}

/**
 * In an epoch without any disturbance there are exactly the requests that it needs (SPEC §3): one for each table, the
 * sync tables verified once, a probe at three positions, a status every slot, and data once a slot.
 */
export function exactRequests(quiet: QuietEpochs): Check {
  return (world, violate) => {
    let counts = new Map<string, number>();
    let slotsSeen = 0;
    let isForSomeone = false;
    const slotsWithoutBlock: Slot[] = [];
    return {
      requested: (request) => {
        const name = nameOf(world, request);
        counts.set(name, (counts.get(name) ?? 0) + 1);
      },
      slotEnds(slot) {
        slotsSeen++;
        isForSomeone ||= anyoneIsAskedFor(world, epochOf(world.spec, slot));
        if (world.chain.blockAt(slot) === undefined) slotsWithoutBlock.push(slot);
        if (positionInEpoch(world.spec, slot) !== SLOTS_PER_EPOCH - 1) return;
        const epoch = epochOf(world.spec, slot);
        const isWhole = slotsSeen === SLOTS_PER_EPOCH && epoch > 0;
        if (isWhole && isForSomeone && isQuiet(world, slot) && !hasGap(slotsWithoutBlock)) {
          quiet.counted++;
          compare(needed(world, epoch), counts, epoch, violate);
        }
        counts = new Map();
        slotsSeen = 0;
        isForSomeone = false;
        slotsWithoutBlock.splice(0, slotsWithoutBlock.length - 2);
      },
    };
  };
}

function compare(
  expected: ReadonlyMap<string, number>,
  counts: ReadonlyMap<string, number>,
  epoch: Epoch,
  violate: (what: string) => void,
): void {
  const wrong: string[] = [];
  for (const name of new Set([...expected.keys(), ...counts.keys()])) {
    const [wanted = 0, count = 0] = [expected.get(name), counts.get(name)];
    // What is signed over is asked for once a slot, where there is a duty in the slot.
    const isFine = name.startsWith('data ') ? count <= 1 : count === wanted;
    if (!isFine) wrong.push(`${count} × ${name}, not ${wanted}`);
  }
  if (wrong.length > 0) violate(`in the quiet epoch ${epoch}: ${wrong.join('; ')}`);
}

/** What is counted: each table by itself, and data by slot. A probe asks for one validator, a table for more. */
function nameOf({ slot, spec }: World, { method, duties }: BegunRequest): string {
  if (method === 'getAttestationData' || method === 'getHeadRoot') return `data ${method} ${slot}`;
  if (duties === undefined) return method;
  const { role, epoch, validators } = duties;
  // By v2 the next epoch's proposers are asked for in its middle, by v1 this one's at its start: one either way.
  if (role === 'proposer') return 'table proposer';
  if (role === 'sync-committee') return `table ${role} ${periodOf(spec, epoch)}`;
  return `${validators === 1 ? 'probe' : 'table'} ${role} ${epoch}`;
}

function needed({ spec, chain, membership }: World, epoch: Epoch): Map<string, number> {
  const period = periodOf(spec, epoch);
  const preparing = epoch - (firstEpochOf(spec, period + 1) - 2);
  const ours = new Set(membership.active().map(({ index }) => index));
  const serves = (candidate: number) => chain.syncCommittee(candidate).some((index) => ours.has(index));
  const expected = new Map([
    ['getSyncStatus', SLOTS_PER_EPOCH],
    ['getValidators', 1],
    [`probe attester ${epoch}`, 3],
    [`probe attester ${epoch + 1}`, 3],
    [`table attester ${epoch + 1}`, 1],
    ['table proposer', 1],
    [`table sync-committee ${period}`, 1],
    // Everything at the epoch's start, and what the new table brings.
    ['subscribeBeaconCommittees', 2],
  ]);
  // The table of a single validator asks like a probe.
  if ([...ours].filter((index) => isAskedFor(chain.validators.at(index), epoch)).length === 1) {
    expected.set(`probe attester ${epoch + 1}`, 4);
    expected.delete(`table attester ${epoch + 1}`);
  }
  if (preparing >= 0) expected.set(`table sync-committee ${period + 1}`, 1);
  const atStart = serves(period) || (preparing > 0 && serves(period + 1)) ? 1 : 0;
  const withTable = preparing === 0 && serves(period + 1) ? 1 : 0;
  if (atStart + withTable > 0) expected.set('subscribeSyncCommittees', atStart + withTable);
  return expected;
}

/** For nobody nothing is asked: without members, and when all of them have left the chain. */
function anyoneIsAskedFor({ chain, membership }: World, epoch: Epoch): boolean {
  const validators = membership.active().map(({ index }) => chain.validators.at(index));
  return validators.some((validator) => isAskedFor(validator, epoch - 1) && isAskedFor(validator, epoch));
}

/** Whether the duties of the next epoch are asked for (SPEC §4). */
function isAskedFor(validator: DevnetValidator, epoch: Epoch): boolean {
  const status = statusAt(validator, epoch);
  return status === 'active_ongoing' || status === 'active_exiting' || validator.activationEpoch === epoch + 1;
}

/** Nothing was amiss, from a while before the epoch of the slot until its end. */
function isQuiet(world: World, slot: Slot): boolean {
  const from = world.startOf(slot - SLOTS_PER_EPOCH + 1 - RECOVERY_SLOTS);
  if (world.life === undefined || world.startedAt > from || world.unfitSince !== undefined) return false;
  return !world.disturbances.anyTouches(from, world.startOf(slot + 1));
}

/** So long without a block that the stream is taken for dead. */
function hasGap(slotsWithoutBlock: readonly Slot[]): boolean {
  return slotsWithoutBlock.some((slot, i) => slotsWithoutBlock[i + 1] === slot + 1);
}

/** A node refuses what it was asked wrongly. Only some refusals are no fault of the scheduler's. */
export const nothingRefused: Check = (world, violate) => ({
  requestEnded(request) {
    const { method, from, to, error } = request;
    if (!isRefusal(error)) return;
    // The node has stopped serving it, which shows only so; it is not asked again before it was away.
    if (error!.status === 404 && method === 'getProposerDuties') return;
    if (world.refusesUnfit(request)) return;
    // By a clock that was set back, what was near is far ahead.
    if (world.disturbances.touches('clock', from, to)) return;
    violate(`${error!.message}`);
  },
});
