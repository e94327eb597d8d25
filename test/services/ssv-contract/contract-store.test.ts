import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { StateStore } from '../../../services/data-directory/state-store.js';
import { ContractRegistry, HISTORY_BLOCKS } from '../../../services/ssv-contract/contract-registry.js';
import type { ContractStore } from '../../../services/ssv-contract/contract-store.js';
import { CONTRACT_EVENTS } from '../../../services/ssv-contract/contract-types.js';
import { sealed } from '../../../services/ssv-contract/store-records.js';
import { IDENTITY, openState, openStore, recordsOf, refusalOf } from './opened-store.js';
import { ALICE, blockOf, BOB, contentOf, happened, rangeOf } from './registry-events.js';

const OTHERS = [5, 6, 7, 8];

/** Some of everything: validators of two clusters, one of them liquidated and reactivated; undone, kept, settled. */
async function filled(state: StateStore): Promise<ContractStore> {
  const store = await openStore(state);
  const { registry } = store;
  registry.apply(rangeOf(1, [happened('ValidatorAdded', 1), happened('ValidatorAdded', 2, OTHERS, BOB)]));
  registry.apply(rangeOf(2, [happened('ClusterLiquidated'), happened('ValidatorRemoved', 2, OTHERS, BOB)]));
  registry.apply(rangeOf(3, [happened('ClusterReactivated'), happened('ValidatorAdded', 3)]));
  registry.apply(rangeOf(4, [], 9));
  await store.save();
  return store;
}

describe('a stored registry', () => {
  const happening = fc.record({
    type: fc.constantFrom(...CONTRACT_EVENTS),
    owner: fc.constantFrom(ALICE, BOB),
    ids: fc.constantFrom([1, 2, 3, 4], [1, 2, 3, 5], OTHERS),
    key: fc.integer({ min: 1, max: 5 }),
  });
  const step = fc.record({
    happenings: fc.array(happening, { maxLength: 5 }),
    blocks: fc.constantFrom(1, 2, HISTORY_BLOCKS - 1, HISTORY_BLOCKS + 1),
    back: fc.option(fc.nat(), { freq: 4 }),
  });
  const steps = fc.array(step, { minLength: 1, maxLength: 12 });

  it('is what it was after every batch: reads back the same, with its history', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const state = await openState();
        const store = await openStore(state);
        const { registry } = store;
        for (const { happenings, blocks, back } of all) {
          const { points, cursor } = registry;
          if (back !== null && points.length > 0) registry.rollBackTo(points[back % points.length]!);
          else registry.apply(rangeOf((cursor?.number ?? 0) + blocks, happenings));
          await store.save();
          const again = (await openStore(state)).registry;
          expect(contentOf(again)).toEqual(contentOf(registry));
          expect(again.isWhole).toBe(registry.isWhole);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('is empty at first, and when everything was undone', async () => {
    const state = await openState();
    const empty = contentOf(new ContractRegistry());
    expect(contentOf((await openStore(state)).registry)).toEqual(empty);
    const store = await filled(state);
    store.registry.reset();
    await store.save();
    expect(contentOf((await openStore(state)).registry)).toEqual(empty);
    expect(await recordsOf(state)).toHaveLength(1);
  });

  it('leaves the rest of the key-value store alone', async () => {
    const state = await openState();
    await state.batch([
      { type: 'put', key: 'ssv', value: 'before' },
      { type: 'put', key: 'ssv0', value: 'after' },
    ]);
    await filled(state);
    await openStore(state, { resync: true });
    expect([await state.get('ssv'), await state.get('ssv0')]).toEqual(['before', 'after']);
  });

  it('tells the validators of another operator, when asked for them', async () => {
    const state = await openState();
    await filled(state);
    const known = async (operatorId: number) => (await openStore(state, { operatorId })).registry.known().length;
    expect([await known(1), await known(5)]).toEqual([2, 0]);
  });
});

describe('the process ends', () => {
  /** A store whose batches are never written, as when the process is killed in the middle of one, or the disk is full. */
  function failing(state: StateStore, fails: () => boolean): StateStore {
    return new Proxy(state, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (name !== 'batch') return value.bind(target) as unknown;
        return () => {
          const batch = target.batch();
          if (fails()) batch.write = () => Promise.reject(new Error('ENOSPC'));
          return batch;
        };
      },
    });
  }

  it('in the middle of a batch: what is stored is as before it', async () => {
    const state = await openState();
    let full = false;
    const store = await openStore(failing(state, () => full));
    store.registry.apply(rangeOf(1, [happened('ValidatorAdded', 1)]));
    await store.save();
    const content = contentOf(store.registry);
    const records = await recordsOf(state);
    full = true;
    store.registry.apply(rangeOf(2, [happened('ValidatorRemoved', 1), happened('ValidatorAdded', 2)]));
    await expect(store.save()).rejects.toThrow('ENOSPC');
    expect(await recordsOf(state)).toEqual(records);
    expect(contentOf((await openStore(state)).registry)).toEqual(content);
  });

  it('or a batch fails: the next one makes up for it', async () => {
    const state = await openState();
    let full = true;
    const store = await openStore(failing(state, () => full));
    store.registry.apply(rangeOf(1, [happened('ValidatorAdded', 1), happened('ValidatorAdded', 2, OTHERS)]));
    await expect(store.save()).rejects.toThrow('ENOSPC');
    store.registry.apply(rangeOf(2, [happened('ValidatorRemoved', 1)]));
    await expect(store.save()).rejects.toThrow('ENOSPC');
    full = false;
    store.registry.apply(rangeOf(3, [happened('ClusterLiquidated')]));
    await store.save();
    expect(contentOf((await openStore(state)).registry)).toEqual(contentOf(store.registry));
  });

  it('in the middle of a resync: it begins with nothing', async () => {
    const state = await openState();
    await filled(state);
    await state.del('ssv/head');
    const store = await openStore(state);
    expect(contentOf(store.registry)).toEqual(contentOf(new ContractRegistry()));
    expect(await recordsOf(state)).toEqual([]);
  });
});

