import { describe, expect, it } from 'vitest';
import { attester, proposer, syncCommittee } from '../../../machines/roles/index.js';
import { withoutValidators } from '../../../machines/rules/duty-plan.js';
import { dutyIn, PlanRun, told, warmRun } from '../../support/plan.js';
import { tableOf } from '../../support/tables.js';
import { recordOf, registryOf } from '../../support/validators.js';

describe('validators that come (SPEC §8)', () => {
  it('are asked for alone, in every table that is needed', () => {
    const run = warmRun(attester, 20);
    const orders = run.validators(registryOf([1, 2, 3, 9, 8]));
    expect(told(orders)).toEqual(['2 delta validators-changed [8 9]', '3 delta validators-changed [8 9]']);
    expect(orders.map((order) => order.requestEpoch)).toEqual([2, 3]);
  });

  it('also in the last slot of an epoch and of a period', () => {
    const run = warmRun(attester, 23);
    expect(told(run.validators(registryOf([1, 2, 3, 9])))).toEqual([
      '2 delta validators-changed [9]',
      '3 delta validators-changed [9]',
    ]);
    const sync = warmRun(syncCommittee, 62);
    expect(told(sync.validators(registryOf([1, 2, 3, 9])))).toEqual([
      '1 delta validators-changed [9]',
      '2 delta validators-changed [9]',
    ]);
  });

  it('while others are asked for join in one follow-up per table', () => {
    const run = warmRun(attester, 18);
    run.validators(registryOf([1, 2, 3, 7]));
    expect(run.validators(registryOf([1, 2, 3, 7, 8]))).toEqual([]);
    expect(run.validators(registryOf([1, 2, 3, 7, 8, 9]))).toEqual([]);
    const { orders } = run.answer(2, [{ validator: 7, slot: 17 }]);
    expect(told(orders)).toEqual(['2 delta validators-changed [8 9]']);
    expect(run.answer(2, [{ validator: 9, slot: 17 }]).orders).toEqual([]);
    expect(run.rows(2).map((row) => row.validator)).toEqual([1, 7, 9]);
  });

  it('while the whole table is asked for follow after it', () => {
    const run = new PlanRun(attester, 18);
    run.tick(18);
    expect(run.validators(registryOf([1, 2, 3, 7]))).toEqual([]);
    expect(told(run.answer(2, dutyIn(2)).orders)).toEqual(['2 delta validators-changed [7]']);
  });

  it('need no request of a proposer table: it names everyone', () => {
    const run = warmRun(proposer, 18);
    expect(run.validators(registryOf([1, 2, 3, 7]))).toEqual([]);
  });

  it('and leave again after a failure are no longer asked for', () => {
    const run = warmRun(attester, 17);
    run.validators(registryOf([1, 2, 3, 7]));
    run.fail(2);
    expect(run.at(2).fetch?.mode).toBe('delta');
    expect(run.validators(registryOf([1, 2, 3]))).toEqual([]);
    expect(run.at(2).fetch).toBeUndefined();
  });

  it('and of whom none is left after a failure end the fetch of a whole table', () => {
    const run = new PlanRun(attester, 17);
    run.tick(17);
    run.fail(2);
    expect(run.at(2).fetch?.mode).toBe('full');
    expect(run.validators(registryOf([]))).toEqual([]);
    expect(run.at(2).fetch).toBeUndefined();
  });

  it('give way to the whole table: a full fetch supersedes an addition', () => {
    const run = warmRun(attester, 18);
    run.validators(registryOf([1, 2, 3, 7]));
    run.change(2, { status: 'stale' });
    expect(told(run.evaluate('reorg'))).toEqual(['2 full reorg [1 2 3 7]']);
  });

  it('whose addition failed are asked for again at the next tick, with who came meanwhile', () => {
    const run = warmRun(attester, 17);
    run.validators(registryOf([1, 2, 3, 7]));
    run.fail(2);
    run.validators(registryOf([1, 2, 3, 7, 8]));
    run.fail(2);
    expect(told(run.tick(18))).toEqual(['2 delta retry [7 8]']);
  });

  it('are not asked for in a table whose slots are over, unless late duties from before the event may run', () => {
    for (const [lateAfterReactivation, expected] of [
      [false, ['2 delta validators-changed [9]']],
      [true, ['2 delta validators-changed [9]', '1 delta validators-changed [9]']],
    ] as const) {
      const run = warmRun(attester, 17, { policy: { late: 'always', lateAfterReactivation } });
      expect([...run.view.plan.keys()]).toEqual([2, 1]);
      const added = registryOf([1, 2, 3])
        .add([{ id: '9', eventSlot: 16 }])
        .learn([recordOf(9)]);
      expect(told(run.validators(added))).toEqual(expected);
    }
  });

  it('are asked for in a table whose slots are over where they were there in its last one', () => {
    const run = warmRun(attester, 17, { policy: { late: 'always' } });
    const added = registryOf([1, 2, 3])
      .add([{ id: '9', eventSlot: 15 }])
      .learn([recordOf(9)]);
    expect(told(run.validators(added))).toEqual(['2 delta validators-changed [9]', '1 delta validators-changed [9]']);
  });

  it('are foreseen: one that activates in the next epoch is in its table only', () => {
    const registry = registryOf([1, 2, 3]);
    const run = warmRun(attester, 20, { registry });
    const queued = recordOf(9, { status: 'pending_queued', activationEpoch: 3 });
    const orders = run.validators(registry.add([{ id: '9' }]).learn([queued]));
    expect(told(orders)).toEqual(['3 delta validators-changed [9]']);
  });

  it('none eligible: no request, and the need stays open', () => {
    const queued = { record: { status: 'pending_queued', activationEpoch: 4 } } as const;
    const run = new PlanRun(attester, 16, { registry: registryOf([5], queued) });
    for (let slot = 16; slot < 28; slot++) expect(run.tick(slot)).toEqual([]);
    expect(run.state).toBe('warming-up');
    expect(told(run.tick(28))).toEqual(['4 full look-ahead [5]']);
  });
});

describe('validators that leave (SPEC §8)', () => {
  it('are in no table any more', () => {
    const run = warmRun(attester, 18);
    run.change(2, {
      table: tableOf('attester', [
        { validator: 1, slot: 16 },
        { validator: 2, slot: 17 },
      ]),
      armed: run.at(2).table,
    });
    const plan = withoutValidators(run.view, new Set([1]));
    expect([...plan.get(2)!.table!.validator]).toEqual([2]);
    expect(plan.get(2)!.armed!.size).toBe(0);
    expect(plan.get(2)!.completeFor).toBeUndefined();
    expect(withoutValidators(run.view, new Set())).toBe(run.view.plan);
    expect(withoutValidators(run.view, new Set([99])).get(2)).toBe(run.at(2));
  });

  it('stay in a proposer table: whoever reads it looks who is ours', () => {
    const run = warmRun(proposer, 18);
    expect(withoutValidators(run.view, new Set([1]))).toBe(run.view.plan);
  });

  it('and come back are asked for again', () => {
    const run = warmRun(attester, 18);
    run.view = { ...run.view, plan: withoutValidators(run.view, new Set([2])) };
    run.validators(registryOf([1, 3]));
    expect(told(run.validators(registryOf([1, 2, 3])))).toEqual(['2 delta validators-changed [2]']);
  });
});
