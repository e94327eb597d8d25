import { describe, expect, test } from 'vitest';
import type { ValidatorSourceEvent } from '../../machines/rules/validator-changes.js';
import { createRig, doubles } from '../support/rig.js';

describe('a devnet with re-orgs and validators that come and go', () => {
  test('has a re-org across a boundary every third epoch, and duties change with it', async () => {
    const rig = createRig({ devnet: { scenario: { missedShare: 0.03, lateShare: 0.07, reorgEveryEpochs: 3 } } });
    const depths: number[] = [];
    rig.devnet.chain.on('chain_reorg', ({ depth, slot }) => depths.push(depth - (slot % 8)));
    await rig.start();
    await rig.runTo(8 * 13);
    // Every one replaces the block before the epoch: deeper than its position in the epoch.
    expect(depths.length).toBeGreaterThanOrEqual(4);
    expect(rig.linesOf('reorg').length).toBeGreaterThanOrEqual(4);
    expect(rig.linesOf('duties-changed').length).toBeGreaterThan(0);
    expect(doubles(rig.handedOver, 8)).toEqual([]);
    await rig.stop();
  });

  test('tells its story through the validator source', async () => {
    const rig = createRig();
    const events: ValidatorSourceEvent[] = [];
    await rig.start();
    const life = new AbortController();
    rig.devnet.changingValidators(4).run(
      (event) => events.push(event),
      () => undefined,
      life.signal,
    );
    await rig.runTo(25);
    life.abort();
    await rig.runTo(33);
    expect(events.map(({ type }) => type)).toEqual([
      'VALIDATORS_KNOWN',
      'CLUSTER_LIQUIDATED',
      'CLUSTER_REACTIVATED',
      'VALIDATOR_REMOVED',
      'VALIDATOR_ADDED',
      'VALIDATOR_ADDED',
      'CLUSTER_LIQUIDATED',
    ]);
    // Both of a pair meet the same validators.
    expect(events[1]).toEqual({ type: 'CLUSTER_LIQUIDATED', ids: (events[2] as { ids: readonly string[] }).ids });
    await rig.stop();
  });

  test('thirty epochs of all that: nothing doubled, nothing failed, every skip has its reason', async () => {
    const rig = createRig({ devnet: { scenario: { missedShare: 0.05, lateShare: 0.1, reorgEveryEpochs: 3 } } });
    const life = new AbortController();
    await rig.start();
    rig.devnet.changingValidators(5).run(
      (event) => event.type !== 'VALIDATORS_KNOWN' && rig.scheduler.send(event),
      () => undefined,
      life.signal,
    );
    await rig.runTo(8 * 30);
    life.abort();
    expect(doubles(rig.handedOver, 8)).toEqual([]);
    expect(rig.linesOf('duty-failed')).toEqual([]);
    const reasons = new Set(rig.linesOf('duty-skipped').map(({ reason }) => reason));
    expect([...reasons].sort()).toEqual([
      'added-by-reorg',
      'before-validator-event',
      'genesis-slot',
      'moved-after-claim',
    ]);
    await rig.stop();
  });
});
