import { afterEach, describe, expect, test } from 'vitest';
import {
  BeaconNodeError,
  type BeaconCommitteeSubscription,
  type SyncCommitteeSubscription,
} from '../../machines/ports.js';
import { alteredNode } from '../support/altered-node.js';
import { dutiesBetween, expectExactly, expectOnTime, nameOf } from '../support/oracle.js';
import { createRig, type Rig, type RigOptions } from '../support/rig.js';

// SPEC §7. Chain: 12 s slots, 8 per epoch, 4 epochs a period; epoch 2 is slots 16–23, its middle 20; period 1 is epochs 4–7.
interface Request<E> {
  readonly slot: number;
  readonly entries: readonly E[];
}

let rig: Rig;
let committees: Request<BeaconCommitteeSubscription>[];
let sync: Request<SyncCommitteeSubscription>[];
afterEach(() => rig.stop());

async function startedRig(options: RigOptions = {}): Promise<Rig> {
  committees = [];
  sync = [];
  const slot = () => Math.floor((rig.clock.now() - 1_700_000_000_000) / 12_000);
  rig = createRig({
    ...options,
    wrapNode: (node) =>
      alteredNode(node, {
        subscribeBeaconCommittees(entries, signal) {
          committees.push({ slot: slot(), entries });
          return node.subscribeBeaconCommittees(entries, signal);
        },
        subscribeSyncCommittees(entries, signal) {
          sync.push({ slot: slot(), entries });
          return node.subscribeSyncCommittees(entries, signal);
        },
      }),
  });
  await rig.start();
  return rig;
}

function sent(kind: string, from = -Infinity): string[] {
  return rig
    .linesOf('subscriptions-sent')
    .filter((line) => line.kind === kind && line.slot >= from)
    .map((line) => `${line.slot} ${line.cause}`);
}

describe('beacon committees', () => {
  test('each table is subscribed when it comes, and everything again at each epoch start', async () => {
    await startedRig();
    await rig.runTo(32, -1);
    expect(sent('beacon-committee')).toEqual([
      '-1 warm-up',
      '0 epoch-start',
      '4 look-ahead',
      '8 epoch-start',
      '12 look-ahead',
      '16 epoch-start',
      '20 look-ahead',
      '24 epoch-start',
      '28 look-ahead',
    ]);
    expect(committees.every(({ entries }) => entries.length === 32)).toBe(true);
  });

  test('an entry names validator, committee and slot, and asks for aggregation', async () => {
    await startedRig();
    await rig.runTo(21, -1);
    const ahead = committees.find(({ slot }) => slot === 20)!.entries;
    expect(
      ahead.map(({ validatorIndex, slot }) => nameOf({ kind: 'attester', slot, validator: validatorIndex })).toSorted(),
    ).toEqual(dutiesBetween(rig.devnet.chain, 24, 31, ['attester']).toSorted());
    const places = rig.devnet.chain.committees(3);
    for (const { validatorIndex, committeeIndex, committeesAtSlot, isAggregator, slot } of ahead) {
      const place = places.placeOf(validatorIndex)!;
      expect({ committeeIndex, slot }).toEqual({ committeeIndex: place.committeeIndex, slot: place.slot });
      expect(committeesAtSlot).toBe(places.committeesAtSlot);
      expect(isAggregator).toBe(true);
    }
  });

  test('slots of the past are left out', async () => {
    await startedRig({ startSlot: 19 });
    await rig.runTo(20, -1);
    const [first] = committees;
    expect(first!.entries.every(({ slot }) => slot >= 19)).toBe(true);
    expect(first!.entries.length).toBe(dutiesBetween(rig.devnet.chain, 19, 23, ['attester']).length);
  });
});

describe('the sync committee', () => {
  test('is subscribed until the first epoch after the table’s own period, not the current one', async () => {
    await startedRig();
    await rig.runTo(21, -1);
    const untilOf = ({ entries }: Request<SyncCommitteeSubscription>) => [
      ...new Set(entries.map(({ untilEpoch }) => untilEpoch)),
    ];
    expect(sync.filter(({ slot }) => slot < 20).map(untilOf)).toEqual([[4], [4], [4], [4]]);
    expect(sync.filter(({ slot }) => slot === 20).map(untilOf)).toEqual([[8]]);
    const committee = rig.devnet.chain.syncCommittee(1);
    for (const { validatorIndex, syncCommitteeIndices } of sync.at(-1)!.entries) {
      expect(syncCommitteeIndices).toEqual(
        [...committee.keys()].filter((position) => committee[position] === validatorIndex),
      );
    }
  });

  test('is not subscribed again by a verification that changes nothing, but once an epoch', async () => {
    await startedRig();
    await rig.runTo(48, -1);
    expect(sent('sync-committee')).toEqual([
      '-1 warm-up',
      '0 epoch-start',
      '8 epoch-start',
      '16 epoch-start',
      '20 look-ahead',
      '24 epoch-start',
      '32 epoch-start',
      '40 epoch-start',
    ]);
    // In epoch 3 both periods' tables are subscribed, in one request; from slot 32 on only the new one.
    expect([...new Set(sync.find(({ slot }) => slot === 24)!.entries.map(({ untilEpoch }) => untilEpoch))]).toEqual([
      4, 8,
    ]);
    expect([...new Set(sync.find(({ slot }) => slot === 32)!.entries.map(({ untilEpoch }) => untilEpoch))]).toEqual([
      8,
    ]);
  });
});

