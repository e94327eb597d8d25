import type { AnyActorRef } from 'xstate';
import { afterEach, describe, expect, test } from 'vitest';
import { createRig, doubles, type Rig, type RigOptions } from '../support/rig.js';

// DESIGN: "actor count and heap bounded". Chain: 12 s slots, 4 per epoch.
const SPE = 4;
let rig: Rig;
afterEach(() => rig.stop());

function liveActors(actor: AnyActorRef): string[] {
  const { children } = actor.getSnapshot() as { children?: Record<string, AnyActorRef> };
  return Object.entries(children ?? {}).flatMap(([id, child]) => [id, ...liveActors(child)]);
}

/** Actors and timers at the end of each of some epochs. */
async function measure(epochs: readonly number[]) {
  const measured: { actors: number; timers: number; underWay: number }[] = [];
  for (const epoch of epochs) {
    await rig.runTo(epoch * SPE, -50);
    measured.push({
      actors: liveActors(rig.scheduler.actor!).length,
      timers: rig.clock.pending,
      underWay: rig.node.underWay,
    });
  }
  return measured;
}

const quiet: RigOptions = { devnet: { slotsPerEpoch: SPE, validatorCount: 8, syncCommitteeSize: 4 } };

describe('after two hundred epochs', () => {
  test('in peace, not an actor, a timer or an id is left behind', async () => {
    const ids = new Set<string>();
    rig = createRig({
      ...quiet,
      scheduler: {
        inspect: (inspected) => {
          if (inspected.type === '@xstate.actor') ids.add((inspected.actorRef as unknown as { id: string }).id);
        },
      },
    });
    await rig.start();
    const [early, late] = [await measure([4, 8, 12]), await measure([192, 196, 200])];
    expect(late).toEqual(early);
    expect(doubles(rig.handedOver, SPE)).toEqual([]);
    // Every id is one of a bounded set (XState keeps something for each it ever saw): five kinds in four epochs, and few more.
    expect(ids.size).toBeLessThan(5 * 4 * SPE + 40);
    // Tables: no more than those needed.
    const roles = Object.values(rig.scheduler.snapshot()!.roles);
    expect(roles.map(({ tables }) => tables.length).every((count) => count <= 3)).toBe(true);
  });

  test('of trouble, neither', async () => {
    rig = createRig({ ...quiet, devnet: { ...quiet.devnet!, scenario: { missedShare: 0.2, lateShare: 0.2 } } });
    await rig.start();
    const early = await measure([4]);
    for (let epoch = 5; epoch < 100; epoch++) {
      const slot = epoch * SPE;
      await rig.runTo(slot, 3000);
      switch (epoch % 6) {
        case 0:
          rig.node.fail('getAttesterDuties', 5);
          break;
        case 1:
          rig.node.hang('getProposerDuties', 2);
          break;
        case 2:
          rig.node.dropStreams();
          break;
        case 3:
          rig.node.fail('getAttestationData', 8);
          break;
        case 4:
          rig.node.conditions.syncing = { isSyncing: true, syncDistance: 5 };
          break;
        default:
          rig.node.conditions.syncing = undefined;
          rig.node.hang('subscribeBeaconCommittees', 3);
      }
      rig.scheduler.send({ type: 'CLUSTER_LIQUIDATED', ids: [String(epoch % 8)] });
      await rig.runTo(slot + 2, 7000);
      rig.scheduler.send({ type: 'CLUSTER_REACTIVATED', ids: [String(epoch % 8)] });
    }
    rig.node.heal();
    rig.node.conditions.syncing = undefined;
    const [, late] = await measure([102, 104]);
    expect(late!.actors).toBe(early[0]!.actors);
    expect(late!.timers).toBeLessThanOrEqual(early[0]!.timers + 1);
    expect(doubles(rig.handedOver, SPE)).toEqual([]);
    expect(rig.diagnostics.filter(({ message }) => message.includes('crashed'))).toEqual([]);
  });
});

test('under the virtual clock the whole system is deterministic (issue 2, point 5)', async () => {
  const run = async () => {
    rig = createRig({ devnet: { scenario: { missedShare: 0.1, lateShare: 0.2 } } });
    await rig.start();
    await rig.runTo(20, 100);
    rig.node.fail('getAttesterDuties', 3);
    await rig.runTo(40, -1);
    const log = JSON.stringify(rig.lines);
    await rig.stop();
    return log;
  };
  const [first, second] = [await run(), await run()];
  expect(second).toBe(first);
  expect(first.length).toBeGreaterThan(10_000);
});
