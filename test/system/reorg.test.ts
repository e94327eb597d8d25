import { afterEach, describe, expect, test } from 'vitest';
import type { EventLine } from '../../machines/rules/event-log.js';
import { createScriptedRig, type ScriptedRig, type ScriptedRigOptions } from '../support/scripted-rig.js';
import { root } from '../support/scripted-node.js';

// SPEC §5. Chain: 8 slots an epoch, 12 s a slot; validators 1, 2, 3; epoch 2 is slots 16–23, epoch 3 is 24–31.
const SLOT = 12_000;
const DUE_POINT = 3999;

let rig: ScriptedRig;
afterEach(() => rig.stop());

/** A rig in which every table carries its epoch's root (attester epoch e: root e; proposer by v2: the same). */
function rigAt(options: ScriptedRigOptions = {}): ScriptedRig {
  rig = createScriptedRig(options);
  for (let epoch = 0; epoch < 8; epoch++) {
    const first = epoch * 8;
    rig.node.attester.set(epoch, {
      root: root(epoch + 1),
      duties: [
        [first + 2, 1],
        [first + 4, 2],
        [first + 6, 3],
      ],
    });
    rig.node.proposer.set(epoch, {
      root: root(epoch + 1),
      duties: [
        [first + 3, 1],
        [first + 5, 9],
      ],
    });
  }
  rig.node.sync.set(0, [1, 2]).set(1, [2, 3]);
  return rig;
}

/** Gives an epoch a new root, with other attester duties and the same proposals. */
function table(epoch: number, rootNumber: number, duties: readonly (readonly [number, number, number?])[]) {
  rig.node.attester.set(epoch, { root: root(rootNumber), duties });
  rig.node.proposer.set(epoch, { root: root(rootNumber), duties: rig.node.proposer.get(epoch)!.duties });
}

/** A head in each slot, 100 ms into it: a stream that lives. */
async function heads(from: number, to: number) {
  for (let slot = from; slot <= to; slot++) {
    await rig.runTo(slot, 100);
    rig.node.head(slot);
  }
  await rig.settle();
}

function brief(type: EventLine['type']): string[] {
  return rig
    .linesOf(type)
    .map((line) => JSON.stringify({ ...line, type: undefined, time: undefined, dependentRoot: undefined }));
}