describe('refused', () => {
  let state: StateStore;
  beforeEach(async () => {
    state = await openState();
    await filled(state);
  });

  it.each([
    ['chain', { chainId: 18 }, 'chain 18'],
    ['contract', { contract: `0x${'ff'.repeat(20)}` }, `contract 0x${'ff'.repeat(20)}`],
    ['start block', { startBlock: 2 }, 'from block 2'],
  ])('is the store of another %s, by name', async (_, other, named) => {
    const content = await recordsOf(state);
    const refusal = await refusalOf(state, { identity: { ...IDENTITY, ...other } });
    expect(refusal).toMatch(/^--data-dir \.\/data holds the validators of another contract .*--resync forgets them$/);
    expect(refusal).toContain(`(chain 17, contract ${IDENTITY.contract}, from block 1)`);
    expect(refusal).toContain(named);
    expect(await recordsOf(state)).toEqual(content);
    await openStore(state, { identity: { ...IDENTITY, ...other }, resync: true });
  });

  const DAMAGED = /^--data-dir \.\/data: the stored validators .* cannot be used \(.*\); --resync reads them .*again$/;

  it('is a damaged store, wherever the damage is, and --resync is the way out', async () => {
    const records = await recordsOf(state);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...records), fc.nat(), fc.string({ maxLength: 2 }), async (record, at, by) => {
        const [key, value] = record;
        const place = at % value.length;
        const damaged = value.slice(0, place) + by + value.slice(place + 1);
        fc.pre(damaged !== value);
        await state.put(key, damaged);
        expect(await refusalOf(state)).toMatch(DAMAGED);
        await state.put(key, value);
      }),
      { numRuns: 300 },
    );
    await openStore(state);
  });

  it('is a store with a record lost, copied or made up', async () => {
    const records = await recordsOf(state);
    expect(records.length).toBeGreaterThan(6);
    for (const [key, value] of records) {
      if (key === 'ssv/head') continue;
      await state.del(key);
      expect(await refusalOf(state)).toMatch(DAMAGED);
      await state.put(key, value);
      const copy = key.replace(/[0-9a-f]$/, (digit) => (digit === '7' ? '6' : '7'));
      await state.put(copy, value);
      expect(await refusalOf(state)).toMatch(DAMAGED);
      await state.del(copy);
    }
    const noCluster = `ssv/validator/0x${'12'.repeat(48)}`;
    await state.put(noCluster, sealed(noCluster, [`0x${'34'.repeat(32)}`, 1, null]));
    expect(await refusalOf(state)).toMatch(DAMAGED);
    await state.del(noCluster);

    const [cluster] = records.find(([key]) => key.startsWith('ssv/cluster/'))!;
    const tooMany = `ssv/validator/0x${'12'.repeat(48)}`;
    await state.put(tooMany, sealed(tooMany, [cluster.slice('ssv/cluster/'.length), 1, null]));
    expect(await refusalOf(state)).toMatch(DAMAGED);
    await state.del(tooMany);
    await openStore(state);
  });

  it('is a store with two records exchanged', async () => {
    const [first, second] = (await recordsOf(state)).filter(([key]) => key.startsWith('ssv/validator/'));
    await state.put(first![0], second![1]);
    await state.put(second![0], first![1]);
    expect(await refusalOf(state)).toMatch(DAMAGED);
  });

  it.each([
    ['ssv/head', null],
    ['ssv/head', { version: 1 }],
    ['ssv/head', { version: 2, ...IDENTITY, validators: 2, clusters: 2, points: 4 }],
    ['ssv/head', { version: 1, ...IDENTITY, contract: '0x12', validators: 2, clusters: 2, points: 4 }],
    ['ssv/head', { version: 1, ...IDENTITY, validators: -2, clusters: 2, points: 4 }],
    ['ssv/point/0000000000000009', [1]],
    ['ssv/point/0000000000000009', [blockOf(9).hash, [['0x', null]]]],
    ['ssv/point/0000000000000009', [blockOf(9).hash, [], [[`0x${'00'.repeat(32)}`, 7]]]],
  ])('is a record that is sealed but makes no sense: %s %j', async (key, content) => {
    await state.put(key, sealed(key, content));
    expect(await refusalOf(state)).toMatch(DAMAGED);
    const store = await openStore(state, { resync: true });
    expect(contentOf(store.registry)).toEqual(contentOf(new ContractRegistry()));
    expect(await recordsOf(state)).toEqual([]);
  });
});
