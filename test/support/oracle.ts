import { expect } from 'vitest';
import { epochOf, startSlotOf, syncPeriodServing, type Slot } from '../../machines/rules/chain-time.js';
import type { DutyKind } from '../../machines/rules/duties.js';
import type { Chain } from '../../src/devnet/index.js';
import { doubles, type HandedOver, type Rig } from './rig.js';

const ALL_KINDS: readonly DutyKind[] = [
  'attester',
  'aggregator',
  'proposer',
  'sync-committee',
  'sync-committee-contribution',
];

/** A duty by name, for comparing sets of them. */
export function nameOf({ kind, slot, validator }: Pick<HandedOver, 'kind' | 'slot' | 'validator'>): string {
  return `${kind} ${slot} ${validator}`;
}

/** The duties of every validator of the chain in a slot: what the scheduler should come to know, by the chain itself. */
export function dutiesOf(chain: Chain, slot: Slot, kinds: readonly DutyKind[] = ALL_KINDS): string[] {
  const { parameters, validators } = chain;
  const epoch = epochOf(parameters, slot);
  const committees = chain.committees(epoch);
  const attesters = [...validators]
    .map(({ index }) => index)
    .filter((index) => committees.placeOf(index)?.slot === slot);
  const proposers = slot === 0 ? [] : [chain.proposers(epoch)[slot - startSlotOf(parameters, epoch)]!];
  const sync = [...new Set(chain.syncCommittee(syncPeriodServing(parameters, slot)))];
  const byKind: Record<DutyKind, readonly number[]> = {
    attester: attesters,
    aggregator: attesters,
    proposer: proposers,
    'sync-committee': sync,
    'sync-committee-contribution': sync,
  };
  return kinds.flatMap((kind) => byKind[kind].map((validator) => nameOf({ kind, slot, validator })));
}

/** The chain's duties of some slots, both ends included. */
export function dutiesBetween(chain: Chain, from: Slot, to: Slot, kinds?: readonly DutyKind[]): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => dutiesOf(chain, from + i, kinds)).flat();
}

/** What was handed over for some slots, both ends included. */
export function handedOverBetween(
  { handedOver }: Pick<Rig, 'handedOver'>,
  from: Slot,
  to: Slot,
  kinds: readonly DutyKind[] = ALL_KINDS,
): HandedOver[] {
  return handedOver.filter(({ slot, kind }) => slot >= from && slot <= to && kinds.includes(kind));
}

/** Asserts that exactly the chain's duties of some slots (both ends included) were handed over, each once. */
export function expectExactly(
  { devnet: { chain }, handedOver }: Pick<Rig, 'devnet' | 'handedOver'>,
  from: Slot,
  to: Slot,
  kinds?: readonly DutyKind[],
): void {
  const names = handedOverBetween({ handedOver }, from, to, kinds).map(nameOf);
  const expected = dutiesBetween(chain, from, to, kinds);
  expect(expected.length).toBeGreaterThan(0);
  expect(names.toSorted()).toEqual(expected.toSorted());
  expect(doubles(handedOver, chain.parameters.slotsPerEpoch)).toEqual([]);
}

/** Asserts that duties of some slots (both ends included) started when a healthy node lets them: none late, none after its due point. */
export function expectOnTime(
  { handedOver, devnet }: Pick<Rig, 'handedOver' | 'devnet'>,
  from: Slot,
  to: Slot,
  latencyMs = 10,
): void {
  const dueMs = Math.floor(devnet.chain.parameters.slotDurationMs * 0.3333);
  const duties = handedOverBetween({ handedOver }, from, to);
  expect(duties.length).toBeGreaterThan(0);
  const tardy = duties.filter(({ kind, trigger, offsetMs }) => {
    const waits = kind === 'attester' || kind === 'sync-committee';
    return trigger === 'late' || offsetMs > (waits ? dueMs + latencyMs : 0);
  });
  expect(tardy.map((duty) => `${nameOf(duty)} ${duty.trigger} ${duty.offsetMs}`)).toEqual([]);
}
