import { afterEach, describe, expect, test } from 'vitest';
import { BeaconNodeError, type BeaconNode } from '../../machines/ports.js';
import type { Epoch } from '../../machines/rules/chain-time.js';
import { alteredNode } from '../support/altered-node.js';
import { dutiesBetween, handedOverBetween, nameOf } from '../support/oracle.js';
import { createRig, type HandedOver, type Rig, type RigOptions } from '../support/rig.js';

// Chain: 12 s slots, 8 per epoch. In slot 21 the attestations of slots 14 and 15 of epoch 1 are open, and all of epoch 2.
const EPOCH = 2;
const SLOT_MS = 12_000;

let rig: Rig;
afterEach(() => rig.stop());

/** Starts in slot 21, after its due point; the duties of epoch 1 come as `olderDuties` says. */
async function startLate(
  olderDuties: (answer: ReturnType<BeaconNode['getAttesterDuties']>) => ReturnType<BeaconNode['getAttesterDuties']>,
  options: RigOptions = {},
): Promise<void> {
  rig = createRig({
    startSlot: 21,
    startOffsetMs: 5000,
    scheduler: { late: 'always' },
    wrapNode: (node) =>
      alteredNode(node, {
        getAttesterDuties: (epoch: Epoch, ...rest) =>
          epoch === EPOCH - 1
            ? olderDuties(node.getAttesterDuties(epoch, ...rest))
            : node.getAttesterDuties(epoch, ...rest),
      }),
    ...options,
  });
  await rig.start();
}

function after<T>(ms: number, answer: Promise<T>): Promise<T> {
  return new Promise((resolve) => rig.clock.setTimeout(() => resolve(answer), ms));
}

const attestationsOf = (from: number, to: number): HandedOver[] => handedOverBetween(rig, from, to, ['attester']);
const openOlder = () => dutiesBetween(rig.devnet.chain, 14, 15, ['attester']).toSorted();
const namesOf = (duties: readonly HandedOver[]) => duties.map(nameOf).toSorted();
/** Ms since slot 21 began, of each hand-over. */
const timesOf = (duties: readonly HandedOver[]) => duties.map(({ slot, offsetMs }) => offsetMs - (21 - slot) * SLOT_MS);

describe('late attestations of two epochs', () => {
  test('of one validator the older one is handed over first, though its duties came later', async () => {
    // Once it is handed over, that is: an executor may take its time.
    const execute = () => after(SLOT_MS, Promise.resolve(undefined));
    await startLate((answer) => after(3000, answer), { execute });
    await rig.runTo(21, 11_000);
    // Those of the current slot are worth more than older ones: they wait for a moment only.
    const current = new Set(attestationsOf(21, 21).map(({ validator }) => validator));
    expect(Math.max(...timesOf(attestationsOf(21, 21)))).toBeLessThan(5000 + SLOT_MS / 12 + 100);
    const madeUp = openOlder().filter((name) => !current.has(Number(name.split(' ')[2])));
    expect(namesOf(attestationsOf(14, 15))).toEqual(madeUp);
    const epochsOf = new Map<number, number[]>();
    for (const { validator, slot } of attestationsOf(8, 20)) {
      epochsOf.set(validator, [...(epochsOf.get(validator) ?? []), Math.floor(slot / 8)]);
    }
    const both = [...epochsOf.values()].filter((epochs) => epochs.length > 1);
    expect(both).not.toEqual([]);
    for (const epochs of both) expect(epochs).toEqual([1, 2]);
    expect(Math.min(...timesOf(attestationsOf(16, 20)))).toBeGreaterThanOrEqual(8000);
  });

  test('older ones that do not come are waited for a slot, and what is in time does not wait', async () => {
    await startLate((answer) => after(60_000, answer));
    await rig.runTo(23, -1);
    expect(attestationsOf(14, 15)).toEqual([]);
    expect(namesOf(attestationsOf(16, 22))).toEqual(dutiesBetween(rig.devnet.chain, 16, 22, ['attester']).toSorted());
    for (const time of timesOf(attestationsOf(16, 20))) {
      expect(time).toBeGreaterThan(SLOT_MS);
      expect(time).toBeLessThan(5000 + SLOT_MS + 100);
    }
    expect(attestationsOf(22, 22).map(({ trigger }) => trigger)).not.toContain('late');
  });

  test('duties that cannot be fetched are not waited for', async () => {
    await startLate(() => Promise.reject(new BeaconNodeError('http', 'HTTP 500', 500)));
    await rig.runTo(21, 5200);
    expect(namesOf(attestationsOf(16, 21))).toEqual(dutiesBetween(rig.devnet.chain, 16, 21, ['attester']).toSorted());
  });

  test.each([
    ['whatever data comes first', true],
    ['without data, too', false],
  ])('after a node that was not to be trusted the older ones go first, %s', async (_, dataFetch) => {
    rig = createRig({
      scheduler: { dataFetch },
      execute: () => after(SLOT_MS, Promise.resolve(undefined)),
      wrapNode: (node) =>
        alteredNode(node, {
          getAttestationData: (slot, ...rest) => {
            const answer = node.getAttestationData(slot, ...rest);
            return slot < 8 * EPOCH ? after(500, answer) : answer;
          },
        }),
    });
    await rig.start();
    await rig.runTo(10, 9000);
    rig.node.conditions.syncing = { isSyncing: true, syncDistance: 5 };
    await rig.runTo(17, 9000);
    rig.node.conditions.syncing = undefined;
    await rig.runTo(19, -1);
    expect(namesOf(attestationsOf(11, 17))).toEqual(dutiesBetween(rig.devnet.chain, 11, 17, ['attester']).toSorted());
    expect(rig.linesOf('duty-skipped').filter(({ reason }) => reason === 'moved-after-claim')).toEqual([]);
  });
});
