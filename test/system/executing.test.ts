import { afterEach, describe, expect, test } from 'vitest';
import type { DutyBatch, Executor, Executors } from '../../machines/ports.js';
import type { DutyKind } from '../../machines/rules/duties.js';
import type { VirtualClock } from '../../services/clock/virtual-clock.js';
import { dutiesBetween, expectExactly, expectOnTime, handedOverBetween, nameOf } from '../support/oracle.js';
import { createRig, doubles, type Rig, type RigOptions } from '../support/rig.js';

// SPEC §6. Chain: 12 s slots, 8 per epoch; latency 10 ms. Slots from 16 on, where everything is warm.
let rig: Rig;
afterEach(() => rig.stop());

async function startedRig(options: RigOptions = {}): Promise<Rig> {
  rig = createRig(options);
  await rig.start();
  return rig;
}

function sleep(clock: VirtualClock, ms: number): Promise<undefined> {
  return new Promise((resolve) => void clock.setTimeout(() => resolve(undefined), ms));
}

const at = (slot: number, ms = 0) => 1_700_000_000_000 + slot * 12_000 + ms;

/** Outcomes told of a slot, as "role outcome". */
function outcomes(slot: number): string[] {
  return rig.lines
    .filter(
      (line) =>
        line.slot === slot && ['duty-executed', 'duty-failed', 'duty-skipped', 'duty-cancelled'].includes(line.type),
    )
    .map((line) => `${'role' in line ? line.role : ''} ${line.type} ${'error' in line ? line.error : ''}`.trim());
}

describe('an execution longer than a slot', () => {
  test('does not delay those of the next slots', async () => {
    await startedRig({ execute: (_batch, clock) => sleep(clock, 40_000) });
    await rig.runTo(32, -1);
    expectExactly(rig, 0, 31);
    expectOnTime(rig, 0, 31);
    const executed = rig.linesOf('duty-executed').filter((line) => line.slot === 16);
    expect(new Set(executed.map((line) => line.tookMs))).toEqual(new Set([40_000]));
  });

  test('that never ends is said to have failed a slot after its deadline, and takes nothing from the others', async () => {
    await startedRig({ execute: () => new Promise(() => undefined) });
    await rig.runTo(32, -1);
    expectExactly(rig, 0, 31);
    expectOnTime(rig, 0, 31);
    const failed = rig.linesOf('duty-failed').filter((line) => line.slot === 16);
    expect(failed.map((line) => `${line.role} ${(line.time - at(0)) / 12_000}`).toSorted()).toEqual([
      'aggregator 18',
      'attester 25',
      'proposer 18',
      'sync-committee 18',
      'sync-committee-contribution 18',
    ]);
    expect(failed.every((line) => line.error === 'the executor has not come back since the deadline')).toBe(true);
  });
});

test("every duty's signal fires at its deadline, and not before", async () => {
  const fired = new Map<string, string>();
  await startedRig({
    execute: (batch, clock) =>
      new Promise(() => {
        const signal = batch.duties[0]!.signal;
        const name = `${batch.kind} ${batch.slot}`;
        signal.addEventListener('abort', () =>
          fired.set(name, `${(clock.now() - at(0)) / 12_000} ${String(signal.reason)}`),
        );
      }),
  });
  await rig.runTo(28, -1);
  expect(fired.get('attester 16')).toBe('24 deadline-passed');
  for (const kind of ['aggregator', 'proposer', 'sync-committee', 'sync-committee-contribution']) {
    expect(fired.get(`${kind} 16`)).toBe('17 deadline-passed');
  }
  expect(fired.has('attester 21')).toBe(false);
  await rig.scheduler.stop();
  expect(fired.get('attester 21')).toBe(`${(28 * 12_000 - 1) / 12_000} stopped`);
});

