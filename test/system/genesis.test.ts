import { afterEach, describe, expect, test } from 'vitest';
import { alteredNode } from '../support/altered-node.js';
import { expectExactly, expectOnTime } from '../support/oracle.js';
import { createRig, GENESIS_MS, type Rig } from '../support/rig.js';

// SPEC §1: "A genesis in the future (or not yet known: a JSON 404) is normal: warm up, wait, start with slot 0".
let rig: Rig;
afterEach(() => rig.stop());

function expectCleanGenesis() {
  expect(rig.handedOver.every((duty) => duty.slot >= 0)).toBe(true);
  expect(rig.handedOver.filter((duty) => duty.kind === 'proposer' && duty.slot === 0)).toEqual([]);
  const skipped = rig.linesOf('duty-skipped');
  expect(skipped).toMatchObject([{ slot: 0, role: 'proposer', reason: 'genesis-slot' }]);
  expect(skipped[0]!.validators).toEqual([rig.devnet.chain.proposers(0)[0]]);
  expectExactly(rig, 0, 15);
  expectOnTime(rig, 0, 15);
  expect(rig.diagnostics.filter((diagnostic) => diagnostic.level !== 'info')).toEqual([]);
}

describe('genesis in the future', () => {
  for (const [name, startSlot] of [
    ['a slot', -1],
    ['several slots', -5],
    ['three epochs', -24],
  ] as const) {
    test(`${name} ahead: warm up, wait, begin with slot 0`, async () => {
      rig = createRig({ startSlot });
      await rig.start();
      expect(rig.linesOf('scheduler-started')).toMatchObject([{ slot: startSlot, epoch: 0 }]);
      await rig.runTo(0, -1);
      expect(rig.handedOver).toEqual([]);
      const fetched = rig.linesOf('duties-fetched').filter((line) => line.cause === 'warm-up');
      expect(fetched.map((line) => line.role).toSorted()).toEqual(['attester', 'proposer', 'sync-committee']);
      expect(rig.linesOf('slots-skipped')).toEqual([]);
      await rig.runTo(16, -1);
      expectCleanGenesis();
    });
  }

  test('waiting costs no requests for tables, but that of the sync committee, which carries no root', async () => {
    rig = createRig({ startSlot: -24 });
    await rig.start();
    await rig.runTo(0, -1);
    const fetched = rig.linesOf('duties-fetched').map((line) => `${line.role} ${line.cause}`);
    expect(fetched.filter((table) => table !== 'sync-committee epoch-start').toSorted()).toEqual([
      'attester warm-up',
      'proposer warm-up',
      'sync-committee warm-up',
    ]);
  });

  test('the node is not asked for an epoch before genesis, also when its stream breaks meanwhile', async () => {
    const epochs: number[] = [];
    rig = createRig({
      startSlot: -9,
      wrapNode: (node) =>
        alteredNode(node, {
          getAttesterDuties(epoch, indices, signal) {
            epochs.push(epoch);
            return node.getAttesterDuties(epoch, indices, signal);
          },
        }),
    });
    await rig.start();
    await rig.runTo(-6);
    rig.node.dropStreams();
    await rig.runTo(8, -1);
    expect(epochs.length).toBeGreaterThan(0);
    expect(Math.min(...epochs)).toBe(0);
    expectExactly(rig, 0, 7);
  });

  test('not yet known: waited for, with a message now and then, then as ever', async () => {
    rig = createRig({ startSlot: -20 });
    rig.node.conditions.genesisKnown = false;
    await rig.devnet.start();
    const started = rig.scheduler.start();
    await rig.runTo(-10);
    expect(rig.scheduler.actor).toBeUndefined();
    const waiting = rig.diagnostics.filter((diagnostic) => diagnostic.message.includes('genesis is not known yet'));
    expect(waiting.length).toBeGreaterThanOrEqual(2);
    expect(waiting.length).toBeLessThanOrEqual(21);
    rig.diagnostics.length = 0;
    rig.node.conditions.genesisKnown = true;
    await rig.runTo(-9);
    await started;
    await rig.runTo(16, -1);
    expectCleanGenesis();
  });

  test('slot 0 itself runs by its due point: the genesis block is no head event', async () => {
    rig = createRig();
    await rig.start();
    await rig.runTo(1, -1);
    const attested = rig.handedOver.filter((duty) => duty.kind === 'attester' || duty.kind === 'sync-committee');
    expect(new Set(attested.map((duty) => `${duty.trigger} ${duty.offsetMs}`))).toEqual(new Set(['deadline 4009']));
    expect(GENESIS_MS + 3999).toBe(attested[0]!.batch.dueAt);
  });
});
