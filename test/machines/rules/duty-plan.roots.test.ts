import { describe, expect, it } from 'vitest';
import { attester, proposer, syncCommittee } from '../../../machines/roles/index.js';
import type { RoleDefinition } from '../../../machines/rules/role-definition.js';
import { heard, root, testChain } from '../../support/chain.js';
import { PlanRun, told } from '../../support/plan.js';
import { registryOf } from '../../support/validators.js';

/** In slot 20 (epoch 2): the tables of epochs 2 and 3 with the roots 2 and 3, confirmed by a head. */
function settledRun(role: RoleDefinition = attester, options: ConstructorParameters<typeof PlanRun>[2] = {}): PlanRun {
  const run = new PlanRun(role, 20, options);
  for (const { target } of run.tick(20))
    run.answer(target, [{ validator: 1, slot: target * 8 + 6, committee: 1 }], root(target));
  expect(run.heard(heard(20, 2, 3, 4))).toMatchObject({ stale: [], restored: [] });
  return run;
}

const targets = (entries: readonly { readonly target: number }[]) => entries.map(({ target }) => target);

describe('a head that names other roots (SPEC §5)', () => {
  it('marks exactly the tables concerned, and they are fetched at once', () => {
    const run = settledRun();
    const current = run.heard(heard(21, 2, 30, 5));
    expect(targets(current.stale)).toEqual([3]);
    expect(told(current.orders)).toEqual(['3 full reorg [1 2 3]']);
    expect(current.orders[0]?.requiredRoot).toBe(root(30));
    expect(run.at(3)).toMatchObject({ status: 'stale', reorgSlot: 20, table: { dependentRoot: root(3) } });
    expect(run.at(2)).toMatchObject({ status: 'ready', reorgSlot: undefined });

    const previous = settledRun();
    expect(targets(previous.heard(heard(21, 20, 3, 5)).stale)).toEqual([2]);
    const both = settledRun();
    const { orders } = both.heard(heard(21, 20, 30, 5));
    expect(told(orders)).toEqual(['2 full reorg [1 2 3]', '3 full reorg [1 2 3]']);
  });

  it('judges by the epoch of its own slot: a head that goes back names older tables', () => {
    const run = settledRun();
    // Slot 15 is in epoch 1: its current root is that of epoch 2, its block that of epoch 3.
    expect(targets(run.heard(heard(15, 1, 2, 3)).stale)).toEqual([]);
    expect(targets(run.heard(heard(15, 1, 20, 3)).stale)).toEqual([2]);
    const back = settledRun();
    expect(targets(back.heard(heard(15, 1, 2, 30)).stale)).toEqual([3]);
    const next = settledRun();
    expect(targets(next.heard(heard(24, 30, 31, 32)).stale)).toEqual([3]);
  });

  it('in a later slot says the same: fetched once', () => {
    const run = settledRun();
    run.heard(heard(21, 2, 30, 5));
    run.tick(21);
    expect(run.heard(heard(22, 2, 30, 6))).toMatchObject({ stale: [], restored: [], orders: [] });
  });

  it('leaves a table alone that carries the new root already', () => {
    const run = settledRun();
    expect(run.heard(heard(22, 2, 3, 99))).toMatchObject({ stale: [], restored: [], orders: [] });
    expect(run.at(2).status).toBe('ready');
  });

  it('with the zero root says nothing', () => {
    const run = settledRun();
    expect(run.heard(heard(21, 0, 0, 0)).stale).toEqual([]);
  });

  it('cancels a fetch under way for such a table, and restarts it', () => {
    const run = settledRun();
    run.heard(heard(21, 2, 30, 5));
    const again = run.heard(heard(21, 2, 31, 6));
    expect(again.stale).toMatchObject([{ target: 3, cancelled: { requiredRoot: root(30) } }]);
    expect(again.orders).toMatchObject([{ target: 3, cause: 'reorg', requiredRoot: root(31) }]);
  });

  it('cancels an addition of validators to such a table', () => {
    const run = settledRun();
    run.validators(registryOf([1, 2, 3, 7]));
    const { stale, orders } = run.heard(heard(21, 20, 3, 5));
    expect(stale).toMatchObject([{ target: 2, cancelled: { mode: 'delta' } }]);
    expect(told(orders)).toEqual(['2 full reorg [1 2 3 7]']);
    expect(run.at(3).fetch).toMatchObject({ mode: 'delta' });
  });

  it('restarts a first fetch that was told another root', () => {
    const run = new PlanRun(attester, 18, { roots: heard(17, 2, 3, 4) });
    run.tick(18);
    const { stale, orders } = run.heard(heard(18, 20, 3, 5));
    expect(stale).toMatchObject([{ target: 2, cancelled: { requiredRoot: root(2) } }]);
    expect(run.at(2)).toMatchObject({ status: 'absent', table: undefined });
    expect(orders).toMatchObject([{ target: 2, requiredRoot: root(20) }]);
  });

  it('lets a first fetch go on that was told nothing: its answer is judged when it comes', () => {
    const run = new PlanRun(attester, 18);
    run.tick(18);
    expect(run.heard(heard(18, 2, 3, 4)).stale).toEqual([]);
    expect(run.answer(2, [], root(2))).toMatchObject({ inconsistent: false, orders: [] });
    expect(run.at(2).status).toBe('ready');
  });

  it('that goes back to the old chain restores the table, and its fetch is cancelled', () => {
    const run = settledRun();
    run.heard(heard(21, 2, 30, 5));
    const { stale, restored } = run.heard(heard(22, 2, 3, 6));
    expect(stale).toEqual([]);
    expect(restored).toMatchObject([{ target: 3, cancelled: { requiredRoot: root(30) } }]);
    expect(run.at(3)).toMatchObject({ status: 'ready', fetch: undefined });
    expect(run.tick(22)).toEqual([]);
  });

  it('restarts a refetch that failed and waits', () => {
    const run = settledRun();
    run.heard(heard(21, 2, 30, 5));
    run.fail(3);
    expect(run.heard(heard(21, 2, 31, 6)).orders).toMatchObject([{ target: 3, requiredRoot: root(31), failures: 0 }]);
  });

  it('by v1 a late block of H fetches the proposers of H+1 again', () => {
    const run = new PlanRun(proposer, 24, { servesProposerV2: false, roots: heard(22, 1, 2, 22) });
    expect(run.tick(24)).toMatchObject([{ target: 3, endpointVersion: 1, requiredRoot: root(22) }]);
    run.answer(3, [{ validator: 1, slot: 26 }], root(22));
    expect(targets(run.heard(heard(23, 1, 2, 23)).stale)).toEqual([3]);
    run.answer(3, [{ validator: 1, slot: 27 }], root(23));
    expect(run.heard(heard(24, 2, 23, 24)).stale).toEqual([]);
  });

  it('by v2 from Fulu on, proposers are judged like attesters', () => {
    const run = settledRun(proposer);
    expect(run.at(2).table?.endpointVersion).toBe(2);
    expect(targets(run.heard(heard(21, 2, 30, 5)).stale)).toEqual([3]);
    const v1 = new PlanRun(proposer, 20, { chain: testChain({ forkEpochs: { fulu: Infinity } }) });
    v1.tick(20);
    v1.answer(2, [{ validator: 1, slot: 22 }], root(3));
    expect(v1.heard(heard(21, 99, 3, 5)).stale).toEqual([]);
    expect(targets(v1.heard(heard(21, 2, 30, 5)).stale)).toEqual([2]);
  });

  it('says nothing of sync committees', () => {
    const run = new PlanRun(syncCommittee, 20);
    run.tick(20);
    run.answer(0, []);
    expect(run.heard(heard(21, 50, 51, 52))).toMatchObject({ stale: [], restored: [] });
  });

  it('says nothing while no node has said anything', () => {
    const run = settledRun();
    run.view = { ...run.view, roots: undefined };
    expect(run.evaluate('tick')).toEqual([]);
  });
});