describe('a re-org', () => {
  test('both roots change in slot 0: both epochs are fetched again at once, and the new duties run', async () => {
    rigAt();
    await rig.startAt(12);
    await heads(12, 15);
    await rig.runTo(16, 500);
    // The first head of epoch 2 tells that the end of epochs 0 and 1 was replaced.
    table(2, 0x52, [
      [17, 1],
      [18, 2],
      [19, 3],
    ]);
    rig.node.proposer.set(2, { root: root(0x52), duties: [[18, 2]] });
    table(3, 0x53, [
      [25, 1],
      [26, 2],
      [27, 3],
    ]);
    rig.node.head(16);
    await rig.settle();
    const [reorg] = rig.linesOf('reorg');
    expect(reorg).toMatchObject({
      slot: 16,
      previousDependentRootChanged: true,
      tables: [
        { role: 'attester', epoch: 2 },
        { role: 'proposer', epoch: 2 },
      ],
    });
    expect(rig.linesOf('duties-fetched').filter((line) => line.cause === 'reorg')).toMatchObject([
      { role: 'attester', epoch: 2, dependentRoot: root(0x52), slot: 16 },
      { role: 'proposer', epoch: 2, dependentRoot: root(0x52), slot: 16 },
    ]);
    expect(rig.linesOf('duties-changed')).toMatchObject([
      { role: 'attester', epoch: 2, added: [], removed: [], moved: [1, 2, 3] },
      { role: 'proposer', epoch: 2, added: [2], removed: [1], moved: [] },
    ]);
    await rig.runTo(24);
    expect(rig.ran('attester').filter((duty) => duty > '16')).toEqual(['17:1', '18:2', '19:3']);
    expect(rig.ran('proposer').filter((duty) => duty > '16')).toEqual(['18:2']);
    // The table of epoch 3 was fetched in the middle of epoch 2, with the new root already.
    expect(rig.node.requestsFor('attester', 3)).toBe(1);
  });

  test('marks exactly the tables concerned: the current root alone spares the running epoch', async () => {
    rigAt();
    await rig.startAt(12);
    await heads(12, 20);
    table(3, 0x53, [
      [30, 1],
      [29, 2],
      [28, 3],
    ]);
    await rig.runTo(21, 100);
    rig.node.head(21);
    await rig.settle();
    expect(rig.linesOf('reorg')).toMatchObject([
      {
        previousDependentRootChanged: false,
        currentDependentRootChanged: true,
        tables: [
          { role: 'attester', epoch: 3 },
          { role: 'proposer', epoch: 3 },
          { role: 'sync-committee', period: 1 },
        ],
      },
    ]);
    expect(rig.node.requestsFor('attester', 2)).toBe(1);
    await rig.runTo(32);
    expect(rig.ran('attester').slice(-3)).toEqual(['28:3', '29:2', '30:1']);
  });

  test('a new root with the same duties is an empty diff: nothing cancelled, nothing subscribed again', async () => {
    rigAt();
    await rig.startAt(16);
    rig.node.head(16);
    const sent = rig.node.beaconSubscriptions.length;
    await rig.runTo(17, 100);
    table(2, 0x52, [
      [18, 1],
      [20, 2],
      [22, 3],
    ]);
    rig.node.head(17);
    await rig.settle();
    expect(rig.linesOf('duties-fetched').at(-1)).toMatchObject({ cause: 'reorg' });
    expect(brief('duties-changed')).toEqual([]);
    expect(brief('duty-cancelled')).toEqual([]);
    expect(rig.node.beaconSubscriptions.length).toBe(sent);
    await rig.runTo(24);
    expect(rig.ran('attester')).toEqual(['18:1', '20:2', '22:3']);
  });

  test('two re-orgs of one epoch: the duties of the last one run, each once', async () => {
    rigAt();
    await rig.startAt(16);
    rig.node.head(16);
    await rig.runTo(17, 100);
    table(2, 0x52, [
      [19, 1],
      [20, 2],
      [21, 3],
    ]);
    rig.node.head(17);
    await rig.runTo(18, 100);
    table(2, 0x62, [
      [22, 1],
      [23, 2],
      [20, 3],
    ]);
    rig.node.head(18);
    await rig.runTo(24);
    expect(rig.ran('attester')).toEqual(['20:3', '22:1', '23:2']);
    expect(rig.linesOf('reorg').length).toBe(2);
  });

  test('that only removes: the removed duty does not run', async () => {
    rigAt();
    await rig.startAt(16);
    rig.node.head(16);
    await rig.runTo(17, 100);
    table(2, 0x52, [
      [18, 1],
      [22, 3],
    ]);
    rig.node.head(17);
    await rig.settle();
    expect(rig.linesOf('duties-changed')).toMatchObject([{ role: 'attester', added: [], removed: [2], moved: [] }]);
    await rig.runTo(24);
    expect(rig.ran('attester')).toEqual(['18:1', '22:3']);
  });

  test('while fetching, answers out of order: the request is aborted, the superseded answer is dropped', async () => {
    rigAt();
    await rig.startAt(16);
    rig.node.head(16);
    rig.node.hold = (method, target) => method === 'attester' && target === 2;
    await rig.runTo(17, 100);
    table(2, 0x52, [
      [19, 1],
      [20, 2],
      [21, 3],
    ]);
    rig.node.head(17);
    await rig.settle();
    table(2, 0x62, [
      [22, 1],
      [23, 2],
      [20, 3],
    ]);
    rig.node.head(17, { block: root(0x99) });
    await rig.settle();
    const [first, second] = rig.node.held;
    expect(first?.aborted()).toBe(true);
    expect(second?.aborted()).toBe(false);
    expect(rig.linesOf('duties-fetch-cancelled')).toMatchObject([{ role: 'attester', epoch: 2, cause: 'reorg' }]);
    second!.answer();
    await rig.settle();
    first!.answerAsOfThen();
    await rig.runTo(24);
    expect(rig.ran('attester')).toEqual(['20:3', '22:1', '23:2']);
  });

  test('refetch fails and the next tick comes: stale duties wait, the retry brings the new ones', async () => {
    rigAt();
    await rig.startAt(16);
    rig.node.head(16);
    await rig.runTo(17, 6000);
    rig.node.attester.delete(2); // 400: only the tick asks again
    rig.node.head(17, { previousDutyDependentRoot: root(0x52), currentDutyDependentRoot: root(4) });
    await rig.settle();
    expect(rig.linesOf('duties-fetch-failed')).toMatchObject([
      { role: 'attester', epoch: 2, cause: 'reorg', retryInMs: 6000 },
    ]);
    await rig.runTo(17, 11_000);
    expect(rig.node.requestsFor('attester', 2)).toBe(2);
    table(2, 0x52, [
      [18, 3],
      [20, 2],
      [22, 1],
    ]);
    await rig.runTo(24);
    expect(
      rig
        .linesOf('duties-fetched')
        .filter((line) => line.role === 'attester')
        .at(1),
    ).toMatchObject({ epoch: 2, cause: 'retry', slot: 18 });
    expect(rig.ran('attester')).toEqual(['18:3', '20:2', '22:1']);
  });

  test('stale duties are not executed: they wait until their deadline and are skipped with that reason', async () => {
    rigAt();
    await rig.startAt(16);
    rig.node.head(16);
    await rig.runTo(17, 6000);
    rig.node.attester.delete(2);
    rig.node.proposer.delete(2);
    rig.node.head(17, { previousDutyDependentRoot: root(0x52), currentDutyDependentRoot: root(4) });
    await rig.runTo(28);
    expect(rig.ran('attester').filter((duty) => duty < '24')).toEqual([]);
    expect(rig.ran('proposer').filter((duty) => duty < '24')).toEqual([]);
    expect(rig.linesOf('duty-deferred').filter((line) => line.role !== 'aggregator')).toMatchObject([
      { role: 'attester', slot: 18, validators: [1], reason: 'duties-stale' },
      { role: 'proposer', slot: 19, validators: [1], reason: 'duties-stale' },
      { role: 'attester', slot: 20, validators: [2], reason: 'duties-stale' },
      { role: 'attester', slot: 22, validators: [3], reason: 'duties-stale' },
    ]);
    const skipped = rig
      .linesOf('duty-skipped')
      .map(({ role, slot, reason, time }) => [role, slot, reason, (time - rig.chain.genesisTimeMs) / SLOT]);
    expect(skipped).toContainEqual(['proposer', 19, 'duties-stale', 20]);
    expect(skipped).toContainEqual(['attester', 18, 'duties-stale', 26]);
  });

  test('late block fills an empty last slot: the v1 proposer table of the new epoch is fetched again', async () => {
    rigAt({ chain: { forkEpochs: { altair: 0, fulu: Infinity, gloas: Infinity } } });
    // By v1 the last block before epoch 2 decides: first 0x0e (slot 14), then 0x0f (slot 15, late).
    rig.node.proposer.set(2, {
      root: root(0x0e),
      duties: [
        [17, 1],
        [18, 2],
      ],
    });
    rig.node.attester.set(3, { root: root(0x0e), duties: [] });
    await rig.startAt(14);
    rig.node.head(14, { block: root(0x0e) });
    await rig.runTo(16, 500);
    const proposals = () =>
      rig
        .linesOf('duties-fetched')
        .filter((line) => line.role === 'proposer')
        .at(-1);
    expect(proposals()).toMatchObject({ epoch: 2, cause: 'epoch-start' });
    rig.node.proposer.set(2, {
      root: root(0x0f),
      duties: [
        [18, 1],
        [19, 3],
      ],
    });
    rig.node.attester.set(3, { root: root(0x0f), duties: [] });
    rig.node.head(15, { block: root(0x0f) });
    await rig.settle();
    expect(proposals()).toMatchObject({ epoch: 2, cause: 'reorg', dependentRoot: root(0x0f) });
    await rig.runTo(24);
    expect(rig.ran('proposer').filter((duty) => duty > '16')).toEqual(['18:1', '19:3']);
  });

  test('duty moved within its slot: the running execution is called off, and never doubled', async () => {
    rigAt({ execute: (_batch, clock) => new Promise((resolve) => clock.setTimeout(() => resolve(undefined), 5000)) });
    await rig.startAt(16);
    rig.node.head(16);
    await rig.runTo(18, 1000);
    rig.node.head(18);
    await rig.runTo(18, 2000);
    expect(rig.ran('attester')).toEqual(['18:1']);
    const signal = rig.batches.find((batch) => batch.kind === 'attester')!.duties[0]!.signal;
    table(2, 0x52, [
      [18, 1, 1],
      [20, 2],
      [22, 3],
    ]);
    rig.node.head(18, { block: root(0x77) });
    await rig.settle();
    expect(signal.aborted).toBe(true);
    expect(rig.linesOf('duty-cancelled')).toMatchObject([
      { role: 'attester', slot: 18, validators: [1], reason: 'reorg' },
      { role: 'aggregator', slot: 18, validators: [1], reason: 'reorg' },
    ]);
    expect(rig.linesOf('duties-changed')).toMatchObject([{ role: 'attester', moved: [1] }]);
    await rig.runTo(24);
    expect(rig.ran('attester')).toEqual(['18:1', '20:2', '22:3']);
  });

  test('executions of unchanged duties go on, those of vanished duties are cancelled one by one', async () => {
    rigAt({ execute: (_batch, clock) => new Promise((resolve) => clock.setTimeout(() => resolve(undefined), 5000)) });
    table(2, 3, [
      [18, 1],
      [18, 2],
      [18, 3],
    ]);
    await rig.startAt(16);
    rig.node.head(16);
    await rig.runTo(18, 1000);
    rig.node.head(18);
    await rig.runTo(18, 2000);
    table(2, 0x52, [
      [18, 1],
      [21, 2],
      [18, 3],
    ]);
    rig.node.head(18, { block: root(0x77) });
    await rig.settle();
    const duties = rig.batches.find((batch) => batch.kind === 'attester')!.duties;
    expect(duties.map(({ validatorIndex, signal }) => [validatorIndex, signal.aborted])).toEqual([
      [1, false],
      [2, true],
      [3, false],
    ]);
    await rig.runTo(24);
    expect(rig.linesOf('duty-executed').filter((line) => line.role === 'attester')).toMatchObject([
      { slot: 18, validators: [1, 3] },
    ]);
    // Claimed in slot 18, the duty that moved to slot 21 is skipped with that reason.
    expect(rig.ran('attester')).toEqual(['18:1', '18:2', '18:3']);
    expect(rig.linesOf('duty-skipped').filter((line) => line.role === 'attester')).toMatchObject([
      { slot: 21, validators: [2], reason: 'moved-after-claim' },
    ]);
  });

  test('a proposal added to the slot in which the re-org was seen is not started, an unchanged one runs', async () => {
    rigAt();
    rig.node.proposer.set(2, {
      root: root(3),
      duties: [
        [18, 1],
        [19, 2],
      ],
    });
    await rig.startAt(17);
    rig.node.head(17);
    rig.node.hold = (method) => method === 'proposer';
    await rig.runTo(17, 11_900);
    // Seen just before slot 18; answered in it.
    rig.node.head(17, { previousDutyDependentRoot: root(0x52), block: root(0x78) });
    await rig.runTo(18, 100);
    rig.node.head(18, { previousDutyDependentRoot: root(0x62), block: root(0x79) });
    await rig.settle();
    rig.node.proposer.set(2, {
      root: root(0x62),
      duties: [
        [18, 1],
        [18, 3],
        [20, 2],
      ],
    });
    rig.node.held.at(-1)!.answer();
    await rig.runTo(24);
    expect(rig.ran('proposer')).toEqual(['18:1', '20:2']);
    expect(rig.linesOf('duty-skipped').filter((line) => line.role === 'proposer')).toMatchObject([
      { slot: 18, validators: [3], reason: 'added-by-reorg' },
    ]);
  });

  test('an attestation added for the current slot runs if its deadline allows', async () => {
    rigAt();
    await rig.startAt(18);
    rig.node.head(17);
    await rig.runTo(19, 5000);
    table(2, 0x52, [
      [18, 1],
      [19, 2],
      [22, 3],
    ]);
    rig.node.head(19);
    await rig.settle();
    expect(rig.ran('attester')).toEqual(['18:1', '19:2']);
    expect(
      rig
        .linesOf('duty-due')
        .filter((line) => line.role === 'attester')
        .at(-1),
    ).toMatchObject({ slot: 19, trigger: 'late', offsetMs: 5000 });
  });

  test('a head that proves the duties of its own slot wrong does not make them come due', async () => {
    rigAt();
    await rig.startAt(16);
    await heads(16, 17);
    await rig.runTo(18, 1000);
    table(2, 0x52, [
      [18, 3],
      [20, 2],
      [22, 1],
    ]);
    rig.node.head(18);
    await rig.settle();
    const lines = rig.lines.filter(
      (line) => 'validators' in line && line.slot === 18 && 'role' in line && line.role === 'attester',
    );
    expect(lines.map((line) => [line.type, 'validators' in line && line.validators])).toEqual([
      ['duty-deferred', [1]],
      ['duty-cancelled', [1]],
      ['duty-due', [3]],
      ['duty-executed', [3]],
    ]);
    expect(rig.linesOf('duty-due').at(-2)).toMatchObject({ role: 'attester', slot: 18, trigger: 'head' });
  });

  test('what it adds to slots that are over is told as such, not as lost', async () => {
    rigAt({ scheduler: { late: 'never' } });
    await rig.startAt(16);
    await heads(16, 18);
    rig.node.attester.set(2, {
      root: root(0x52),
      duties: [
        [17, 3],
        [20, 2],
        [22, 1],
      ],
    });
    rig.node.proposer.set(2, {
      root: root(0x52),
      duties: [
        [17, 2],
        [21, 1],
      ],
    });
    await rig.runTo(19, 100);
    rig.node.head(19);
    await rig.runTo(24);
    const skipped = rig
      .linesOf('duty-skipped')
      .map(({ role, slot, validators, reason }) => [role, slot, ...validators, reason]);
    expect(skipped).toContainEqual(['proposer', 17, 2, 'added-by-reorg']);
    expect(skipped).toContainEqual(['aggregator', 17, 3, 'added-by-reorg']);
    // Late attestations are a matter of the operator's policy.
    expect(skipped).toContainEqual(['attester', 17, 3, 'late-not-permitted']);
    expect(skipped.filter(([, , , reason]) => reason === 'deadline-passed')).toEqual([]);
  });

  test('heads go backwards: a head at a lower slot is a re-org, its roots are those of its own epoch', async () => {
    rigAt();
    await rig.startAt(20);
    rig.node.head(20);
    await rig.runTo(21, 1000);
    table(3, 0x0f, [
      [25, 1],
      [26, 2],
      [27, 3],
    ]);
    rig.node.proposer.set(3, { root: root(0x0f), duties: [[25, 3]] });
    // As recorded: 15 (epoch 1, whose block the duties of epoch 3 hang on), 16, 19, 21.
    rig.node.head(15, { block: root(0x0f), previousDutyDependentRoot: root(2), currentDutyDependentRoot: root(3) });
    await rig.settle();
    for (const slot of [16, 19, 21]) rig.node.head(slot);
    await rig.runTo(32);
    expect(rig.linesOf('reorg')[0]).toMatchObject({
      tables: [
        { role: 'attester', epoch: 3 },
        { role: 'proposer', epoch: 3 },
      ],
    });
    expect(rig.node.requestsFor('attester', 3)).toBe(2);
    expect(rig.node.requestsFor('attester', 2)).toBe(1);
    expect(rig.ran('attester').filter((duty) => duty > '24')).toEqual(['25:1', '26:2', '27:3']);
  });

  test('the zero root means unknown', async () => {
    rigAt();
    await rig.startAt(20);
    rig.node.head(20);
    const before = rig.node.requests.length;
    rig.node.head(20, { previousDutyDependentRoot: root(0), currentDutyDependentRoot: root(0), block: root(0x77) });
    await rig.settle();
    expect(rig.linesOf('reorg')).toEqual([]);
    expect(rig.node.requests.length).toBe(before);
  });

  test('the old root comes back while the refetch is under way: the table is right again', async () => {
    rigAt();
    await rig.startAt(16);
    rig.node.head(16);
    rig.node.hold = (method) => method === 'attester';
    await rig.runTo(17, 100);
    rig.node.head(17, { previousDutyDependentRoot: root(0x52) });
    await rig.settle();
    expect(rig.node.held.length).toBe(1);
    rig.node.head(17, { block: root(0x77) });
    await rig.settle();
    expect(rig.node.held[0]!.aborted()).toBe(true);
    rig.node.hold = undefined;
    await rig.runTo(24);
    expect(rig.ran('attester')).toEqual(['18:1', '20:2', '22:3']);
  });
});

