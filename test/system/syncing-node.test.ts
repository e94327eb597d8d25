import { afterEach, describe, expect, test } from 'vitest';
import { BeaconNodeError } from '../../machines/ports.js';
import type { SyncStatus } from '../../machines/ports.js';
import { dutiesBetween, expectExactly, expectOnTime, handedOverBetween, nameOf } from '../support/oracle.js';
import { createRig, doubles, type Rig, type RigOptions } from '../support/rig.js';

// SPEC §6, last point. Chain: 12 s slots, 8 per epoch; the node's latency is 10 ms.
const WAITING = ['attester', 'sync-committee'] as const;

let rig: Rig;
afterEach(() => rig.stop());

async function startedRig(options: RigOptions = {}): Promise<Rig> {
  rig = createRig(options);
  await rig.start();
  return rig;
}

function namesIn(type: 'duty-deferred' | 'duty-skipped', reason: string): string[] {
  return rig
    .linesOf(type)
    .filter((line) => line.reason === reason)
    .flatMap(({ role, slot, validators }) => validators.map((validator) => nameOf({ kind: role, slot, validator })));
}

function nodeLines(): string[] {
  return rig.linesOf('beacon-node').map((line) => `${line.slot} ${line.status}`);
}

describe('a node that is not to be trusted', () => {
  const conditions: readonly (readonly [string, Partial<SyncStatus>, string])[] = [
    ['syncing, 5 slots behind', { isSyncing: true, syncDistance: 5 }, 'node-syncing'],
    ['optimistic', { isOptimistic: true }, 'node-optimistic'],
    ['without its execution client', { elOffline: true }, 'execution-client-offline'],
  ];
  for (const [name, condition, reason] of conditions) {
    test(`${name}: what comes due is deferred, runs late when the node is back, or is skipped at its deadline`, async () => {
      await startedRig();
      await rig.runTo(18, 9000);
      rig.node.conditions.syncing = condition;
      await rig.runTo(21, 9000);
      const { chain } = rig.devnet;
      // Slot 19 begins before the answer that tells: what is due at its start has run.
      expect(handedOverBetween(rig, 19, 21, WAITING)).toEqual([]);
      expect(handedOverBetween(rig, 20, 21)).toEqual([]);
      expect(namesIn('duty-deferred', reason).toSorted()).toEqual(
        [...dutiesBetween(chain, 19, 19, WAITING), ...dutiesBetween(chain, 20, 21)].toSorted(),
      );
      rig.node.conditions.syncing = undefined;
      await rig.runTo(24, -1);

      const late = handedOverBetween(rig, 19, 21, ['attester']);
      expect(late.map(nameOf).toSorted()).toEqual(dutiesBetween(chain, 19, 21, ['attester']).toSorted());
      expect(late.every(({ trigger }) => trigger === 'late')).toBe(true);
      expect(new Set(late.map(({ slot, offsetMs }) => slot * 12_000 + offsetMs))).toEqual(new Set([22 * 12_000 + 20]));
      const overAtSlotEnd = [
        ...dutiesBetween(chain, 19, 19, ['sync-committee']),
        ...dutiesBetween(chain, 20, 21).filter((duty) => !duty.startsWith('attester')),
      ];
      expect(namesIn('duty-skipped', reason).toSorted()).toEqual(overAtSlotEnd.toSorted());
      // Due at the start of slot 22 and deferred for 10 ms: late, but in time.
      expectExactly(rig, 22, 23);
      expect(nodeLines()).toEqual(['-1 connected', '19 syncing', '22 synced']);
      expect(doubles(rig.handedOver, 8)).toEqual([]);
    });
  }

  test('only 4 slots behind is trusted', async () => {
    await startedRig();
    await rig.runTo(18, 9000);
    rig.node.conditions.syncing = { isSyncing: true, syncDistance: 4 };
    await rig.runTo(24, -1);
    expect(rig.linesOf('duty-deferred')).toEqual([]);
    expectExactly(rig, 0, 23);
    expectOnTime(rig, 0, 23);
  });

  test('for longer than an attestation lives: each is skipped at its own deadline, with the reason', async () => {
    await startedRig();
    await rig.runTo(18, 9000);
    rig.node.conditions.syncing = { isSyncing: true, syncDistance: 5 };
    await rig.runTo(28, 9000);
    const skipped = rig.linesOf('duty-skipped').filter((line) => line.role === 'attester');
    expect(skipped.map((line) => `${line.slot} ${(line.time - 1_700_000_000_000) / 12_000} ${line.reason}`)).toEqual([
      '19 27 node-syncing',
      '20 28 node-syncing',
    ]);
    rig.node.conditions.syncing = undefined;
    await rig.runTo(30, -1);
    expect(handedOverBetween(rig, 22, 28, ['attester']).map(nameOf).toSorted()).toEqual(
      dutiesBetween(rig.devnet.chain, 22, 28, ['attester']).toSorted(),
    );
    expect(handedOverBetween(rig, 19, 21, ['attester'])).toEqual([]);
  });

  test('with --late never an attestation of a past slot is not made up', async () => {
    await startedRig({ scheduler: { late: 'never' } });
    await rig.runTo(18, 9000);
    rig.node.conditions.syncing = { isSyncing: true, syncDistance: 5 };
    await rig.runTo(20, 9000);
    rig.node.conditions.syncing = undefined;
    await rig.runTo(24, -1);
    expect(handedOverBetween(rig, 19, 20, ['attester'])).toEqual([]);
    expectExactly(rig, 21, 23);
  });

  test('that is well again before the due point: nothing is late', async () => {
    await startedRig();
    await rig.runTo(18, 9000);
    rig.node.conditions.syncing = { isSyncing: true, syncDistance: 5 };
    await rig.runTo(20, -1);
    rig.node.conditions.syncing = undefined;
    rig.devnet.scenario.script(20, { kind: 'missed' });
    await rig.runTo(21, -1);
    expect(handedOverBetween(rig, 20, 20, WAITING).every(({ trigger }) => trigger === 'deadline')).toBe(true);
    expectExactly(rig, 20, 20);
  });

  test('from the start: nothing executes, and it is said', async () => {
    rig = createRig({ startSlot: 18 });
    rig.node.conditions.syncing = { isSyncing: true, syncDistance: 5 };
    await rig.start();
    await rig.runTo(20, -1);
    expect(rig.handedOver).toEqual([]);
    expect(nodeLines()).toEqual(['18 connected', '18 syncing']);
    expect(namesIn('duty-deferred', 'node-syncing').length).toBeGreaterThan(0);
    rig.node.conditions.syncing = undefined;
    await rig.runTo(24, -1);
    expect(handedOverBetween(rig, 18, 19, ['attester']).length).toBe(8);
    expectExactly(rig, 21, 23);
  });

  test('a sync table is verified and everything subscribed again after a resync (§3, §7)', async () => {
    await startedRig();
    await rig.runTo(18, 9000);
    rig.node.conditions.syncing = { isSyncing: true, syncDistance: 5 };
    await rig.runTo(21, 9000);
    rig.node.conditions.syncing = undefined;
    await rig.runTo(23, -1);
    const again = rig.linesOf('duties-fetched').filter((line) => line.cause === 'reconnect');
    expect(again.map((line) => line.role)).toEqual(['sync-committee', 'sync-committee']);
    const sent = rig.linesOf('subscriptions-sent').filter((line) => line.cause === 'reconnect');
    expect(sent.map((line) => line.kind).toSorted()).toEqual(['beacon-committee', 'sync-committee']);
  });
});

