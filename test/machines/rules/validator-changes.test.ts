import { describe, expect, it } from 'vitest';
import { Registry } from '../../../machines/rules/registry.js';
import { applySourceEvent, learnRecords } from '../../../machines/rules/validator-changes.js';
import { SHORT, testChain } from '../../support/chain.js';
import { pubkeyOf, recordOf, registryOf } from '../../support/validators.js';

const chain = testChain(SHORT);

describe('events of the validator source (SPEC §8)', () => {
  it('VALIDATORS_KNOWN: there from the beginning, to be looked up', () => {
    const { registry, ...change } = applySourceEvent(
      Registry.EMPTY,
      { type: 'VALIDATORS_KNOWN', validators: [{ id: '4' }] },
      90,
    );
    expect(change).toEqual({ added: [], removed: [], lookUp: ['4'] });
    expect(registry.learn([recordOf(4)]).byIndex(4)?.eventSlot).toBe(-Infinity);
  });

  it('VALIDATOR_ADDED: new since the block of its event, else since now; added once a node knows it', () => {
    const validators = [{ id: '4' }, { id: '5', eventSlot: 70 }, { id: '1' }];
    const before = registryOf([1]);
    const { registry, ...change } = applySourceEvent(before, { type: 'VALIDATOR_ADDED', validators }, 90);
    expect(change).toEqual({ added: [], removed: [], lookUp: ['4', '5', '1'] });
    const learnt = registry.learn([recordOf(4), recordOf(5)]);
    expect([learnt.byIndex(4)?.eventSlot, learnt.byIndex(5)?.eventSlot]).toEqual([90, 70]);
    expect(learnt.byIndex(1)).toBe(before.byIndex(1));
  });

  it('VALIDATOR_REMOVED: gone at once, under all its names', () => {
    const twice = registryOf([1, 2, 3])
      .add([{ id: pubkeyOf(2) }])
      .learn([recordOf(2)]);
    for (const id of ['2', pubkeyOf(2)]) {
      const { registry, ...change } = applySourceEvent(twice, { type: 'VALIDATOR_REMOVED', ids: [id, 'nobody'] }, 90);
      expect(change).toEqual({ added: [], removed: [2], lookUp: [] });
      expect(registry.ids).toEqual(['1', '3']);
    }
  });

  it('VALIDATOR_EXITED: looked up again; it may owe duties still', () => {
    const before = registryOf([1, 2]);
    const change = applySourceEvent(before, { type: 'VALIDATOR_EXITED', ids: [pubkeyOf(2)] }, 90);
    expect(change).toEqual({ registry: before, added: [], removed: [], lookUp: ['2'] });
  });

  it('CLUSTER_LIQUIDATED: out of all tables, and known all the while, under all its names', () => {
    const twice = registryOf([1, 2])
      .add([{ id: pubkeyOf(2) }])
      .learn([recordOf(2)]);
    for (const id of ['2', pubkeyOf(2)]) {
      const { registry, ...change } = applySourceEvent(twice, { type: 'CLUSTER_LIQUIDATED', ids: [id] }, 90);
      expect(change).toEqual({ added: [], removed: [2], lookUp: [] });
      expect([registry.isActiveMember(2), registry.size]).toEqual([false, 3]);
      expect(applySourceEvent(registry, { type: 'CLUSTER_LIQUIDATED', ids: [id] }, 91).removed).toEqual([]);
    }
  });

  it('CLUSTER_REACTIVATED: asked for again, new since the block of its event, else since now', () => {
    const liquidated = registryOf([1, 2, 3]).setLiquidated(['1', '2'], true);
    const event = { type: 'CLUSTER_REACTIVATED', ids: ['2', '3', '1'] } as const;
    const { registry, ...change } = applySourceEvent(liquidated, event, 90);
    expect(change).toEqual({ added: [1, 2], removed: [], lookUp: ['2', '3', '1'] });
    expect([1, 2, 3].map((index) => registry.byIndex(index)?.eventSlot)).toEqual([90, 90, -Infinity]);
    const dated = applySourceEvent(liquidated, { ...event, eventSlot: 70 }, 90);
    expect(dated.registry.byIndex(1)?.eventSlot).toBe(70);
  });
});

