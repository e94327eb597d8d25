import { describe, expect, it } from 'vitest';
import { attester, proposer, syncCommittee } from '../../../machines/roles/index.js';
import { heard, root } from '../../support/chain.js';
import { PlanRun, told } from '../../support/plan.js';
import type { Row } from '../../support/tables.js';
import { answerOf } from '../../support/tables.js';
import { registryOf } from '../../support/validators.js';

const DUTIES: readonly Row[] = [
  { validator: 1, slot: 17, committee: 1 },
  { validator: 2, slot: 20, committee: 2 },
  { validator: 3, slot: 20, committee: 3 },
];
/** Validator 1 moved, validator 2 lost its duty. */
const OTHER_DUTIES: readonly Row[] = [
  { validator: 1, slot: 18, committee: 1 },
  { validator: 3, slot: 20, committee: 3 },
];

/** In slot 18, asked for the table of epoch 2 of three validators. */
function asking(options: ConstructorParameters<typeof PlanRun>[2] = {}): PlanRun {
  const run = new PlanRun(attester, 18, options);
  run.tick(18);
  return run;
}

describe('a complete answer (SPEC §2)', () => {
  it('fills a table in one step, without a difference', () => {
    const run = asking();
    const { swap, inconsistent, orders } = run.answer(2, DUTIES);
    expect(swap?.before).toBeUndefined();
    expect(swap?.diff).toEqual({ added: [], removed: [], moved: [] });
    expect([inconsistent, orders]).toEqual([false, []]);
    expect(run.rows(2)).toEqual(DUTIES);
    expect(run.at(2)).toMatchObject({ status: 'ready', fetch: undefined, verifiedEpoch: 2 });
    expect(run.at(2).table).toMatchObject({
      dependentRoot: root(1),
      endpointVersion: 1,
      asked: Uint32Array.of(1, 2, 3),
      span: { role: 'attester', target: 2, firstSlot: 16, slotCount: 8 },
    });
  });

  it('takes the place of the table before, and tells the difference', () => {
    const run = asking();
    run.answer(2, DUTIES);
    run.change(2, { status: 'stale' });
    run.evaluate('reorg');
    const { swap } = run.answer(2, OTHER_DUTIES, root(2));
    expect(swap?.diff).toEqual({ added: [], removed: [2], moved: [1] });
    expect(swap?.after).toBe(run.at(2).table);
    expect(run.rows(2)).toEqual(OTHER_DUTIES);
    expect(run.at(2)).toMatchObject({ status: 'ready', table: { dependentRoot: root(2) } });
  });

  it('with the same duties under a new root is an empty difference', () => {
    const run = asking();
    run.answer(2, DUTIES);
    run.change(2, { status: 'stale' });
    run.evaluate('reorg');
    expect(run.answer(2, [...DUTIES].reverse(), root(2)).swap?.diff).toEqual({ added: [], removed: [], moved: [] });
    expect(run.at(2).table?.dependentRoot).toBe(root(2));
  });

  it('without duties is an answer: nobody is asked for again', () => {
    const run = asking();
    expect(run.answer(2, []).orders).toEqual([]);
    expect(run.tick(19)).toEqual([]);
    expect(run.at(2).table?.size).toBe(0);
  });

  it('does not bring back validators that left meanwhile', () => {
    const run = asking();
    run.validators(registryOf([1, 2, 3]).setLiquidated(['2'], true).remove(['3']));
    const { swap } = run.answer(2, DUTIES);
    expect(run.rows(2)).toEqual([DUTIES[0]]);
    expect(swap?.after.asked).toEqual(Uint32Array.of(1));
    expect(told(run.validators(registryOf([1, 2, 3])))).toEqual(['2 delta validators-changed [2 3]']);
  });

  it('of proposers stays whole, and the difference tells of our own only', () => {
    const run = new PlanRun(proposer, 18);
    run.tick(18);
    const everyone = [
      { validator: 1, slot: 17 },
      { validator: 500, slot: 18 },
    ];
    run.answer(2, everyone);
    expect(run.rows(2)).toEqual(everyone);
    run.change(2, { status: 'stale' });
    run.evaluate('reorg');
    const { swap } = run.answer(2, [
      { validator: 600, slot: 17 },
      { validator: 2, slot: 18 },
    ]);
    expect(swap?.diff).toEqual({ added: [2], removed: [1], moved: [] });
  });

  it('of proposers stays whole also where one of our own left meanwhile', () => {
    const run = new PlanRun(proposer, 18);
    run.tick(18);
    run.validators(registryOf([1, 2, 3]).setLiquidated(['1'], true));
    run.answer(2, [{ validator: 1, slot: 17 }]);
    expect(run.rows(2)).toEqual([{ validator: 1, slot: 17 }]);
    run.validators(registryOf([1, 2, 3]));
    expect(run.tick(19)).toEqual([]);
  });

  it('of a sync committee carries no root: it replaces whatever was there', () => {
    const run = new PlanRun(syncCommittee, 40, { roots: heard(40, 1, 2, 3) });
    run.tick(40);
    run.answer(1, [{ validator: 1, positions: [4] }]);
    run.tick(48);
    const { swap, inconsistent } = run.answer(1, [{ validator: 1, positions: [4, 9] }]);
    expect(swap?.diff.moved).toEqual([1]);
    expect([inconsistent, run.at(1).status, run.at(1).verifiedEpoch]).toEqual([false, 'ready', 6]);
  });
});