describe('a node that contradicts itself', () => {
  test('different duties under a root that never matches: reported, refetched once a slot at most', async () => {
    rigAt();
    await rig.startAt(16);
    rig.node.head(16);
    await rig.runTo(17, 100);
    let n = 0;
    rig.node.failing = (method, target) => {
      // Each answer carries another root than the heads name, and other duties.
      if (method === 'attester' && target === 2)
        table(2, 0x70, [
          [18 + (n++ % 4), 1],
          [23, 2],
          [23, 3],
        ]);
      return undefined;
    };
    for (const offsetMs of [0, 1000, 2000, 3000]) {
      await rig.runTo(17, 100 + offsetMs);
      rig.node.head(17, { previousDutyDependentRoot: root(0x52), block: root(0x41 + offsetMs / 1000) });
      await rig.settle();
    }
    expect(rig.linesOf('beacon-node').filter((line) => line.status === 'inconsistent').length).toBeGreaterThan(0);
    expect(rig.node.requestsFor('attester', 2)).toBeLessThanOrEqual(3);
    const inSlot17 = rig.node.requestsFor('attester', 2);
    await rig.runTo(18, 100);
    rig.node.head(18, { previousDutyDependentRoot: root(0x52) });
    await rig.runTo(18, 200);
    rig.node.head(18, { previousDutyDependentRoot: root(0x52), block: root(0x43) });
    await rig.settle();
    expect(rig.node.requestsFor('attester', 2)).toBe(inSlot17 + 1);
  });

  test('identical duties under a root that no head confirms settle the matter', async () => {
    rigAt();
    rig.node.proposer.set(2, { root: root(0x60), duties: [[19, 1]] });
    await rig.startAt(16);
    for (let slot = 16; slot < 22; slot++) {
      await rig.runTo(slot, 100);
      rig.node.head(slot);
      await rig.runTo(slot, 5000);
    }
    expect(rig.node.requestsFor('proposer', 2)).toBe(2);
    expect(rig.linesOf('beacon-node').filter((line) => line.status === 'inconsistent')).toEqual([]);
    expect(rig.ran('proposer')).toEqual(['19:1']);
  });

  test('a node that lags behind its own heads is asked again in the next slot', async () => {
    rigAt();
    await rig.startAt(16);
    rig.node.head(16);
    await rig.runTo(17, 100);
    rig.node.head(17, { previousDutyDependentRoot: root(0x52) });
    await rig.settle();
    expect(rig.node.requestsFor('attester', 2)).toBe(2);
    await rig.runTo(18, 100);
    table(2, 0x52, [
      [20, 1],
      [21, 2],
      [22, 3],
    ]);
    rig.node.head(18);
    await rig.runTo(24);
    expect(rig.ran('attester')).toEqual(['20:1', '21:2', '22:3']);
  });
});

