import { describe, expect, it } from 'vitest';
import { attester, proposer, syncCommittee } from '../../../machines/roles/index.js';
import {
  obsoleteFetches,
  prunedPlan,
  tableName,
  unverified,
  type PlanView,
} from '../../../machines/rules/duty-plan.js';
import { Registry } from '../../../machines/rules/registry.js';
import { heard, root, SHORT, testChain } from '../../support/chain.js';
import { dutyIn, PlanRun, told, warmRun } from '../../support/plan.js';
import { registryOf } from '../../support/validators.js';

describe('what is fetched (SPEC §2, §3)', () => {
  it('at start: what is needed now, for everyone eligible', () => {
    const run = new PlanRun(attester, 18);
    const [order, ...others] = run.tick(18);
    expect(others).toEqual([]);
    expect(order).toEqual({
      target: 2,
      requestEpoch: 2,
      mode: 'full',
      cause: 'warm-up',
      asked: Uint32Array.of(1, 2, 3),
      endpointVersion: 1,
      requiredRoot: undefined,
      failures: 0,
    });
  });

  it('the current table first, whatever else is needed', () => {
    const orders = new PlanRun(attester, 22, { policy: { late: 'always' } }).tick(22);
    expect(told(orders)).toEqual(['2 full warm-up [1 2 3]', '1 full warm-up [1 2 3]', '3 full look-ahead [1 2 3]']);
    expect(told(new PlanRun(attester, 30).tick(30))).toEqual(['3 full warm-up [1 2 3]', '4 full look-ahead [1 2 3]']);
    expect(told(new PlanRun(syncCommittee, 60).tick(60))).toEqual([
      '1 full warm-up [1 2 3]',
      '2 full look-ahead [1 2 3]',
    ]);
  });

  it('nothing twice: not while it is under way, not when it is there', () => {
    const run = new PlanRun(attester, 18);
    run.tick(18);
    for (const occasion of ['tick', 'validators-changed', 'reorg', 'reconnect', 'fetch-ended'] as const) {
      expect(run.evaluate(occasion)).toEqual([]);
    }
    run.answer(2, dutyIn(2));
    for (const occasion of ['tick', 'validators-changed', 'reorg', 'reconnect', 'fetch-ended'] as const) {
      expect(run.evaluate(occasion)).toEqual([]);
    }
  });

  it.each([
    { role: attester, name: 'attester', ahead: true },
    { role: proposer, name: 'proposer by v2', ahead: true },
    { role: proposer, name: 'proposer by v1', ahead: false, options: { servesProposerV2: false } },
    {
      role: proposer,
      name: 'proposer before Fulu',
      ahead: false,
      options: { chain: testChain({ forkEpochs: { fulu: Infinity } }) },
    },
  ])('in the steady state one request per epoch and table: $name', ({ role, ahead, options }) => {
    const run = warmRun(role, 16, options);
    const fetched: string[] = [];
    for (let slot = 17; slot < 56; slot++) {
      for (const order of run.tick(slot)) {
        fetched.push(`${slot}: ${told([order]).join()}`);
        expect(run.answer(order.target, dutyIn(order.target)).orders).toEqual([]);
      }
      expect(run.heard(heard(slot, 1, 1, 1)).orders).toEqual([]);
    }
    expect(fetched).toEqual(
      ahead
        ? [
            '20: 3 full look-ahead [1 2 3]',
            '28: 4 full look-ahead [1 2 3]',
            '36: 5 full look-ahead [1 2 3]',
            '44: 6 full look-ahead [1 2 3]',
            '52: 7 full look-ahead [1 2 3]',
          ]
        : [
            '24: 3 full epoch-start [1 2 3]',
            '32: 4 full epoch-start [1 2 3]',
            '40: 5 full epoch-start [1 2 3]',
            '48: 6 full epoch-start [1 2 3]',
          ],
    );
  });

  it('in the steady state a sync committee is verified at each epoch start, and the next one prepared', () => {
    const run = warmRun(syncCommittee, 32);
    const fetched: string[] = [];
    for (let slot = 33; slot < 74; slot++) {
      for (const order of run.tick(slot)) {
        fetched.push(`${slot}: ${told([order]).join()} by ${order.requestEpoch}`);
        expect(run.answer(order.target, dutyIn(order.target)).orders).toEqual([]);
      }
    }
    expect(fetched).toEqual([
      '40: 1 full epoch-start [1 2 3] by 5',
      '48: 1 full epoch-start [1 2 3] by 6',
      '52: 2 full look-ahead [1 2 3] by 8',
      '56: 1 full epoch-start [1 2 3] by 7',
      '56: 2 full epoch-start [1 2 3] by 8',
      '64: 2 full epoch-start [1 2 3] by 8',
      '72: 2 full epoch-start [1 2 3] by 9',
    ]);
  });

  it('after a slot that was never ticked, what is missing is fetched all the same', () => {
    const run = warmRun(attester, 16);
    expect(told(run.tick(40))).toEqual(['5 full epoch-start [1 2 3]']);
  });
});