describe('an answer for new validators (SPEC §8)', () => {
  function askingForNewcomer(): PlanRun {
    const run = asking();
    run.answer(2, DUTIES);
    expect(told(run.validators(registryOf([1, 2, 3, 7])))).toEqual(['2 delta validators-changed [7]']);
    return run;
  }

  it('is merged', () => {
    const run = askingForNewcomer();
    const { swap, orders } = run.answer(2, [{ validator: 7, slot: 19, committee: 7 }]);
    expect(swap?.diff).toEqual({ added: [7], removed: [], moved: [] });
    expect(run.rows(2)).toEqual([DUTIES[0], { validator: 7, slot: 19, committee: 7 }, DUTIES[1], DUTIES[2]]);
    expect(run.at(2)).toMatchObject({ status: 'ready', table: { asked: Uint32Array.of(1, 2, 3, 7) } });
    expect([orders, run.tick(19)]).toEqual([[], []]);
  });

  it('without a duty for them is an answer too', () => {
    const run = askingForNewcomer();
    expect(run.answer(2, []).orders).toEqual([]);
    expect(run.rows(2)).toEqual(DUTIES);
  });

  it('counts only under the root of the table: otherwise the whole table is fetched again', () => {
    const run = askingForNewcomer();
    const before = run.at(2).table;
    const { swap, orders, inconsistent } = run.answer(2, [{ validator: 7, slot: 19 }], root(2));
    expect([swap, inconsistent]).toEqual([undefined, false]);
    expect(run.at(2)).toMatchObject({ status: 'stale', reorgSlot: 18 });
    expect(run.at(2).table).toBe(before);
    expect(told(orders)).toEqual(['2 full reorg [1 2 3 7]']);
    run.answer(2, [...OTHER_DUTIES, { validator: 7, slot: 19, committee: 0 }], root(2));
    expect(run.at(2)).toMatchObject({ status: 'ready', table: { dependentRoot: root(2), size: 3 } });
  });

  it('does not bring back a newcomer that left meanwhile', () => {
    const run = askingForNewcomer();
    run.validators(registryOf([1, 2, 3]));
    run.answer(2, [{ validator: 7, slot: 19 }]);
    expect(run.rows(2)).toEqual(DUTIES);
    expect(run.at(2).table?.asked).toEqual(Uint32Array.of(1, 2, 3));
  });
});