describe('the status request', () => {
  test('that hangs defers nothing', async () => {
    await startedRig();
    await rig.runTo(16, -1);
    rig.node.hang('getSyncStatus');
    await rig.runTo(32, -1);
    expect(rig.linesOf('duty-deferred')).toEqual([]);
    expectExactly(rig, 0, 31);
    expectOnTime(rig, 0, 31);
    expect(nodeLines()).toEqual(['-1 connected']);
    // Asked at least once a slot all the same.
    expect(rig.node.count('getSyncStatus')).toBeGreaterThanOrEqual(32);
  });

  test('that fails with an HTTP error defers nothing', async () => {
    await startedRig();
    await rig.runTo(16, -1);
    rig.node.fail('getSyncStatus', Infinity, 500);
    await rig.runTo(24, -1);
    expect(rig.linesOf('duty-deferred')).toEqual([]);
    expectExactly(rig, 0, 23);
  });
});

describe('a node that does not answer', () => {
  function refuse(method: Parameters<typeof rig.node.fail>[0]) {
    rig.node.fail(method, Infinity, new BeaconNodeError('unreachable', 'connect ECONNREFUSED'));
  }

  test('defers as unreachable, and is lost and connected in the log; subscriptions follow with cause reconnect', async () => {
    await startedRig();
    await rig.runTo(18, 9000);
    refuse('getSyncStatus');
    refuse('openHeadStream');
    refuse('getAttestationData');
    refuse('getHeadRoot');
    rig.node.dropStreams();
    await rig.runTo(20, 9000);
    expect(nodeLines()).toEqual(['-1 connected', '18 lost']);
    // The stream's end was the first sign: slot 19 is deferred from its start.
    expect(handedOverBetween(rig, 19, 20)).toEqual([]);
    expect(namesIn('duty-deferred', 'node-unreachable').toSorted()).toEqual(
      dutiesBetween(rig.devnet.chain, 19, 20).toSorted(),
    );
    const [committees, sync] = [
      rig.node.beaconCommitteeSubscriptions.length,
      rig.node.syncCommitteeSubscriptions.length,
    ];
    rig.node.heal();
    await rig.runTo(21, -1);
    expect(nodeLines()).toEqual(['-1 connected', '18 lost', '20 connected']);
    // Back within the slot: what may still run in it does.
    expectExactly(rig, 20, 20);
    expect(handedOverBetween(rig, 19, 19).every((duty) => duty.kind === 'attester' && duty.trigger === 'late')).toBe(
      true,
    );
    expect(handedOverBetween(rig, 19, 19, ['attester']).length).toBe(4);
    const reconnected = rig.linesOf('subscriptions-sent').filter((line) => line.cause === 'reconnect');
    expect(reconnected.map((line) => line.kind).toSorted()).toEqual(['beacon-committee', 'sync-committee']);
    expect(rig.node.beaconCommitteeSubscriptions.slice(committees).every((entry) => entry.slot >= 20)).toBe(true);
    expect(rig.node.syncCommitteeSubscriptions.length).toBeGreaterThan(sync);
    await rig.runTo(32, -1);
    expectExactly(rig, 21, 31);
  });

  test('in the middle of a slot: a batch whose data cannot be had waits with the reason, and runs when the node is back', async () => {
    await startedRig();
    rig.devnet.scenario.script(19, { kind: 'missed' });
    await rig.runTo(19, 2000);
    refuse('getSyncStatus');
    refuse('getAttestationData');
    refuse('getHeadRoot');
    refuse('openHeadStream');
    await rig.runTo(20, 3000);
    expect(handedOverBetween(rig, 19, 19, WAITING)).toEqual([]);
    const attestations = dutiesBetween(rig.devnet.chain, 19, 19, ['attester']);
    expect(namesIn('duty-deferred', 'node-unreachable')).toEqual(expect.arrayContaining(attestations));
    rig.node.heal();
    await rig.runTo(22, -1);
    expect(
      handedOverBetween(rig, 19, 19, ['attester'])
        .map((duty) => `${nameOf(duty)} ${duty.trigger}`)
        .toSorted(),
    ).toEqual(attestations.map((name) => `${name} late`).toSorted());
  });

  test('but whose stream alone broke defers nothing', async () => {
    await startedRig();
    await rig.runTo(18, 9000);
    rig.node.dropStreams();
    await rig.runTo(24, -1);
    expect(rig.linesOf('duty-deferred')).toEqual([]);
    expect(nodeLines()).toEqual(['-1 connected']);
    expectExactly(rig, 0, 23);
    expectOnTime(rig, 0, 23);
    const reconnected = rig.linesOf('subscriptions-sent').filter((line) => line.cause === 'reconnect');
    expect(reconnected.map((line) => line.kind).toSorted()).toEqual(['beacon-committee', 'sync-committee']);
    expect(rig.node.streamCount).toBe(1);
  });

  test('a stream that is silent for two slots is opened again', async () => {
    await startedRig();
    await rig.runTo(18, 9000);
    rig.node.silenceStreams();
    const before = rig.node.count('openHeadStream');
    await rig.runTo(21, -1);
    expect(rig.node.count('openHeadStream')).toBe(before + 1);
    await rig.runTo(24, -1);
    expectExactly(rig, 0, 23);
    expect(handedOverBetween(rig, 22, 23, ['attester']).every(({ trigger }) => trigger === 'head')).toBe(true);
  });
});
