import { afterEach, describe, expect, test } from 'vitest';
import type { AttestationData, HeadStreamListener } from '../../machines/ports.js';
import { alteredNode } from '../support/altered-node.js';
import { expectExactly, handedOverBetween } from '../support/oracle.js';
import { createRig, doubles, type Rig, type RigOptions } from '../support/rig.js';

// SPEC §6. Chain: 12 s slots, 8 per epoch; due point 3999 ms; latency 10 ms: a head arrives 5 ms after its block, data
// 10 ms after it was asked for. The slots of interest are 19–21, in the middle of an epoch.
const WAITING = ['attester', 'sync-committee'] as const;

let rig: Rig;
afterEach(() => rig.stop());

async function startedRig(options: RigOptions = {}): Promise<Rig> {
  rig = createRig(options);
  await rig.start();
  return rig;
}

/** The block of a slot comes at a part of the slot; more than 1: in the next slot. */
function blockAt(slot: number, arrival: number) {
  rig.devnet.scenario.script(slot, { kind: 'block', arrival });
}

function noBlock(slot: number) {
  rig.devnet.scenario.script(slot, { kind: 'missed' });
}

/** How the duties of a slot that wait for the head were handed over; one text where all alike. */
function triggersIn(slot: number): string[] {
  return [...new Set(handedOverBetween(rig, slot, slot, WAITING).map((duty) => `${duty.trigger} ${duty.offsetMs}`))];
}

function blockOf(slot: number): string {
  return rig.devnet.chain.blockAt(slot)!.root;
}

describe('the head event for the slot', () => {
  test('triggers, and the data votes for it', async () => {
    await startedRig();
    blockAt(20, 0.1);
    await rig.runTo(21, -1);
    expect(triggersIn(20)).toEqual(['head 1215']);
    for (const { batch } of handedOverBetween(rig, 20, 20, ['attester'])) {
      expect(batch.headBlock).toBe(blockOf(20));
      expect((batch.data as AttestationData).beaconBlockRoot).toBe(blockOf(20));
    }
    expectExactly(rig, 20, 20);
    expect(rig.linesOf('duty-due').filter((line) => line.slot === 20 && line.role === 'attester')).toMatchObject([
      { trigger: 'head', offsetMs: 1205 },
    ]);
  });

  test('after the due point does not trigger again', async () => {
    await startedRig();
    blockAt(20, 0.6);
    await rig.runTo(21, -1);
    expect(triggersIn(20)).toEqual(['deadline 4009']);
    expectExactly(rig, 20, 20);
    expect(handedOverBetween(rig, 20, 20, WAITING).every(({ batch }) => batch.headBlock === undefined)).toBe(true);
  });

  test('that never comes is not waited for', async () => {
    await startedRig();
    noBlock(20);
    await rig.runTo(21, -1);
    expect(triggersIn(20)).toEqual(['deadline 4009']);
    expectExactly(rig, 20, 20);
  });

  test('for the last slot, come late, does not trigger this one', async () => {
    await startedRig();
    blockAt(19, 1.05);
    blockAt(20, 0.2);
    await rig.runTo(21, -1);
    expect(triggersIn(19)).toEqual(['deadline 4009']);
    expect(triggersIn(20)).toEqual(['head 2415']);
    expectExactly(rig, 19, 20);
  });

  test('for another slot never triggers, also when nothing else comes', async () => {
    await startedRig();
    blockAt(19, 1.05);
    noBlock(20);
    await rig.runTo(21, -1);
    expect(triggersIn(20)).toEqual(['deadline 4009']);
  });

  test('before our own tick of the slot counts at that tick, and not before', async () => {
    await startedRig();
    await rig.runTo(20, 11_900);
    rig.devnet.chain.propose(21);
    await rig.runTo(21, -1);
    expect(triggersIn(21)).toEqual([]);
    expect(triggersIn(20)).toHaveLength(1);
    await rig.runTo(22, -1);
    expect(triggersIn(21)).toEqual(['head 10']);
    expectExactly(rig, 20, 21);
  });

  test('several slots ahead counts when its slot comes', async () => {
    await startedRig();
    await rig.runTo(20, 11_900);
    const slots = [21, 22, 23];
    for (const slot of slots) rig.devnet.chain.propose(slot);
    await rig.runTo(24, -1);
    const attested = slots.map((slot) => handedOverBetween(rig, slot, slot, ['attester'])[0]);
    expect(attested.map((duty) => `${duty?.trigger} ${duty?.offsetMs}`)).toEqual(['head 10', 'head 10', 'head 10']);
    expectExactly(rig, 21, 23, ['attester']);
  });

  test('a second head for the slot does not trigger again', async () => {
    await startedRig();
    blockAt(20, 0.05);
    await rig.runTo(20, 2000);
    const parent = rig.devnet.chain.blockAt(19)!.root;
    rig.devnet.chain.propose(20, { parent, salt: 'sibling' });
    await rig.runTo(21, -1);
    expect(triggersIn(20)).toEqual(['head 615']);
    expectExactly(rig, 20, 20);
  });

  test('that is optimistic does not trigger', async () => {
    await startedRig({
      wrapNode: (node) =>
        alteredNode(node, {
          openHeadStream: (listener: HeadStreamListener, signal) =>
            node.openHeadStream(
              {
                opened: () => listener.opened(),
                alive: () => listener.alive(),
                head: (head) => listener.head({ ...head, executionOptimistic: head.slot === 20 }),
                malformed: (error) => listener.malformed(error),
                closed: (error) => listener.closed(error),
              },
              signal,
            ),
        }),
    });
    await rig.runTo(22, -1);
    expect(triggersIn(20)).toEqual(['deadline 4009']);
    expect(triggersIn(21)[0]).toMatch(/^head/);
    expectExactly(rig, 20, 21);
  });
});