describe('causes (SPEC §10)', () => {
  it('warm-up is what is needed now at start; the same need at a boundary is epoch-start', () => {
    const run = new PlanRun(attester, 16);
    run.tick(16);
    expect(run.at(2).fetch?.cause).toBe('warm-up');
    expect(told(run.tick(24))).toEqual(['3 full epoch-start [1 2 3]']);
    const early = new PlanRun(syncCommittee, -20);
    expect(told(early.tick(-20))).toEqual(['0 full warm-up [1 2 3]']);
  });

  it('a first validator: validators-changed', () => {
    const run = new PlanRun(attester, 18, { registry: Registry.EMPTY });
    expect(run.tick(18)).toEqual([]);
    expect(told(run.validators(registryOf([7])))).toEqual(['2 full validators-changed [7]']);
  });

  it('a table proved wrong: reorg; one that failed otherwise: retry', () => {
    const run = warmRun(attester, 18);
    run.change(2, { status: 'stale' });
    expect(told(run.evaluate('reorg'))).toEqual(['2 full reorg [1 2 3]']);
    const sync = warmRun(syncCommittee, 32);
    sync.change(1, { status: 'failed' });
    expect(told(sync.evaluate('fetch-ended'))).toEqual(['1 full retry [1 2 3]']);
  });

  it('a sync committee after a resync: reconnect; other tables carry their root', () => {
    const sync = warmRun(syncCommittee, 32);
    sync.view = { ...sync.view, plan: unverified(sync.view) };
    expect(told(sync.evaluate('reconnect'))).toEqual(['1 full reconnect [1 2 3]']);
    const run = warmRun(attester, 32);
    expect(unverified(run.view)).toBe(run.view.plan);
    expect(run.evaluate('reconnect')).toEqual([]);
  });

  it('a sync committee after a resync before genesis: reconnect too', () => {
    const sync = warmRun(syncCommittee, -20);
    sync.view = { ...sync.view, plan: unverified(sync.view) };
    expect(told(sync.evaluate('reconnect'))).toEqual(['0 full reconnect [1 2 3]']);
  });
});

describe('a fetch that fails (SPEC §3)', () => {
  it('is tried again at the next tick, going on from its failures', () => {
    const run = new PlanRun(attester, 18);
    run.tick(18);
    run.fail(2);
    for (const occasion of ['reorg', 'fetch-ended', 'validators-changed'] as const) {
      expect(run.evaluate(occasion)).toEqual([]);
    }
    const [order] = run.tick(19);
    expect(order).toMatchObject({ target: 2, mode: 'full', cause: 'retry', failures: 1 });
    run.fail(2);
    expect(run.tick(20)[0]).toMatchObject({ target: 2, cause: 'retry', failures: 2 });
  });

  it('is tried again at once when the node is back, as if for the first time', () => {
    const run = new PlanRun(attester, 18);
    run.tick(18);
    run.fail(2);
    expect(run.evaluate('reconnect')).toMatchObject([{ target: 2, mode: 'full', cause: 'retry', failures: 0 }]);
    expect(run.evaluate('reconnect')).toEqual([]);
  });

  it('through the whole second half of an epoch does not lose the next: no boundary clears a need', () => {
    const run = warmRun(attester, 16);
    expect(told(run.tick(20))).toEqual(['3 full look-ahead [1 2 3]']);
    for (let slot = 21; slot < 30; slot++) {
      run.fail(3);
      expect(told(run.tick(slot)), `slot ${slot}`).toContain('3 full retry [1 2 3]');
    }
    run.answer(3, dutyIn(3));
    expect(run.at(3).status).toBe('ready');
  });

  it('through a period boundary does not lose the next committee', () => {
    const run = warmRun(syncCommittee, 48);
    for (const { target } of run.tick(52)) expect(target).toBe(2);
    for (let slot = 53; slot < 70; slot++) {
      run.fail(2);
      expect(told(run.tick(slot)), `slot ${slot}`).toContain('2 full retry [1 2 3]');
      if (run.at(1).fetch !== undefined) run.answer(1, dutyIn(1));
    }
  });

  it('is started over at once where a validator came meanwhile', () => {
    const run = new PlanRun(attester, 18);
    run.tick(18);
    run.fail(2);
    expect(told(run.validators(registryOf([1, 2])))).toEqual([]);
    const [order] = run.validators(registryOf([1, 2, 3, 4]));
    expect(order).toMatchObject({ target: 2, mode: 'full', asked: Uint32Array.of(1, 2, 3, 4), failures: 0 });
  });

  it('that hangs over a boundary goes on', () => {
    const run = warmRun(attester, 16);
    run.tick(20);
    for (let slot = 21; slot < 28; slot++) expect(run.tick(slot)).toEqual([]);
    expect(run.at(3).fetch?.cause).toBe('look-ahead');
  });

  it('that nobody needs any more is called off', () => {
    const run = new PlanRun(attester, 18);
    run.tick(18);
    expect(obsoleteFetches(run.view)).toEqual([]);
    const obsolete = obsoleteFetches({ ...run.view, slot: 24 });
    expect(obsolete.map(({ target }) => target)).toEqual([2]);
    const late = { ...run.view, slot: 24, recordFromSlot: 0, policy: { ...run.view.policy, late: 'always' as const } };
    expect(obsoleteFetches(late)).toEqual([]);
  });
});