test('the signal of a duty whose executor has reported is silent from then on', async () => {
  const fired: string[] = [];
  await startedRig({
    execute: (batch) => {
      for (const { signal } of batch.duties) signal.addEventListener('abort', () => fired.push(batch.kind));
      return Promise.resolve(undefined);
    },
  });
  await rig.runTo(20, 2000);
  expect(rig.handedOver.length).toBeGreaterThan(0);
  await rig.scheduler.stop();
  expect(fired).toEqual([]);
});

describe('an executor that fails', () => {
  const ways: readonly (readonly [string, RigOptions['execute']])[] = [
    ['by a rejection', () => Promise.reject(new Error('no quorum'))],
    [
      'by throwing',
      () => {
        throw new Error('no quorum');
      },
    ],
    [
      'by throwing something odd',
      () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- executors are others' code
        throw 'no quorum';
      },
    ],
    [
      'by its report',
      (batch) =>
        Promise.resolve(
          new Map(
            batch.duties.map((duty) => [duty.validatorIndex, { outcome: 'failed', error: 'no quorum' } as const]),
          ),
        ),
    ],
  ];
  for (const [name, execute] of ways) {
    test(`${name}: told per duty, nothing is tried again, the next slot is unharmed`, async () => {
      await startedRig({ ...(execute && { execute }) });
      await rig.runTo(24, -1);
      expectExactly(rig, 0, 23);
      expect(new Set(outcomes(16))).toEqual(
        new Set([
          'attester duty-failed no quorum',
          'aggregator duty-failed no quorum',
          'proposer duty-failed no quorum',
          'sync-committee duty-failed no quorum',
          'sync-committee-contribution duty-failed no quorum',
        ]),
      );
      expect(rig.diagnostics.filter((diagnostic) => diagnostic.level === 'error')).toEqual([]);
    });
  }

  test('for one validator of a batch: the others were executed', async () => {
    let unlucky = -1;
    await startedRig({
      execute: (batch) => {
        if (batch.kind !== 'attester' || batch.slot !== 17) return Promise.resolve(undefined);
        unlucky = batch.duties[1]!.validatorIndex;
        return Promise.resolve(new Map([[unlucky, { outcome: 'failed', error: 'key is away' } as const]]));
      },
    });
    await rig.runTo(18, -1);
    const failed = rig.linesOf('duty-failed');
    expect(failed).toMatchObject([{ role: 'attester', slot: 17, validators: [unlucky], error: 'key is away' }]);
    const executed = rig.linesOf('duty-executed').find((line) => line.role === 'attester' && line.slot === 17);
    expect(executed?.validators).toHaveLength(3);
    expect(executed?.validators).not.toContain(unlucky);
  });
});