describe('the loop guard (SPEC §5)', () => {
  it('a node that lags behind its own heads is asked once a slot, until it follows', () => {
    const run = settledRun();
    let fetches = 0;
    for (let slot = 20; slot < 24; slot++) {
      run.tick(slot);
      for (let n = 0; n < 5; n++) {
        const { orders } = run.heard(heard(slot, 2, 30, 40 + n));
        fetches += orders.length;
        // The old duties under the old root, which was right before: that settles nothing.
        if (orders.length > 0)
          expect(run.answer(3, [{ validator: 1, slot: 30, committee: 1 }], root(3)).orders).toEqual([]);
      }
      expect(fetches).toBe(slot - 19);
    }
    run.tick(24);
    run.heard(heard(24, 30, 31, 50));
    run.answer(3, [{ validator: 1, slot: 29, committee: 1 }], root(30));
    expect(run.at(3)).toMatchObject({ status: 'ready', table: { dependentRoot: root(30) } });
  });

  it('a node that answers with ever other duties is asked once a slot', () => {
    const run = settledRun();
    let fetches = 0;
    let reported = 0;
    for (let slot = 20; slot < 24; slot++) {
      run.tick(slot);
      for (let n = 0; n < 5; n++) {
        const { orders } = run.heard(heard(slot, 2, 30, 40 + n));
        fetches += orders.length;
        if (orders.length === 0) continue;
        const adoption = run.answer(3, [{ validator: 1, slot: 24 + (fetches % 6) }], root(77));
        reported += Number(adoption.inconsistent);
        expect(adoption.orders).toEqual([]);
      }
    }
    // The first refetch leads to the pair (30, 77), which each later slot opens once.
    expect(fetches).toBe(4);
    expect(reported).toBe(4);
  });

  it('a pair is news once, and in later slots the same old matter', () => {
    const run = settledRun();
    expect(run.heard(heard(20, 2, 30, 40)).stale).toMatchObject([{ target: 3, news: true }]);
    run.answer(3, [{ validator: 1, slot: 30, committee: 1 }], root(3));
    run.tick(21);
    expect(run.heard(heard(21, 2, 30, 41)).stale).toMatchObject([{ target: 3, news: false }]);
    expect(run.heard(heard(21, 2, 31, 42)).stale).toMatchObject([{ target: 3, news: true }]);
    const first = new PlanRun(attester, 18, { roots: heard(17, 2, 3, 4) });
    first.tick(18);
    // There was no table yet that could have been wrong.
    expect(first.heard(heard(18, 20, 3, 5)).stale).toMatchObject([{ target: 2, news: false }]);
  });

  it('a root that no node ever takes back settles with identical duties', () => {
    const run = settledRun();
    run.heard(heard(20, 2, 30, 40));
    expect(run.answer(3, [{ validator: 1, slot: 30, committee: 1 }], root(77)).inconsistent).toBe(false);
    for (let slot = 21; slot < 24; slot++) {
      run.tick(slot);
      expect(run.heard(heard(slot, 2, 30, slot)).stale).toEqual([]);
    }
    // Another root is another matter.
    expect(targets(run.heard(heard(23, 2, 31, 60)).stale)).toEqual([3]);
  });
});
