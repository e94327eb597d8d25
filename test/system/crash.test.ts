import type { AnyActorRef } from 'xstate';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { DutyAnswer } from '../../machines/rules/duties.js';
import { alteredNode } from '../support/altered-node.js';
import { expectExactly, expectOnTime, handedOverBetween } from '../support/oracle.js';
import { createRig, doubles, type Rig, type RigOptions } from '../support/rig.js';

// DESIGN: "a region per role (a crashed role restarts alone, and says so)". Chain: 12 s slots, 8 per epoch. The sync
// committee's table is verified at each epoch start, where an answer that no sound port gives crashes the role.
let rig: Rig;
// The fetch that brought the garbage ends after the role: XState warns of the late event in its development build.
beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => undefined));
afterEach(async () => {
  vi.restoreAllMocks();
  await rig.stop();
});

/** From a slot on, this many answers have no columns. */
async function rigWithGarbage(fromSlot: number, times: number, options: RigOptions = {}): Promise<Rig> {
  let left = times;
  rig = createRig({
    ...options,
    wrapNode: (node) =>
      alteredNode(node, {
        async getSyncCommitteeDuties(epoch, indices, signal) {
          const answer = await node.getSyncCommitteeDuties(epoch, indices, signal);
          if (rig.clock.now() < 1_700_000_000_000 + fromSlot * 12_000 || left === 0) return answer;
          left -= 1;
          return { ...answer, columns: undefined } as unknown as DutyAnswer;
        },
      }),
  });
  await rig.start();
  return rig;
}

function crashes(): string[] {
  return rig.diagnostics
    .filter(({ level, message }) => level === 'error' && message.includes('crashed'))
    .map(({ message }) => message);
}

/** Every actor that is alive below the scheduler. */
function liveActors(): AnyActorRef[] {
  const below = (actor: AnyActorRef): AnyActorRef[] => {
    const { children } = actor.getSnapshot() as { children?: Record<string, AnyActorRef> };
    return Object.values(children ?? {}).flatMap((child) => [child, ...below(child)]);
  };
  return below(rig.scheduler.actor!);
}

describe('a role that crashes', () => {
  test('restarts alone, within the slot, and says so; the others do not notice', async () => {
    await rigWithGarbage(24, 1);
    await rig.runTo(32, -1);
    expect(crashes()).toEqual([expect.stringMatching(/^sync-committee: the role crashed and is restarted: TypeError/)]);
    expectExactly(rig, 0, 31);
    for (const kind of ['attester', 'aggregator', 'proposer'] as const) {
      expect(handedOverBetween(rig, 24, 24, [kind]).every(({ trigger }) => trigger !== 'late')).toBe(true);
    }
    expectOnTime(rig, 25, 31);
    const again = rig
      .linesOf('duties-fetched')
      .filter((line) => line.role === 'sync-committee' && line.cause === 'warm-up');
    expect(again.map((line) => line.slot)).toEqual([-1, 24]);
    expect(
      rig
        .linesOf('duties-fetched')
        .filter((line) => line.role !== 'sync-committee' && line.slot >= 24 && line.cause === 'warm-up'),
    ).toEqual([]);
  });

  test('takes what it had begun with it: nothing is asked twice, nothing runs twice', async () => {
    await rigWithGarbage(24, 1);
    rig.devnet.scenario.script(24, { kind: 'block', arrival: 0.3 });
    await rig.runTo(24, -1);
    const before = rig.node.count('getHeadRoot');
    await rig.runTo(25, -1);
    expect(rig.node.count('getHeadRoot') - before).toBe(1);
    expect(rig.linesOf('duty-due').filter((line) => line.slot === 24 && line.role === 'sync-committee')).toHaveLength(
      1,
    );
    expect(doubles(rig.handedOver, 8)).toEqual([]);
  });

  test('ends the signals of what it was executing', async () => {
    const reasons: unknown[] = [];
    await rigWithGarbage(24, 1, {
      execute: (batch) =>
        new Promise((resolve) => {
          if (batch.kind !== 'sync-committee-contribution' || batch.slot !== 24) resolve(undefined);
          const { signal } = batch.duties[0]!;
          if (batch.slot === 24 && batch.kind === 'sync-committee-contribution')
            signal.addEventListener('abort', () => reasons.push(signal.reason));
        }),
    });
    await rig.runTo(24, 1000);
    expect(reasons).toEqual(['stopped']);
  });

  test('leaves no actor and no timer behind', async () => {
    await rigWithGarbage(24, 1);
    await rig.runTo(23, 11_000);
    const [actors, timers] = [liveActors().length, rig.clock.pending];
    await rig.runTo(31, 11_000);
    expect(crashes()).toHaveLength(1);
    expect(liveActors().length).toBe(actors);
    expect(rig.clock.pending).toBe(timers);
  });

  test('again and again is restarted a few times a slot, and harms nobody else', async () => {
    await rigWithGarbage(16, Infinity);
    await rig.runTo(32, -1);
    const inOneSlot = crashes().length / 16;
    expect(inOneSlot).toBeGreaterThan(5);
    expect(inOneSlot).toBeLessThanOrEqual(21);
    for (const kind of ['attester', 'aggregator', 'proposer'] as const) expectExactly(rig, 0, 31, [kind]);
    expectOnTime({ ...rig, handedOver: handedOverBetween(rig, 0, 31, ['attester', 'aggregator', 'proposer']) }, 0, 31);
  });

  test('hears of validators that left meanwhile', async () => {
    await rigWithGarbage(24, 1);
    await rig.runTo(24, 300);
    expect(crashes()).toHaveLength(1);
    const member = rig.devnet.chain.syncCommittee(0)[0]!;
    rig.scheduler.send({ type: 'VALIDATOR_REMOVED', ids: [String(member)] });
    await rig.runTo(28, -1);
    expect(handedOverBetween(rig, 24, 27, ['sync-committee']).filter(({ validator }) => validator === member)).toEqual(
      [],
    );
    expect(handedOverBetween(rig, 24, 27, ['sync-committee']).length).toBe(
      4 * (new Set(rig.devnet.chain.syncCommittee(0)).size - 1),
    );
  });

  test('is restarted as it must be when the node is not to be trusted', async () => {
    await rigWithGarbage(24, 1);
    await rig.runTo(23, 9000);
    rig.node.conditions.syncing = { isSyncing: true, syncDistance: 5 };
    await rig.runTo(25, -1);
    expect(crashes()).toHaveLength(1);
    expect(handedOverBetween(rig, 24, 24, ['sync-committee'])).toEqual([]);
    expect(rig.linesOf('duty-deferred').some((line) => line.role === 'sync-committee' && line.slot === 24)).toBe(true);
  });
});