describe('at most once', () => {
  /** The first attester of a slot is liquidated and reactivated a moment after its attestation failed. */
  async function failAndReturn(nothingSigned: boolean) {
    let failedOnce = false;
    await startedRig({
      scheduler: { lateAfterReactivation: true },
      execute: (batch) => {
        if (batch.kind !== 'attester' || batch.slot !== 18 || failedOnce) return Promise.resolve(undefined);
        failedOnce = true;
        const failed = { outcome: 'failed', error: 'too few operators', nothingSigned } as const;
        return Promise.resolve(new Map(batch.duties.map((duty) => [duty.validatorIndex, failed])));
      },
    });
    await rig.runTo(18, 9000);
    const [first] = handedOverBetween(rig, 18, 18, ['attester']);
    const ids = [String(first!.validator)];
    rig.scheduler.send({ type: 'CLUSTER_LIQUIDATED', ids });
    await rig.runTo(18, 9500);
    rig.scheduler.send({ type: 'CLUSTER_REACTIVATED', ids });
    await rig.runTo(24, -1);
    return handedOverBetween(rig, 18, 18, ['attester']).filter((duty) => duty.validator === first!.validator);
  }

  test('a claim stays when the executor fails: the duty is not handed over again', async () => {
    const attempts = await failAndReturn(false);
    expect(attempts).toHaveLength(1);
    expect(doubles(rig.handedOver, 8)).toEqual([]);
  });

  test('a claim is given back when nothing was signed: the duty may be handed over again', async () => {
    const attempts = await failAndReturn(true);
    expect(attempts.map((duty) => duty.trigger)).toEqual(['head', 'late']);
  });

  test('over many epochs, with everything late, missed and failing now and then', async () => {
    await startedRig({
      devnet: { scenario: { missedShare: 0.15, lateShare: 0.25 } },
      scheduler: { late: 'always' },
      execute: (batch) =>
        batch.slot % 3 === 0 ? Promise.reject(new Error('now and then')) : Promise.resolve(undefined),
    });
    for (let slot = 1; slot < 160; slot++) {
      await rig.runTo(slot, (slot * 977) % 12_000);
      if (slot % 5 === 0) rig.node.fail('getAttesterDuties', 2);
      if (slot % 7 === 0) rig.node.delay('getAttestationData', 3000, 2);
      if (slot % 11 === 0) rig.node.dropStreams();
      if (slot % 13 === 0) rig.node.hang('getProposerDuties', 1);
      if (slot % 17 === 0) rig.node.fail('getSyncCommitteeDuties', 1);
      rig.node.conditions.syncing = slot % 19 < 2 ? { isSyncing: true, syncDistance: 5 } : undefined;
    }
    expect(doubles(rig.handedOver, 8)).toEqual([]);
    // None got lost that may run late: every attestation ran, but where a later one of its validator overtook it.
    const overtaken = rig
      .linesOf('duty-skipped')
      .filter((line) => line.role === 'attester' && line.reason === 'moved-after-claim' && line.slot <= 148)
      .flatMap(({ slot, validators }) => validators.map((validator) => nameOf({ kind: 'attester', slot, validator })));
    expect(overtaken.length).toBeLessThan(20);
    const ran = handedOverBetween(rig, 0, 148, ['attester']).map(nameOf);
    expect([...ran, ...overtaken].toSorted()).toEqual(dutiesBetween(rig.devnet.chain, 0, 148, ['attester']).toSorted());
  });
});