describe('the endpoint of a request', () => {
  function version(options: Partial<PlanView>, role = proposer): number | undefined {
    return new PlanRun(role, 18, options).tick(18)[0]?.endpointVersion;
  }

  it('is v2 for proposers from Fulu on, where the node serves it', () => {
    expect(version({})).toBe(2);
    expect(version({ servesProposerV2: false })).toBe(1);
    expect(version({ servesProposerV1: false })).toBe(2);
    expect(version({ chain: testChain({ forkEpochs: { fulu: 3 } }) })).toBe(1);
    expect(version({ chain: testChain({ forkEpochs: { fulu: 3 } }), servesProposerV1: false })).toBe(2);
    expect([version({}, attester), version({}, syncCommittee)]).toEqual([1, 1]);
  });

  it('and the root that the answer must carry are those of the target’s fork', () => {
    const chain = testChain({ forkEpochs: { fulu: 3 } });
    const run = new PlanRun(proposer, 20, { chain, roots: heard(19, 7, 8, 9) });
    expect(
      run.tick(20).map(({ target, endpointVersion, requiredRoot }) => [target, endpointVersion, requiredRoot]),
    ).toEqual([
      [2, 1, root(8)],
      [3, 2, root(8)],
    ]);
    const later = new PlanRun(proposer, 28, { chain, roots: heard(27, 7, 8, 9) });
    expect(later.tick(28).map(({ requiredRoot }) => requiredRoot)).toEqual([root(7), root(8)]);
  });
});

describe('tables of the past', () => {
  it('older than the previous epoch, or period, are forgotten', () => {
    for (const [role, boundary] of [
      [attester, 40],
      [proposer, 40],
    ] as const) {
      const run = new PlanRun(role, 30);
      for (const epoch of [2, 3, 4, 5, 6]) run.change(epoch, {});
      expect([...prunedPlan({ ...run.view, slot: boundary - 1 }).keys()]).toEqual([3, 4, 5, 6]);
      expect([...prunedPlan({ ...run.view, slot: boundary }).keys()]).toEqual([4, 5, 6]);
      expect(prunedPlan({ ...run.view, slot: 16 })).toBe(run.view.plan);
    }
    const sync = new PlanRun(syncCommittee, 30, { chain: testChain(SHORT) });
    for (const period of [0, 1, 2, 3]) sync.change(period, {});
    expect([...prunedPlan({ ...sync.view, slot: 62 }).keys()]).toEqual([0, 1, 2, 3]);
    expect([...prunedPlan({ ...sync.view, slot: 63 }).keys()]).toEqual([1, 2, 3]);
  });
});

describe('the state of the schedule (DESIGN)', () => {
  it('names the most urgent open need', () => {
    const run = new PlanRun(attester, 18);
    expect(run.state).toBe('warming-up');
    run.tick(18);
    expect(run.state).toBe('warming-up');
    run.fail(2);
    expect(run.state).toBe('warming-up');
    run.tick(19);
    run.answer(2, dutyIn(2));
    expect(run.state).toBe('scheduled');
    run.tick(20);
    expect(run.state).toBe('fetching-next');
    run.fail(3);
    expect(run.state).toBe('fetching-next');
    run.tick(21);
    run.answer(3, dutyIn(3));
    expect(run.state).toBe('scheduled');
    run.validators(registryOf([1, 2, 3, 4]));
    expect(run.state).toBe('fetching-next');
    run.change(3, { status: 'stale' });
    expect(run.state).toBe('refetching-after-reorg');
    run.change(2, { status: 'absent', table: undefined });
    expect(run.state).toBe('refetching-after-reorg');
    run.change(3, { status: 'ready', fetch: undefined });
    expect(run.state).toBe('warming-up');
  });

  it('does not look at tables that nobody needs', () => {
    const run = warmRun(attester, 16);
    run.change(1, { status: 'stale' });
    expect(run.state).toBe('scheduled');
  });
});

describe('names of tables in the event log', () => {
  it('are an epoch, or the period of a sync committee', () => {
    expect(tableName(attester, 5)).toEqual({ role: 'attester', epoch: 5 });
    expect(tableName(proposer, 5)).toEqual({ role: 'proposer', epoch: 5 });
    expect(tableName(syncCommittee, 5)).toEqual({ role: 'sync-committee', period: 5 });
  });
});