describe('the probe', () => {
  test('stream silent while roots change: the probe sees it', async () => {
    rigAt();
    await rig.startAt(18);
    rig.node.head(17);
    rig.node.dropStreams();
    rig.node.openHeadStream = () => undefined; // open, and silent for ever
    await rig.runTo(18, 6000);
    table(2, 0x52, [
      [18, 1],
      [21, 2],
      [23, 3],
    ]);
    await rig.runTo(24);
    expect(rig.linesOf('reorg')).toMatchObject([{ slot: 19 }]);
    expect(rig.ran('attester')).toEqual(['18:1', '21:2', '23:3']);
  });

  test('looks in the first, the middle and the last slot of an epoch, and leaves it at that while heads come', async () => {
    rigAt();
    await rig.startAt(16);
    for (let slot = 16; slot < 24; slot++) {
      await rig.runTo(slot, 100);
      rig.node.head(slot);
    }
    const probes = rig.node.requests.filter(({ method, indices }) => method === 'attester' && indices.length === 1);
    expect([...new Set(probes.map(({ at }) => at))]).toEqual([20, 23]);
  });
});

describe('heads and the hand-over', () => {
  test('head of slot−1 early in the slot triggers nothing', async () => {
    rigAt();
    await rig.startAt(16);
    await rig.runTo(18, 200);
    rig.node.head(17);
    await rig.runTo(18, 1000);
    expect(rig.ran('attester')).toEqual([]);
    await rig.runTo(18, DUE_POINT + 1);
    expect(rig.linesOf('duty-due').filter((line) => line.role === 'attester')).toMatchObject([
      { slot: 18, trigger: 'deadline', offsetMs: DUE_POINT },
    ]);
  });

  test('head of slot+1 before its tick triggers nothing of this slot, and counts in its own', async () => {
    rigAt();
    table(2, 3, [
      [18, 1],
      [19, 2],
    ]);
    await rig.startAt(16);
    await heads(16, 17);
    await rig.runTo(18, 500);
    rig.node.head(19);
    await rig.runTo(18, DUE_POINT - 1);
    expect(rig.ran('attester')).toEqual([]);
    await rig.runTo(19, 1);
    expect(
      rig
        .linesOf('duty-due')
        .filter((line) => line.role === 'attester')
        .map(({ slot, trigger, offsetMs }) => [slot, trigger, offsetMs]),
    ).toEqual([
      [18, 'deadline', DUE_POINT],
      [19, 'head', 0],
    ]);
  });

  test('head after the due point does not trigger a second time', async () => {
    rigAt();
    await rig.startAt(16);
    await rig.runTo(18, 6000);
    rig.node.head(18);
    await rig.runTo(19);
    expect(rig.ran('attester')).toEqual(['18:1']);
    expect(rig.ran('sync-committee').filter((duty) => duty.startsWith('18:'))).toEqual(['18:1', '18:2']);
  });
});

describe('the next sync committee', () => {
  test('is fetched again when the current root of two heads of one epoch differs, inside the preparation window', async () => {
    rigAt();
    await rig.startAt(20);
    rig.node.head(20);
    expect(rig.node.requestsFor('sync', 1)).toBe(1);
    rig.node.sync.set(1, [1, 3]);
    await rig.runTo(21, 100);
    table(3, 0x53, [
      [25, 1],
      [26, 2],
      [27, 3],
    ]);
    rig.node.head(21);
    await rig.settle();
    expect(
      rig
        .linesOf('duties-fetched')
        .filter((line) => line.role === 'sync-committee')
        .at(-1),
    ).toMatchObject({ period: 1, cause: 'reorg' });
    expect(rig.linesOf('duties-changed').filter((line) => line.role === 'sync-committee')).toMatchObject([
      { period: 1, added: [1], removed: [2] },
    ]);
    await rig.runTo(32);
    expect(rig.ran('sync-committee').filter((duty) => duty.startsWith('31:'))).toEqual(['31:1', '31:3']);
  });
});
