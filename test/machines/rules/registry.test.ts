import { describe, expect, it } from 'vitest';
import type { Role } from '../../../machines/rules/duties.js';
import { Registry, isEligible } from '../../../machines/rules/registry.js';
import { VALIDATOR_STATUSES, type ValidatorStatus } from '../../../machines/rules/validators.js';
import { SHORT, testChain } from '../../support/chain.js';
import { pubkeyOf, recordOf, registryOf } from '../../support/validators.js';

const chain = testChain(SHORT);

/** Epochs 0 … 15 in which a validator is asked for. */
function epochsAsked(role: Role, record: Parameters<typeof recordOf>[1], liquidated = false): number[] {
  const validator = { record: recordOf(1, record), liquidated };
  return range(0, 15).filter((epoch) => isEligible(chain, role, validator, epoch));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}

describe('who is asked for (SPEC §4)', () => {
  const always = range(0, 15);
  const attesting: Record<ValidatorStatus, number[]> = {
    pending_initialized: [],
    pending_queued: range(6, 15),
    active_ongoing: always,
    active_exiting: always,
    active_slashed: [],
    exited_unslashed: [],
    exited_slashed: [],
    withdrawal_possible: [],
    withdrawal_done: [],
  };

  it.each(VALIDATOR_STATUSES)('attester and proposer: %s', (status) => {
    for (const role of ['attester', 'proposer'] as const) {
      expect(epochsAsked(role, { status, activationEpoch: 6 })).toEqual(attesting[status]);
      expect(epochsAsked(role, { status, activationEpoch: 6 }, true)).toEqual([]);
    }
  });

  it('a queued validator without an activation epoch is not asked for', () => {
    expect(epochsAsked('attester', { status: 'pending_queued', activationEpoch: Infinity })).toEqual([]);
  });

  it.each(VALIDATOR_STATUSES)(
    'sync committee: from the activation until the period after the exit, as %s too',
    (status) => {
      expect(epochsAsked('sync-committee', { status })).toEqual(always);
      expect(epochsAsked('sync-committee', { status, activationEpoch: 6 })).toEqual(range(6, 15));
      expect(epochsAsked('sync-committee', { status, activationEpoch: Infinity })).toEqual([]);
      // Exit in the first and the last epoch of period 1 (epochs 4 … 7): period 2 (8 … 11) is still served.
      expect(epochsAsked('sync-committee', { status, exitEpoch: 4 })).toEqual(range(0, 11));
      expect(epochsAsked('sync-committee', { status, exitEpoch: 7 })).toEqual(range(0, 11));
      expect(epochsAsked('sync-committee', { status, exitEpoch: 3 })).toEqual(range(0, 7));
      expect(epochsAsked('sync-committee', { status, activationEpoch: 6, exitEpoch: 8 })).toEqual(range(6, 15));
      expect(epochsAsked('sync-committee', { status, exitEpoch: 4 }, true)).toEqual([]);
    },
  );

  it('a validator that no node knows is never asked for', () => {
    for (const role of ['attester', 'proposer', 'sync-committee'] as const) {
      expect(isEligible(chain, role, { record: undefined, liquidated: false }, 5)).toBe(false);
    }
  });
});