describe('headGraceMs', () => {
  test('is added to the head event', async () => {
    await startedRig({ scheduler: { headGraceMs: 500 } });
    blockAt(20, 0.1);
    await rig.runTo(21, -1);
    expect(triggersIn(20)).toEqual(['head 1715']);
  });

  test('does not reach beyond the due point', async () => {
    await startedRig({ scheduler: { headGraceMs: 5000 } });
    blockAt(20, 0.1);
    await rig.runTo(21, -1);
    expect(triggersIn(20)).toEqual(['deadline 4009']);
  });

  test('counts from the arrival of a head that came before the tick', async () => {
    await startedRig({ scheduler: { headGraceMs: 500 } });
    await rig.runTo(20, 11_900);
    rig.devnet.chain.propose(21);
    await rig.runTo(22, -1);
    expect(triggersIn(21)).toEqual(['head 415']);
  });
});

describe('the data', () => {
  const otherBlock = `0x${'ab'.repeat(32)}`;

  test('is asked for once per slot and kind, and not for slots without duties', async () => {
    await startedRig();
    await rig.runTo(16, -1);
    const [attestation, head] = [rig.node.count('getAttestationData'), rig.node.count('getHeadRoot')];
    await rig.runTo(24, -1);
    expect(rig.node.count('getAttestationData') - attestation).toBe(8);
    expect(rig.node.count('getHeadRoot') - head).toBe(8);
  });

  test('that does not vote for the triggering head is asked for again at the due point, and then taken', async () => {
    const asked: number[] = [];
    await startedRig({
      wrapNode: (node) =>
        alteredNode(node, {
          async getAttestationData(slot, committeeIndex, signal) {
            const data = await node.getAttestationData(slot, committeeIndex, signal);
            if (slot !== 20) return data;
            asked.push(slot);
            return { ...data, beaconBlockRoot: otherBlock };
          },
        }),
    });
    blockAt(20, 0.1);
    await rig.runTo(21, -1);
    const attested = handedOverBetween(rig, 20, 20, ['attester']);
    expect(attested.map((duty) => duty.offsetMs)).toEqual([4009, 4009, 4009, 4009]);
    expect(asked).toHaveLength(2);
    expect(attested[0]!.batch.data).toMatchObject({ beaconBlockRoot: otherBlock });
    // Its own head root voted for the head: the sync committee did not wait.
    expect(handedOverBetween(rig, 20, 20, ['sync-committee'])[0]).toMatchObject({ trigger: 'head', offsetMs: 1215 });
    expect(rig.linesOf('duty-due').filter((line) => line.slot === 20 && line.role === 'attester')).toHaveLength(1);
    expectExactly(rig, 20, 20);
  });

  test('of a head root for another block waits for the due point too', async () => {
    await startedRig({
      wrapNode: (node) =>
        alteredNode(node, {
          getHeadRoot: async (signal) => ({ ...(await node.getHeadRoot(signal)), root: otherBlock }),
        }),
    });
    blockAt(20, 0.1);
    await rig.runTo(21, -1);
    expect(new Set(handedOverBetween(rig, 20, 20, ['sync-committee']).map((duty) => duty.offsetMs))).toEqual(
      new Set([4009]),
    );
  });

  test('that cannot be fetched at first is fetched again, and handed over then', async () => {
    await startedRig();
    blockAt(20, 0.05);
    await rig.runTo(20, -1);
    rig.node.fail('getAttestationData', 2);
    await rig.runTo(21, -1);
    // Head at 605, two failures (5 ms each) and pauses of 250 and 400 ms.
    expect(handedOverBetween(rig, 20, 20, ['attester'])[0]).toMatchObject({
      trigger: 'head',
      offsetMs: 605 + 5 + 250 + 5 + 400 + 10,
    });
    expectExactly(rig, 20, 20);
  });

  test('that hangs is given up at its budget, and asked for again', async () => {
    await startedRig();
    blockAt(20, 0.05);
    await rig.runTo(20, -1);
    rig.node.hang('getAttestationData', 1);
    await rig.runTo(21, -1);
    expect(handedOverBetween(rig, 20, 20, ['attester'])[0]).toMatchObject({ offsetMs: 605 + 2000 + 250 + 10 });
    expectExactly(rig, 20, 20);
  });

  test('that never comes: skipped at the deadline of the duty as data-unavailable', async () => {
    await startedRig();
    await rig.runTo(20, -1);
    rig.node.fail('getAttestationData');
    rig.node.fail('getHeadRoot');
    await rig.runTo(21, -1);
    rig.node.heal('getHeadRoot');
    await rig.runTo(29, -1);
    const skipped = rig.linesOf('duty-skipped').filter((line) => line.slot === 20);
    expect(skipped.map((line) => `${line.role} ${line.reason} ${(line.time - 1_700_000_000_000) / 12_000}`)).toEqual([
      'sync-committee data-unavailable 21',
      'attester data-unavailable 28',
    ]);
    expect(skipped.flatMap((line) => line.validators).length).toBe(13 + 4);
    expect(handedOverBetween(rig, 20, 20, WAITING)).toEqual([]);
    rig.node.heal();
    await rig.runTo(32, -1);
    expectExactly(rig, 30, 31);
    expect(doubles(rig.handedOver, 8)).toEqual([]);
  });

  test('never is an optimistic head root', async () => {
    let optimistic = true;
    await startedRig({
      wrapNode: (node) =>
        alteredNode(node, {
          getHeadRoot: async (signal) => ({ ...(await node.getHeadRoot(signal)), executionOptimistic: optimistic }),
        }),
    });
    await rig.runTo(20, 6000);
    expect(handedOverBetween(rig, 0, 20, ['sync-committee'])).toEqual([]);
    optimistic = false;
    await rig.runTo(21, -1);
    expectExactly(rig, 20, 20);
    expect(handedOverBetween(rig, 20, 20, ['sync-committee'])[0]!.batch.data).toMatchObject({
      executionOptimistic: false,
    });
  });
});