describe('a subscription that fails', () => {
  test('is retried with a growing pause, and blocks nothing', async () => {
    await startedRig();
    await rig.runTo(20, -1);
    rig.node.fail('subscribeBeaconCommittees', 3, 503);
    await rig.runTo(24, -1);
    const attempts = committees.filter(({ slot }) => slot === 20);
    expect(attempts).toHaveLength(4);
    expect(attempts.at(-1)!.entries).toEqual(attempts[0]!.entries);
    expect(sent('beacon-committee', 20)).toEqual(['20 retry']);
    const warned = rig.diagnostics.filter(({ message }) => message.includes('subscriptions (beacon-committee) failed'));
    expect(warned).toHaveLength(3);
    expectExactly(rig, 16, 23);
    expectOnTime(rig, 16, 23);
  });

  test('for longer than its slots leaves out what is over meanwhile', async () => {
    await startedRig();
    await rig.runTo(16, -1);
    rig.node.fail('subscribeBeaconCommittees');
    await rig.runTo(19, -1);
    rig.node.heal();
    await rig.runTo(24, -1);
    const retried = committees.find(({ slot }) => slot >= 19)!;
    expect(retried.entries.length).toBeGreaterThan(0);
    expect(retried.entries.every(({ slot }) => slot >= retried.slot)).toBe(true);
  });

  test('for hours keeps little, and afterwards sends no more than is of use', async () => {
    await startedRig();
    await rig.runTo(16, -1);
    rig.node.fail('subscribeBeaconCommittees');
    rig.node.fail('subscribeSyncCommittees');
    await rig.runTo(160, -1);
    expectExactly(rig, 16, 159);
    rig.node.heal();
    const before = committees.length;
    await rig.runTo(162, -1);
    const after = committees.slice(before);
    expect(after.length).toBeGreaterThan(0);
    expect(after.length).toBeLessThanOrEqual(8);
    expect(after.flatMap(({ entries }) => entries).every(({ slot }) => slot >= 160)).toBe(true);
  });

  test('that hangs is given up at its budget and sent again', async () => {
    await startedRig();
    await rig.runTo(20, -1);
    rig.node.hang('subscribeBeaconCommittees', 1);
    await rig.runTo(21, -1);
    expect(sent('beacon-committee', 20)).toEqual(['20 retry']);
    expectOnTime(rig, 20, 20);
  });
});

describe('many orders at once', () => {
  for (const [name, disturb] of [
    ['while the first request is slow', () => rig.node.delay('subscribeBeaconCommittees', 450, 1)],
    ['while the first request hangs', () => rig.node.hang('subscribeBeaconCommittees', 1)],
  ] as const) {
    test(`${name}: every one of them is sent in the end`, async () => {
      await startedRig();
      await rig.runTo(21, 1000);
      disturb();
      const from = committees.length;
      const returned = Array.from({ length: 14 }, (_, index) => index);
      for (const index of returned) {
        rig.scheduler.send({ type: 'CLUSTER_LIQUIDATED', ids: [String(index)] });
        rig.scheduler.send({ type: 'CLUSTER_REACTIVATED', ids: [String(index)] });
        await rig.clock.advanceBy(25);
      }
      await rig.runTo(23, -1);
      const ahead = committees.slice(from + 1).flatMap(({ entries }) => entries.filter(({ slot }) => slot >= 24));
      const [firstOrder] = committees.slice(from, from + 1).flatMap(({ entries }) => entries);
      const names = new Set([...ahead.map(({ validatorIndex }) => validatorIndex), firstOrder!.validatorIndex]);
      expect([...names].toSorted((a, b) => a - b)).toEqual(returned);
      // And only what was sent is told.
      const told = rig
        .linesOf('subscriptions-sent')
        .filter((line) => line.slot >= 21 && line.kind === 'beacon-committee');
      const failed = rig.diagnostics.filter(({ message }) => message.includes('subscriptions')).length;
      expect(told).toHaveLength(committees.slice(from).length - failed);
    });
  }
});

test('everything is subscribed again when a node is back after an error (cause reconnect)', async () => {
  await startedRig();
  await rig.runTo(18, 6000);
  const refused = new BeaconNodeError('unreachable', 'connect ECONNREFUSED');
  for (const method of ['getSyncStatus', 'openHeadStream', 'subscribeBeaconCommittees'] as const)
    rig.node.fail(method, Infinity, refused);
  rig.node.dropStreams();
  await rig.runTo(19, 6000);
  rig.node.heal();
  await rig.runTo(20, -1);
  expect(sent('beacon-committee', 19)).toEqual(['19 reconnect']);
  expect(sent('sync-committee', 19)).toEqual(['19 reconnect']);
  const again = committees.at(-1)!;
  expect(
    again.entries
      .map(({ validatorIndex, slot }) => nameOf({ kind: 'attester', slot, validator: validatorIndex }))
      .toSorted(),
  ).toEqual(dutiesBetween(rig.devnet.chain, 19, 23, ['attester']).toSorted());
});
