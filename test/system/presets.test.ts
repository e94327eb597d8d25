import { afterEach, describe, expect, test } from 'vitest';
import { DEFAULT_PARAMETERS } from '../../src/devnet/index.js';
import { alteredNode } from '../support/altered-node.js';
import { expectExactly, expectOnTime, handedOverBetween } from '../support/oracle.js';
import { createRig, type Rig, type RigOptions } from '../support/rig.js';

// The same rules on chains of other measures (SPEC §1).
let rig: Rig;
afterEach(() => rig.stop());

async function startedRig(options: RigOptions): Promise<Rig> {
  rig = createRig(options);
  await rig.start();
  return rig;
}

describe('from the Gloas fork on (§1: the *_GLOAS due points)', () => {
  test('duties are due earlier, from the first slot of the fork epoch; attestation data names no committee', async () => {
    const committees = new Map<number, number | undefined>();
    await startedRig({
      devnet: { forkEpochs: { ...DEFAULT_PARAMETERS.forkEpochs, gloas: 2 }, scenario: { missedShare: 1 } },
      wrapNode: (node) =>
        alteredNode(node, {
          getAttestationData(slot, committeeIndex, signal) {
            committees.set(slot, committeeIndex);
            return node.getAttestationData(slot, committeeIndex, signal);
          },
        }),
    });
    await rig.runTo(24, -1);
    const dueIn = (slot: number) => {
      const at = (kind: Parameters<typeof handedOverBetween>[3]) => {
        const [duty] = handedOverBetween(rig, slot, slot, kind);
        return [duty!.offsetMs, duty!.batch.dueAt - 1_700_000_000_000 - slot * 12_000];
      };
      return [at(['attester']), at(['aggregator']), at(['sync-committee']), at(['sync-committee-contribution'])];
    };
    expect(dueIn(15)).toEqual([
      [4009, 3999],
      [0, 8000],
      [4009, 3999],
      [0, 8000],
    ]);
    expect(dueIn(16)).toEqual([
      [3010, 3000],
      [0, 6000],
      [3010, 3000],
      [0, 6000],
    ]);
    expect(committees.get(15)).toBe(0);
    expect(committees.has(16)).toBe(true);
    expect(committees.get(16)).toBeUndefined();
    expectExactly(rig, 0, 23);
  });
});

describe('the mainnet preset: 32 slots an epoch, 256 epochs a period', () => {
  const mainnet = {
    slotsPerEpoch: 32,
    epochsPerSyncCommitteePeriod: 256,
    syncCommitteeSize: 512,
    validatorCount: 200,
    committeesPerSlot: 4,
  };

  test('three epochs run: one table each, every duty once, none late', async () => {
    await startedRig({ devnet: mainnet });
    await rig.runTo(96, -1);
    expectExactly(rig, 0, 95);
    expectOnTime(rig, 0, 95);
    const fetched = rig
      .linesOf('duties-fetched')
      .map((line) => `${line.slot} ${line.role} ${'epoch' in line ? line.epoch : line.period}`);
    expect(fetched.filter((line) => line.includes('attester'))).toEqual([
      '-1 attester 0',
      '16 attester 1',
      '48 attester 2',
      '80 attester 3',
    ]);
    expect(fetched.filter((line) => line.includes('proposer'))).toEqual([
      '-1 proposer 0',
      '16 proposer 1',
      '48 proposer 2',
      '80 proposer 3',
    ]);
  });

  test('the period boundary: prepared from the middle of its last epoch but one', async () => {
    const boundary = 256 * 32;
    await startedRig({ devnet: mainnet, startSlot: boundary - 70 });
    await rig.runTo(boundary + 33, -1);
    const ahead = rig
      .linesOf('duties-fetched')
      .filter((line) => line.role === 'sync-committee' && line.cause === 'look-ahead');
    expect(ahead).toMatchObject([{ slot: boundary - 64 + 16, period: 1 }]);
    expectExactly(rig, boundary - 69, boundary + 32);
    expectOnTime(rig, boundary - 69, boundary + 32);
  });
});

test('slots of 500 ms', async () => {
  await startedRig({ devnet: { slotDurationMs: 500 } });
  await rig.runTo(64, -1);
  expectExactly(rig, 0, 63);
  expectOnTime(rig, 1, 63);
  expect(handedOverBetween(rig, 5, 5, ['attester'])[0]!.batch.dueAt).toBe(1_700_000_000_000 + 5 * 500 + 166);
});

test('one slot an epoch does not confuse the boundaries', async () => {
  await startedRig({ devnet: { slotsPerEpoch: 1, epochsPerSyncCommitteePeriod: 2 } });
  await rig.runTo(20, -1);
  expectExactly(rig, 1, 19, ['attester', 'proposer', 'sync-committee']);
});

test('before Altair there is no sync committee to ask for; from its last slot on there is (§3)', async () => {
  await startedRig({ devnet: { forkEpochs: { ...DEFAULT_PARAMETERS.forkEpochs, altair: 4 } } });
  await rig.runTo(48, -1);
  expect(handedOverBetween(rig, 0, 30, ['sync-committee', 'sync-committee-contribution'])).toEqual([]);
  expect(rig.linesOf('duties-fetch-failed').filter((line) => line.role === 'sync-committee')).toEqual([]);
  expectExactly(rig, 32, 47);
});

test('Altair in the middle of a period', async () => {
  await startedRig({ devnet: { forkEpochs: { ...DEFAULT_PARAMETERS.forkEpochs, altair: 2 } } });
  await rig.runTo(32, -1);
  expect(handedOverBetween(rig, 0, 14, ['sync-committee'])).toEqual([]);
  expectExactly(rig, 16, 31);
});
