import { afterEach, describe, expect, test } from 'vitest';
import { createScriptedRig, type ScriptedRig } from '../support/scripted-rig.js';
import { root } from '../support/scripted-node.js';

// SPEC §5, heads against probes. Chain: 8 slots an epoch, 4 epochs a period, 12 s a slot; validators 1, 2, 3. Probes
// look in the first, the middle and the last slot of an epoch: 16, 20, 23, 24, 28, 31.
type Role = 'attester' | 'sync-committee';

let rig: ScriptedRig;
afterEach(() => rig.stop());

async function started(role: Role, slot: number): Promise<ScriptedRig> {
  rig = createScriptedRig({ scheduler: { roles: [role] } });
  for (let epoch = 0; epoch < 8; epoch++) rootOf(epoch, epoch + 1);
  rig.node.sync.set(0, [1, 2]).set(1, [2, 3]);
  await rig.startAt(slot);
  return rig;
}

/** Names an epoch's root; its duties stay as they are. */
function rootOf(epoch: number, rootNumber: number) {
  const first = epoch * 8;
  rig.node.attester.set(epoch, {
    root: root(rootNumber),
    duties: [
      [first + 2, 1],
      [first + 4, 2],
      [first + 6, 3],
    ],
  });
}

async function head(slot: number, offsetMs: number, roots: Parameters<ScriptedRig['node']['head']>[1] = {}) {
  await rig.runTo(slot, offsetMs);
  rig.node.head(slot, roots);
  await rig.settle();
}

const fetchesOfNextCommittee = () =>
  rig.linesOf('duties-fetched').flatMap((line) => ('period' in line && line.period === 1 ? [line.cause] : []));

describe('a re-org', () => {
  test('that a probe has told of is not told again by the head that follows', async () => {
    await started('attester', 20);
    for (const slot of [20, 21, 22]) await head(slot, 100);
    rootOf(3, 0x53);
    await rig.runTo(23, 50);
    await head(23, 100);
    expect(rig.linesOf('reorg')).toMatchObject([
      { slot: 23, currentDependentRootChanged: true, tables: [{ role: 'attester', epoch: 3 }] },
    ]);
  });

  test('is not what a probe alone makes of roots that the heads go on to name as before', async () => {
    await started('sync-committee', 20);
    for (const slot of [20, 21, 22]) await head(slot, 100);
    rootOf(3, 0x53);
    for (const slot of [23, 24])
      await head(slot, 100, {
        currentDutyDependentRoot: root(slot === 23 ? 4 : 5),
        previousDutyDependentRoot: root(slot === 23 ? 3 : 4),
      });
    expect(rig.node.requests.filter(({ method, at }) => method === 'attester' && at >= 23)).not.toEqual([]);
    expect(rig.linesOf('reorg')).toEqual([]);
    expect(fetchesOfNextCommittee()).toEqual(['look-ahead', 'epoch-start']);
  });
});

test('identical duties settle a pair of roots, also where the node’s own probe answers agree with its duties', async () => {
  await started('attester', 19);
  await head(19, 100);
  await head(20, 100);
  // From the tick of slot 20 on the probe has named the root that the table carries; heads name another.
  rootOf(3, 0x60);
  await rig.runTo(28, -1);
  await rig.runTo(28, 50);
  for (const slot of [28, 29, 30, 31]) await head(slot, 100, { previousDutyDependentRoot: root(0x61) });
  const asked = rig.node.requests.filter(
    ({ method, target, indices, at }) => method === 'attester' && target === 3 && indices.length > 1 && at >= 28,
  );
  expect(asked.map(({ at }) => at)).toEqual([28]);
});

describe('the next sync committee is fetched again', () => {
  test('when a probe saw the new root before the head did', async () => {
    await started('sync-committee', 20);
    for (const slot of [20, 21, 22]) await head(slot, 100);
    rootOf(3, 0x53);
    await rig.runTo(23, 50);
    await head(23, 100);
    expect(fetchesOfNextCommittee()).toEqual(['look-ahead', 'reorg']);
  });

  test('when two heads of one epoch differ, with a head of the epoch before between them', async () => {
    await started('sync-committee', 20);
    await head(20, 100);
    await head(21, 100);
    rig.node.head(15);
    rootOf(3, 0x53);
    await head(22, 100);
    expect(fetchesOfNextCommittee()).toEqual(['look-ahead', 'reorg']);
  });

  test('in the last slot of the period, in which it is on duty already', async () => {
    await started('sync-committee', 28);
    for (const slot of [28, 29, 30]) await head(slot, 100);
    rig.node.sync.set(1, [1, 3]);
    rootOf(4, 0x54);
    await head(31, 100);
    expect(fetchesOfNextCommittee()).toEqual(['look-ahead', 'reorg']);
    await rig.runTo(33, -1);
    expect(rig.ran('sync-committee').filter((duty) => duty.startsWith('32:'))).toEqual(['32:1', '32:3']);
  });

  test('while its first fetch is under way: that one is aborted', async () => {
    await started('sync-committee', 17);
    rig.node.hold = (method, target) => method === 'sync' && target === 1;
    for (const slot of [17, 18, 19, 20]) await head(slot, 100);
    expect(rig.node.held).toHaveLength(1);
    rootOf(3, 0x53);
    await head(20, 200);
    expect(rig.node.held.map((request) => request.aborted())).toEqual([true, false]);
    expect(rig.linesOf('duties-fetch-cancelled')).toMatchObject([{ role: 'sync-committee', period: 1 }]);
  });
});

test('a head after one missed slot triggers: its stream is not being reopened just then', async () => {
  await started('attester', 16);
  await head(18, 100);
  await head(20, 200);
  expect(rig.diagnostics.filter(({ message }) => message.includes('no event'))).toEqual([]);
  const due = rig.linesOf('duty-due').filter(({ role }) => role === 'attester');
  expect(due).toMatchObject([
    { slot: 18, trigger: 'head', offsetMs: 100 },
    { slot: 20, trigger: 'head', offsetMs: 200 },
  ]);
});

test('while the stream lives, probes look in the first, the middle and the last slot of an epoch (§5)', async () => {
  const probed: number[] = [];
  rig = createScriptedRig({ scheduler: { roles: ['attester'] } });
  for (let epoch = 0; epoch < 8; epoch++) rootOf(epoch, epoch + 1);
  const { getAttesterDuties } = rig.node;
  rig.node.getAttesterDuties = (epoch, indices, signal) => {
    if (indices.length === 1) probed.push(Math.floor((rig.clock.now() - 1_700_000_000_000) / 12_000));
    return getAttesterDuties.call(rig.node, epoch, indices, signal);
  };
  await rig.startAt(14);
  for (let slot = 15; slot < 33; slot++) await head(slot, 1000);
  // Two epochs are asked about each time.
  expect(probed.filter((slot) => slot > 15)).toEqual([16, 20, 23, 24, 28, 31, 32].flatMap((slot) => [slot, slot]));
});