describe('a registry', () => {
  it('lists the eligible ascending, by role and target epoch', () => {
    const registry = registryOf([30, 4, 100, 9]).learn([
      recordOf(9, { status: 'pending_queued', activationEpoch: 3 }),
      recordOf(4, { status: 'exited_unslashed', exitEpoch: 1 }),
    ]);
    expect([...registry.eligible(chain, 'attester', 2)]).toEqual([30, 100]);
    expect([...registry.eligible(chain, 'attester', 3)]).toEqual([9, 30, 100]);
    expect([...registry.eligible(chain, 'sync-committee', 3)]).toEqual([4, 9, 30, 100]);
    expect([...registry.eligible(chain, 'sync-committee', 8)]).toEqual([9, 30, 100]);
  });

  it('leaves out whose event came after a slot, where asked', () => {
    const registry = registryOf([1])
      .add([
        { id: '2', eventSlot: 20 },
        { id: '3', eventSlot: 21 },
      ])
      .learn([recordOf(2), recordOf(3)]);
    const eligible = (eventBy?: number) => [...registry.eligible(chain, 'attester', 2, eventBy)];
    expect([eligible(), eligible(20), eligible(19), eligible(21)]).toEqual([[1, 2, 3], [1, 2], [1], [1, 2, 3]]);
    expect(registry.eligible(chain, 'attester', 2, 20)).toBe(registry.eligible(chain, 'attester', 2, 20));
  });

  it('of an epoch that is over, one that was activated since is left out, though its status shows it active', () => {
    const registry = registryOf([1, 2], { record: { activationEpoch: 3 } });
    const eligible = (epoch: number, eventBy?: number) => [...registry.eligible(chain, 'attester', epoch, eventBy)];
    expect([eligible(2), eligible(2, 23), eligible(3, 31)]).toEqual([[1, 2], [], [1, 2]]);
  });

  it('remembers who is eligible, for few epochs at a time', () => {
    const registry = registryOf([1, 2]);
    const first = registry.eligible(chain, 'attester', 5);
    expect(registry.eligible(chain, 'attester', 5)).toBe(first);
    expect(registry.eligible(chain, 'proposer', 5)).not.toBe(first);
    for (const epoch of range(100, 200)) registry.eligible(chain, 'attester', epoch);
    expect(registry.eligible(chain, 'attester', 5)).not.toBe(first);
    expect(registry.eligible(chain, 'attester', 5)).toEqual(first);
  });

  it('forgets who was eligible when something changes', () => {
    const before = registryOf([1, 2]);
    expect([...before.eligible(chain, 'attester', 5)]).toEqual([1, 2]);
    expect([...before.setLiquidated(['1'], true).eligible(chain, 'attester', 5)]).toEqual([2]);
    expect([...before.eligible(chain, 'attester', 5)]).toEqual([1, 2]);
  });

  it('knows names before a node knows them', () => {
    const registry = Registry.EMPTY.add([{ id: '7' }, { id: pubkeyOf(8) }]);
    expect(registry.size).toBe(2);
    expect(registry.ids).toEqual(['7', pubkeyOf(8)]);
    expect(registry.unknownIds).toEqual(['7', pubkeyOf(8)]);
    expect([...registry.eligible(chain, 'attester', 5)]).toEqual([]);
    const learnt = registry.learn([recordOf(8)]);
    expect(learnt.unknownIds).toEqual(['7']);
    expect([...learnt.eligible(chain, 'attester', 5)]).toEqual([8]);
    expect(learnt.byIndex(8)).toMatchObject({ id: pubkeyOf(8), liquidated: false, eventSlot: -Infinity });
    expect(learnt.byIndex(7)).toBeUndefined();
  });

  it('learns only what is new, and only of validators registered', () => {
    const registry = registryOf([1, 2]);
    expect(registry.learn([recordOf(1), recordOf(2)])).toBe(registry);
    expect(registry.learn([recordOf(3)])).toBe(registry);
    for (const news of [
      { status: 'active_exiting' as const },
      { activationEpoch: 1 },
      { exitEpoch: 9 },
      { pubkey: pubkeyOf(77) },
    ]) {
      const learnt = registry.learn([recordOf(1, news)]);
      expect(learnt).not.toBe(registry);
      expect(learnt.byIndex(1)?.record).toMatchObject(news);
      expect(learnt.byIndex(2)).toBe(registry.byIndex(2));
    }
    const moved = Registry.EMPTY.add([{ id: pubkeyOf(1) }])
      .learn([recordOf(1)])
      .learn([recordOf(5, { pubkey: pubkeyOf(1) })]);
    expect([moved.byIndex(1), moved.byIndex(5)?.id]).toEqual([undefined, pubkeyOf(1)]);
  });

  it('named twice, by index and by pubkey, a validator is one', () => {
    const registry = Registry.EMPTY.add([{ id: '7' }, { id: pubkeyOf(7) }]).learn([recordOf(7)]);
    expect([...registry.eligible(chain, 'attester', 5)]).toEqual([7]);
    expect(registry.indicesOf(['7', pubkeyOf(7)])).toEqual([7]);
    expect(registry.byIndex(7)?.id).toBe('7');
    const once = registry.remove(['7']);
    expect(once.byIndex(7)?.id).toBe(pubkeyOf(7));
    expect([...once.eligible(chain, 'attester', 5)]).toEqual([7]);
    expect([...once.remove([pubkeyOf(7)]).eligible(chain, 'attester', 5)]).toEqual([]);
  });

  it('adds once, and keeps what it knows of whoever is there', () => {
    const registry = registryOf([1], { registration: { eventSlot: 20 } });
    const added = registry.add([
      { id: '1', eventSlot: 90 },
      { id: '2', eventSlot: 90, liquidated: true, committee: [3, 4] },
    ]);
    expect(added.byIndex(1)).toBe(registry.byIndex(1));
    const second = added.learn([recordOf(2)]).byIndex(2);
    expect(second).toMatchObject({ id: '2', eventSlot: 90, liquidated: true, committee: [3, 4] });
    expect(registry.size).toBe(1);
  });

  it('liquidates and reactivates: known all the while, and new since the event', () => {
    const registry = registryOf([1, 2], { registration: { eventSlot: 20 } });
    const liquidated = registry.setLiquidated(['1', '99'], true);
    expect(liquidated.size).toBe(2);
    expect([liquidated.isActiveMember(1), liquidated.isActiveMember(2), liquidated.isActiveMember(99)]).toEqual([
      false,
      true,
      false,
    ]);
    expect([...liquidated.eligible(chain, 'sync-committee', 5)]).toEqual([2]);
    const reactivated = liquidated.setLiquidated(['1'], false, 44);
    expect(reactivated.byIndex(1)).toMatchObject({ liquidated: false, eventSlot: 44, record: recordOf(1) });
    expect([...reactivated.eligible(chain, 'attester', 5)]).toEqual([1, 2]);
    // Said twice, the second time changes nothing.
    expect(reactivated.setLiquidated(['1'], false, 60).byIndex(1)?.eventSlot).toBe(44);
  });

  it('removes by name', () => {
    const registry = registryOf([1, 2, 3]).remove(['2', 'nobody']);
    expect(registry.ids).toEqual(['1', '3']);
    expect([registry.byIndex(2), registry.isActiveMember(2), registry.isActiveMember(3)]).toEqual([
      undefined,
      false,
      true,
    ]);
  });

  it('translates names to indices, ascending, without those that have none', () => {
    const registry = registryOf([10, 9, 200]).add([{ id: '5' }]);
    expect(registry.indicesOf(['200', '10', '5', 'nobody', '9'])).toEqual([9, 10, 200]);
  });

  it('finds all names of a validator, whichever it is called by', () => {
    const registry = Registry.EMPTY.add([
      { id: '7' },
      { id: pubkeyOf(8) },
      { id: pubkeyOf(9) },
      { id: '9' },
      { id: '5' },
    ]).learn([7, 8, 9].map((index) => recordOf(index)));
    expect(registry.namesOf(['7'])).toEqual(['7']);
    expect(registry.namesOf([pubkeyOf(7)])).toEqual(['7']);
    expect(registry.namesOf(['8', '5', 'nobody', '77']).sort()).toEqual([pubkeyOf(8), '5'].sort());
    for (const name of ['9', pubkeyOf(9)]) expect(registry.namesOf([name]).sort()).toEqual(['9', pubkeyOf(9)].sort());
    expect(registry.namesOf([])).toEqual([]);
  });

  it('counts by status, for people', () => {
    const registry = registryOf([1, 2, 3])
      .add([{ id: '4' }])
      .learn([recordOf(2, { status: 'active_exiting' })])
      .setLiquidated(['3'], true);
    expect(registry.toJSON()).toEqual({ active_ongoing: 1, active_exiting: 1, liquidated: 1, unknown: 1 });
  });
});