describe('a batch', () => {
  const batchOf = (kind: DutyKind, slot: number) => handedOverBetween(rig, slot, slot, [kind])[0]!.batch;

  test('carries what the contract names', async () => {
    await startedRig();
    rig.devnet.scenario.script(17, { kind: 'block', arrival: 0.1 });
    await rig.runTo(18, -1);
    const { chain } = rig.devnet;
    const block = chain.blockAt(17)!.root;
    expect(batchOf('attester', 17)).toMatchObject({
      kind: 'attester',
      slot: 17,
      epoch: 2,
      trigger: 'head',
      headBlock: block,
      dueAt: at(17, 3999),
      deadline: at(25),
      data: { slot: 17, index: 0, beaconBlockRoot: block },
    });
    expect(batchOf('aggregator', 17)).toMatchObject({
      trigger: 'slot-start',
      headBlock: undefined,
      dueAt: at(17, 8000),
      deadline: at(18),
      data: undefined,
    });
    expect(batchOf('proposer', 17)).toMatchObject({
      trigger: 'slot-start',
      dueAt: at(17),
      deadline: at(18),
      data: undefined,
    });
    expect(batchOf('sync-committee', 17)).toMatchObject({
      trigger: 'head',
      headBlock: block,
      dueAt: at(17, 3999),
      deadline: at(18),
      data: { root: block },
    });
    expect(batchOf('sync-committee-contribution', 17)).toMatchObject({
      trigger: 'slot-start',
      dueAt: at(17, 8000),
      deadline: at(18),
    });
  });

  test('holds every duty of its slot and kind, each with its own signal', async () => {
    await startedRig();
    await rig.runTo(18, -1);
    const { chain } = rig.devnet;
    const batch = batchOf('attester', 17) as DutyBatch<'attester'>;
    expect(
      batch.duties.map((duty) => nameOf({ kind: 'attester', slot: 17, validator: duty.validatorIndex })).toSorted(),
    ).toEqual(dutiesBetween(chain, 17, 17, ['attester']).toSorted());
    expect(new Set(batch.duties.map((duty) => duty.signal)).size).toBe(batch.duties.length);
    for (const {
      validatorIndex,
      pubkey,
      slot,
      epoch,
      committeeIndex,
      committeeLength,
      committeesAtSlot,
      validatorCommitteeIndex,
    } of batch.duties) {
      const committees = chain.committees(2);
      expect({ pubkey, slot, epoch, committeesAtSlot }).toEqual({
        pubkey: chain.validators.at(validatorIndex).pubkey,
        slot: 17,
        epoch: 2,
        committeesAtSlot: committees.committeesAtSlot,
      });
      expect({ slot, committeeIndex, committeeLength, validatorCommitteeIndex }).toEqual(
        committees.placeOf(validatorIndex),
      );
    }
    const sync = batchOf('sync-committee', 17) as DutyBatch<'sync-committee'>;
    const committee = chain.syncCommittee(0);
    for (const { validatorIndex, validatorSyncCommitteeIndices } of sync.duties) {
      expect(validatorSyncCommitteeIndices.every((position) => committee[position] === validatorIndex)).toBe(true);
    }
    expect(sync.duties.flatMap((duty) => duty.validatorSyncCommitteeIndices)).toHaveLength(16);
  });

  test('has no data with dataFetch: false, and the node is not asked for any', async () => {
    await startedRig({ scheduler: { dataFetch: false } });
    await rig.runTo(24, -1);
    expectExactly(rig, 0, 23);
    expect(rig.handedOver.every(({ batch }) => batch.data === undefined)).toBe(true);
    expect(rig.node.count('getAttestationData') + rig.node.count('getHeadRoot')).toBe(0);
    expect(handedOverBetween(rig, 17, 17, ['attester'])[0]).toMatchObject({ trigger: 'head' });
  });

  test('an executor that is not given means that the kind is not handed over, and nothing is said of it', async () => {
    const slots: number[] = [];
    const aggregator: Executor<'aggregator'> = (batch) => {
      slots.push(batch.slot);
      return Promise.resolve();
    };
    const executors: Executors = { aggregator };
    await startedRig({ scheduler: { executors } });
    await rig.runTo(16, -1);
    expect(new Set(slots).size).toBe(16);
    const told = rig.lines.flatMap((line) => (line.type.startsWith('duty-') && 'role' in line ? [line.role] : []));
    expect(new Set(told)).toEqual(new Set(['aggregator']));
    expect(rig.node.count('getAttestationData') + rig.node.count('getHeadRoot')).toBe(0);
  });

  test('a role that is not asked for is neither fetched nor run', async () => {
    await startedRig({ roles: ['proposer'] });
    await rig.runTo(16, -1);
    expectExactly(rig, 0, 15, ['proposer']);
    expect(new Set(rig.handedOver.map((duty) => duty.kind))).toEqual(new Set(['proposer']));
    expect(rig.node.count('getSyncCommitteeDuties')).toBe(0);
    expect(rig.linesOf('duties-fetched').every((line) => line.role === 'proposer')).toBe(true);
  });
});

test('stop ends everything: no duty, no timer, no request, no stream after it; what runs is told so', async () => {
  const reasons: unknown[] = [];
  await startedRig({
    execute: (batch) =>
      new Promise(() => {
        const { signal } = batch.duties[0]!;
        signal.addEventListener('abort', () => reasons.push(signal.reason));
      }),
  });
  await rig.runTo(20, 2000);
  const before = rig.handedOver.length;
  await rig.scheduler.stop('enough');
  await rig.devnet.stop();
  expect(rig.clock.pending).toBe(0);
  expect(rig.node.streamCount).toBe(0);
  await rig.clock.advanceBy(120_000);
  expect(rig.handedOver.length).toBe(before);
  expect(rig.node.underWay).toBe(0);
  expect(reasons.length).toBeGreaterThan(0);
  expect(new Set(reasons.slice(-3))).toEqual(new Set(['stopped']));
  expect(rig.lines.at(-1)).toMatchObject({ type: 'scheduler-stopped', reason: 'enough' });
});