describe('records of the beacon node (SPEC §4)', () => {
  it('that say nothing new change nothing', () => {
    const registry = registryOf([1]);
    expect(learnRecords(chain, registry, [recordOf(1)], new Set(), 5)).toEqual({ registry, lines: [] });
  });

  it('of one removed or liquidated meanwhile: a late answer does not bring it back', () => {
    const added = Registry.EMPTY.add([{ id: pubkeyOf(4) }, { id: pubkeyOf(5) }]);
    const removed = applySourceEvent(added, { type: 'VALIDATOR_REMOVED', ids: [pubkeyOf(4)] }, 90).registry;
    const both = applySourceEvent(removed, { type: 'CLUSTER_LIQUIDATED', ids: [pubkeyOf(5)] }, 90).registry;
    const announced = new Set([pubkeyOf(4), pubkeyOf(5)]);
    const { registry, lines } = learnRecords(chain, both, [recordOf(4), recordOf(5)], announced, 5);
    expect(lines).toEqual([]);
    expect([registry.byIndex(4), registry.isActiveMember(5)]).toEqual([undefined, false]);
    const again = applySourceEvent(registry, { type: 'CLUSTER_REACTIVATED', ids: [pubkeyOf(5)] }, 91);
    expect(again.added).toEqual([5]);
  });

  it('of a validator that was announced: it is added, whatever its status', () => {
    const registry = registryOf([1]).add([{ id: '5' }, { id: pubkeyOf(4) }]);
    const records = [recordOf(5), recordOf(4, { status: 'pending_initialized', activationEpoch: Infinity })];
    const { lines } = learnRecords(chain, registry, records, new Set(['5', pubkeyOf(4)]), 5);
    expect(lines).toEqual([{ cause: 'VALIDATOR_ADDED', added: [4, 5], removed: [] }]);
  });

  it('of a validator that becomes active, or ends: its status changed', () => {
    const registry = registryOf([1, 2, 3, 4]).learn([
      recordOf(3, { status: 'pending_queued', activationEpoch: Infinity }),
      recordOf(2, { status: 'pending_queued', activationEpoch: Infinity }),
    ]);
    const news = [
      recordOf(3, { status: 'active_ongoing', activationEpoch: 5 }),
      recordOf(2, { status: 'pending_queued', activationEpoch: 5 }),
      recordOf(1, { status: 'exited_unslashed', exitEpoch: 4 }),
      recordOf(4, { status: 'active_exiting', exitEpoch: 9 }),
    ];
    const { lines, registry: learnt } = learnRecords(chain, registry, news, new Set(), 5);
    expect(lines).toEqual([{ cause: 'STATUS_CHANGED', added: [2, 3], removed: [1] }]);
    expect(learnt.byIndex(4)?.record?.exitEpoch).toBe(9);
    // Foreseen for epoch 5, not for epoch 4.
    expect(learnRecords(chain, registry, news, new Set(), 4).lines).toEqual([
      { cause: 'STATUS_CHANGED', added: [3], removed: [1] },
    ]);
  });

  it('of a validator known from the beginning, which a node knows only now: its status changed, if it is to attest', () => {
    const registry = registryOf([1]).add([{ id: '5' }, { id: '6' }]);
    const records = [recordOf(5), recordOf(6, { status: 'pending_initialized', activationEpoch: Infinity })];
    const { lines } = learnRecords(chain, registry, records, new Set(), 5);
    expect(lines).toEqual([{ cause: 'STATUS_CHANGED', added: [5], removed: [] }]);
  });

  it('of a liquidated validator change nothing that is told', () => {
    const registry = registryOf([1]).setLiquidated(['1'], true);
    expect(learnRecords(chain, registry, [recordOf(1, { status: 'exited_unslashed' })], new Set(), 5).lines).toEqual(
      [],
    );
  });
});