describe('an answer whose root does not match the heads (SPEC §5)', () => {
  it('that was asked for before the heads told: fetched once more, knowing the root', () => {
    const run = asking();
    expect(run.heard(heard(18, 2, 3, 4)).orders).toEqual([]);
    const { swap, inconsistent, orders } = run.answer(2, DUTIES);
    expect(swap?.after.dependentRoot).toBe(root(1));
    expect([inconsistent, run.at(2).status]).toEqual([false, 'stale']);
    expect(orders).toMatchObject([{ target: 2, mode: 'full', cause: 'reorg', requiredRoot: root(2) }]);
    expect(run.answer(2, OTHER_DUTIES, root(2))).toMatchObject({ inconsistent: false, orders: [] });
    expect(run.at(2).status).toBe('ready');
  });

  it('that was asked for under another root than the heads name now: fetched once more', () => {
    const run = asking();
    run.answer(2, DUTIES);
    for (const previous of [2, 3])
      expect(run.heard(heard(18, previous, 9, 9)).orders).toMatchObject([{ requiredRoot: root(previous) }]);
    // The pair (2, 1) had its refetch in this slot: the one for root 3 goes on.
    expect(run.heard(heard(18, 2, 9, 9)).orders).toEqual([]);
    const { inconsistent, orders } = run.answer(2, OTHER_DUTIES, root(3));
    expect([inconsistent, run.at(2).status]).toEqual([false, 'stale']);
    expect(orders).toMatchObject([{ target: 2, mode: 'full', cause: 'reorg', requiredRoot: root(2) }]);
  });

  it('with identical duties twice: settled, as a healthy Lodestar does in the last slot of an epoch', () => {
    const run = asking({ roots: heard(17, 2, 3, 4) });
    const first = run.answer(2, DUTIES);
    expect(first.inconsistent).toBe(false);
    expect(told(first.orders)).toEqual(['2 full reorg [1 2 3]']);
    const second = run.answer(2, DUTIES);
    expect([second.inconsistent, second.orders, run.at(2).status]).toEqual([false, [], 'ready']);
    for (let slot = 18; slot < 24; slot++) {
      expect(told(run.tick(slot).filter(({ target }) => target === 2))).toEqual([]);
      expect(run.heard(heard(slot, 2, 3, 4)).stale).toEqual([]);
    }
  });

  it('with other duties each time: accepted as the best there is, reported, and asked again a slot later', () => {
    const run = asking({ roots: heard(17, 2, 3, 4) });
    expect(run.answer(2, DUTIES).inconsistent).toBe(false);
    const second = run.answer(2, OTHER_DUTIES);
    expect([second.inconsistent, second.orders, run.at(2).status]).toEqual([true, [], 'ready']);
    expect(run.rows(2)).toEqual(OTHER_DUTIES);
    expect(run.heard(heard(18, 2, 3, 4)).stale).toEqual([]);
    run.tick(19);
    expect(told(run.heard(heard(19, 2, 3, 4)).orders)).toEqual(['2 full reorg [1 2 3]']);
  });

  it('compares the validators that both were asked for: a newcomer is no contradiction', () => {
    const run = asking({ roots: heard(17, 2, 3, 4) });
    run.validators(registryOf([1, 2, 3, 7]));
    expect(told(run.answer(2, DUTIES).orders)).toEqual(['2 full reorg [1 2 3 7]']);
    const second = run.answer(2, [...DUTIES, { validator: 7, slot: 21 }]);
    expect([second.inconsistent, run.at(2).status]).toEqual([false, 'ready']);
    expect(second.swap?.diff).toEqual({ added: [7], removed: [], moved: [] });
  });

  it('compares the validators that are still ours', () => {
    const run = asking({ roots: heard(17, 2, 3, 4) });
    run.answer(2, DUTIES);
    run.view = { ...run.view, registry: registryOf([1, 3]) };
    run.change(2, { table: run.at(2).table!.remove(new Set([2])) });
    const second = run.answer(2, DUTIES);
    expect([second.inconsistent, run.at(2).status]).toEqual([false, 'ready']);
    expect(run.rows(2)).toEqual([DUTIES[0], DUTIES[2]]);
  });

  it('of proposers: a stranger with another slot contradicts as well', () => {
    const run = new PlanRun(proposer, 18, { roots: heard(17, 2, 3, 4) });
    run.tick(18);
    run.answer(2, [{ validator: 500, slot: 17 }]);
    expect(run.answer(2, [{ validator: 501, slot: 17 }]).inconsistent).toBe(true);
  });

  it('is fetched again at most once a slot for the same pair, whatever the heads do', () => {
    const run = asking();
    let fetches = 1;
    for (let n = 0; n < 20; n++) {
      // Two heads that contradict each other, and a node that answers neither.
      fetches += run.heard(heard(18, 2 + (n % 2), 9, 9)).orders.length;
      if (run.at(2).fetch !== undefined) fetches += run.answer(2, DUTIES).orders.length;
    }
    // One for each of the two pairs, beside the first.
    expect(fetches).toBe(3);
    expect(run.at(2)).toMatchObject({ fetch: undefined, table: { dependentRoot: root(1) } });
  });

  it('is fetched again at most once a slot also where a head comes while the answer is on its way', () => {
    const run = asking();
    let fetches = 1;
    for (let n = 0; n < 20; n++) {
      for (const previous of [2, 3]) fetches += run.heard(heard(18, previous, 9, 9)).orders.length;
      if (run.at(2).fetch !== undefined) fetches += run.answer(2, n % 2 === 0 ? DUTIES : OTHER_DUTIES).orders.length;
    }
    expect(fetches).toBe(3);
  });

  it('by another version of the endpoint is judged by that version’s rule', () => {
    const run = new PlanRun(proposer, 18, { roots: heard(18, 2, 3, 4) });
    expect(run.tick(18)).toMatchObject([{ endpointVersion: 2, requiredRoot: root(2) }]);
    expect(run.take(2, answerOf('proposer', [{ validator: 1, slot: 17 }], root(3), 1))).toMatchObject({
      inconsistent: false,
    });
    expect(run.at(2)).toMatchObject({ status: 'ready', table: { endpointVersion: 1 } });
  });
});
