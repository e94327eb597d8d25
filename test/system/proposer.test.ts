import { afterEach, describe, expect, test } from 'vitest';
import type { BeaconNode } from '../../machines/ports.js';
import { DEFAULT_PARAMETERS } from '../../src/devnet/index.js';
import { alteredNode } from '../support/altered-node.js';
import { expectExactly, expectOnTime, handedOverBetween } from '../support/oracle.js';
import { createRig, type Rig, type RigOptions } from '../support/rig.js';

// SPEC §3, proposer. Chain: 12 s slots, 8 per epoch; every slot has a proposer of ours, the first of an epoch too.
let rig: Rig;
afterEach(() => rig.stop());

/** Requests for proposer duties, as "slot: version epoch". */
let asked: string[];

async function startedRig(options: RigOptions = {}): Promise<Rig> {
  asked = [];
  rig = createRig({
    ...options,
    wrapNode: (node): BeaconNode =>
      alteredNode(node, {
        getProposerDuties(epoch, version, signal) {
          asked.push(`${Math.floor((rig.clock.now() - 1_700_000_000_000) / 12_000)}: v${version} ${epoch}`);
          return node.getProposerDuties(epoch, version, signal);
        },
      }),
  });
  return rig;
}

function proposals(from: number, to: number): string[] {
  return handedOverBetween(rig, from, to, ['proposer']).map((duty) => `${duty.slot} ${duty.trigger} ${duty.offsetMs}`);
}

describe('a node that serves v2', () => {
  test('names the proposers an epoch ahead: the first slot of an epoch is proposed at its start', async () => {
    await startedRig();
    await rig.start();
    await rig.runTo(32, -1);
    expect(asked).toEqual(['-1: v2 0', '4: v2 1', '12: v2 2', '20: v2 3', '28: v2 4']);
    expect(proposals(1, 31)).toEqual(Array.from({ length: 31 }, (_, i) => `${i + 1} slot-start 0`));
    expectExactly(rig, 0, 31, ['proposer']);
  });
});

describe('a node that serves only v1', () => {
  test('is asked no later than the first tick of the epoch; a duty in that very slot: fetch, then execute', async () => {
    await startedRig();
    rig.node.conditions.servesProposerV2 = false;
    await rig.start();
    await rig.runTo(32, -1);
    expectExactly(rig, 0, 31, ['proposer']);
    for (const slot of [8, 16, 24]) expect(proposals(slot, slot)).toEqual([`${slot} late 10`]);
    expect(proposals(9, 15)).toEqual([9, 10, 11, 12, 13, 14, 15].map((slot) => `${slot} slot-start 0`));
    expectOnTime(rig, 17, 23);
  });

  for (const status of [404, 405]) {
    test(`is found out by one ${status}, which is remembered until it reconnects`, async () => {
      await startedRig();
      rig.node.fail('getProposerDuties', 1, status);
      rig.node.conditions.servesProposerV2 = false;
      await rig.start();
      await rig.runTo(18, 9000);
      expect(asked).toEqual(['-1: v2 0', '-1: v1 0', '8: v1 1', '16: v1 2']);
      expect(rig.linesOf('duties-fetch-failed')).toEqual([]);
      rig.node.conditions.servesProposerV2 = true;
      rig.node.dropStreams();
      asked.length = 0;
      await rig.runTo(24, -1);
      expect(asked).toEqual(['20: v2 3']);
      await rig.runTo(32, -1);
      expect(proposals(24, 24)).toEqual(['24 slot-start 0']);
      expectExactly(rig, 0, 31, ['proposer']);
    });
  }

  test('after a reconnect it is asked for v2 once more, not at every table', async () => {
    await startedRig();
    rig.node.conditions.servesProposerV2 = false;
    await rig.start();
    await rig.runTo(18, 9000);
    asked.length = 0;
    rig.node.dropStreams();
    await rig.runTo(40, -1);
    expect(asked.filter((request) => request.includes('v2'))).toEqual(['20: v2 3']);
    expect(asked.filter((request) => request.includes('v1'))).toEqual(['24: v1 3', '32: v1 4']);
    expectExactly(rig, 0, 39, ['proposer']);
  });

  test('a v1 fetch that fails at the first tick is made up within the slot', async () => {
    await startedRig();
    rig.node.conditions.servesProposerV2 = false;
    await rig.start();
    await rig.runTo(16, -1);
    rig.node.fail('getProposerDuties', 2, 503);
    await rig.runTo(24, -1);
    expect(proposals(16, 16)).toEqual(['16 late 670']);
    expectExactly(rig, 16, 23, ['proposer']);
  });
});

test('before Fulu the next epoch is not asked for; the first that is in Fulu is (§3)', async () => {
  await startedRig({ devnet: { forkEpochs: { ...DEFAULT_PARAMETERS.forkEpochs, fulu: 3 } } });
  await rig.start();
  await rig.runTo(32, -1);
  expect(asked.map((request) => request.replace(/v\d/, 'v'))).toEqual([
    '-1: v 0',
    '8: v 1',
    '16: v 2',
    '20: v 3',
    '28: v 4',
  ]);
  expectExactly(rig, 0, 31, ['proposer']);
  expect(proposals(24, 24)).toEqual(['24 slot-start 0']);
});

test('a validator may propose twice in an epoch (§2: keyed by slot and validator)', async () => {
  await startedRig({ devnet: { validatorCount: 3 } });
  await rig.start();
  await rig.runTo(24, -1);
  const bySlot = rig.handedOver.filter((duty) => duty.kind === 'proposer' && duty.slot >= 8 && duty.slot < 16);
  expect(bySlot).toHaveLength(8);
  expect(new Set(bySlot.map((duty) => duty.validator)).size).toBeLessThanOrEqual(3);
  expectExactly(rig, 0, 23, ['proposer']);
});

test('proposers that are not ours are nobody here, and are not counted (§10)', async () => {
  await startedRig({ validators: [5] });
  await rig.start();
  await rig.runTo(40, -1);
  const ours = rig.handedOver.filter((duty) => duty.kind === 'proposer');
  expect(ours.every((duty) => duty.validator === 5)).toBe(true);
  for (const line of rig.linesOf('duties-fetched').filter(({ role }) => role === 'proposer')) {
    expect(line).toMatchObject({ requested: 1, received: line.duties.length });
    expect(line.duties.every(([, validator]) => validator === 5)).toBe(true);
  }
});
