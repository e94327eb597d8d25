import { afterEach, describe, expect, test } from 'vitest';
import { alteredNode } from '../support/altered-node.js';
import { dutiesOf, expectExactly, expectOnTime, handedOverBetween } from '../support/oracle.js';
import { createRig, type Rig, type RigOptions } from '../support/rig.js';

// SPEC §3 ("only validators the node knows are asked for") and §4. Chain: 12 s slots, 8 per epoch, statuses refreshed in
// slot 2 of an epoch, half a slot in; middle of the epoch: slot 4.
let rig: Rig;
afterEach(() => rig.stop());

/** Validators asked for, by role and epoch, in order; probes (a single validator) left out. */
let asked: {
  readonly at: number;
  readonly role: string;
  readonly epoch: number;
  readonly indices: readonly number[];
}[];

function slotNow(): number {
  return Math.floor((rig.clock.now() - 1_700_000_000_000) / 12_000);
}

function rigWith(options: RigOptions): Rig {
  asked = [];
  rig = createRig({
    ...options,
    wrapNode: (node) =>
      alteredNode(node, {
        getAttesterDuties(epoch, indices, signal) {
          asked.push({ at: slotNow(), role: 'attester', epoch, indices: [...indices] });
          return node.getAttesterDuties(epoch, indices, signal);
        },
        getSyncCommitteeDuties(epoch, indices, signal) {
          asked.push({ at: slotNow(), role: 'sync-committee', epoch, indices: [...indices] });
          return node.getSyncCommitteeDuties(epoch, indices, signal);
        },
      }),
  });
  return rig;
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

function slotsOf(validator: number, kind: 'attester' | 'sync-committee'): number[] {
  return rig.handedOver.filter((duty) => duty.validator === validator && duty.kind === kind).map((duty) => duty.slot);
}

describe('a validator that waits for its activation', () => {
  test('is asked for the epoch of its activation, ahead of it, and not before', async () => {
    rigWith({ validators: upTo(33) });
    const { index } = rig.devnet.chain.addValidator({ activationEligibilityEpoch: 0, activationEpoch: 4 });
    await rig.start();
    await rig.runTo(48, -1);
    const requests = asked.filter(({ role, indices }) => role === 'attester' && indices.includes(index));
    expect(requests[0]).toMatchObject({ at: 28, epoch: 4 });
    const ahead = rig.linesOf('duties-fetched').filter((line) => line.role === 'attester' && line.epoch === 4);
    expect(ahead).toMatchObject([{ slot: 28, cause: 'look-ahead', requested: 33, received: 33 }]);
    // Active since epoch 4, it is not asked for in the table of epoch 3, which stays open for late attestations.
    expect(requests.filter(({ epoch }) => epoch < 4)).toEqual([]);
    expect(slotsOf(index, 'attester').map((slot) => Math.floor(slot / 8))).toEqual([4, 5]);
    expectExactly(rig, 0, 47, ['attester']);
    expectOnTime(rig, 0, 47);
  });

  test('and whose activation is set late is merged into the table that is there already (§4)', async () => {
    rigWith({ validators: upTo(33) });
    const { index } = rig.devnet.chain.addValidator({ activationEligibilityEpoch: 0, activationEpoch: Infinity });
    await rig.start();
    // Epoch 3 is fetched in slot 20; the statuses are asked for in slots 18 and 26.
    await rig.runTo(21);
    rig.devnet.chain.validators.activate(index, 3, 0);
    await rig.runTo(32, -1);
    const merged = rig.linesOf('duties-fetched').filter((line) => line.cause === 'validators-changed');
    expect(merged.filter((line) => line.role === 'attester' && line.epoch === 3)).toMatchObject([
      { slot: 26, requested: 1, received: 1 },
    ]);
    expect(merged.every((line) => line.requested === 1)).toBe(true);
    expect(rig.linesOf('validators-changed')).toMatchObject([{ cause: 'STATUS_CHANGED', added: [index], removed: [] }]);
    await rig.runTo(48, -1);
    // It was known in slot 26: from then on nothing is missed, and nothing runs twice.
    expectExactly(rig, 32, 47, ['attester']);
  });
});

describe('a validator that leaves', () => {
  test('attests until its exit epoch, and is no longer asked for after it', async () => {
    rigWith({ validators: upTo(32) });
    rig.devnet.chain.exitValidator(7, 3);
    await rig.start();
    await rig.runTo(64, -1);
    expect(slotsOf(7, 'attester').map((slot) => Math.floor(slot / 8))).toEqual([0, 1, 2]);
    const last = asked.filter(({ role }) => role === 'attester').at(-1)!;
    expect(last.indices).not.toContain(7);
    expectExactly(rig, 0, 63, ['attester']);
  });

  test('still serves the sync committee it was chosen for: asked for up to a period after its exit (§4)', async () => {
    const member = 4;
    rigWith({ validators: upTo(32) });
    rig.devnet.chain.exitValidator(member, 1);
    await rig.start();
    await rig.runTo(30, -1);
    expect(rig.devnet.chain.syncCommittee(0)).toContain(member);
    expect(slotsOf(member, 'sync-committee')).toEqual(upTo(30));
    await rig.runTo(80, -1);
    const epochs = asked
      .filter(({ role, indices }) => role === 'sync-committee' && indices.includes(member))
      .map(({ epoch }) => epoch);
    expect(Math.max(...epochs)).toBeLessThan(8);
    expect(Math.max(...epochs)).toBeGreaterThanOrEqual(4);
  });

  test('slashed, has no duties to attest or propose any more', async () => {
    rigWith({ validators: upTo(32) });
    await rig.start();
    await rig.runTo(9);
    rig.devnet.chain.slashValidator(3);
    await rig.runTo(64, -1);
    const epochs = slotsOf(3, 'attester').map((slot) => Math.floor(slot / 8));
    expect(Math.max(...epochs)).toBeLessThanOrEqual(2);
  });
});

describe('a validator the node does not know', () => {
  test('is asked for once in the slot of the start, like everyone', async () => {
    rigWith({ validators: upTo(33) });
    await rig.start();
    await rig.runTo(0, -1);
    expect(rig.node.count('getValidators')).toBe(1);
    await rig.runTo(1, -1);
    expect(rig.node.count('getValidators')).toBe(2);
  });

  test('is warned of once, asked for again in every slot, and never sent in a request for duties', async () => {
    rigWith({ validators: upTo(33) });
    await rig.start();
    await rig.runTo(10, 6000);
    const warned = rig.diagnostics.filter(({ message }) => message.includes('not on the chain yet'));
    expect(warned).toMatchObject([{ level: 'warn', message: expect.stringContaining('32') as string }]);
    expect(rig.node.count('getValidators')).toBeGreaterThanOrEqual(12);
    expect(asked.every(({ indices }) => !indices.includes(32))).toBe(true);
    expectExactly(rig, 0, 9);

    // Its deposit is processed: it is known, then active.
    rig.devnet.chain.addValidator({ activationEligibilityEpoch: 0, activationEpoch: 4 });
    await rig.runTo(48, -1);
    expect(slotsOf(32, 'attester').map((slot) => Math.floor(slot / 8))).toEqual([4, 5]);
    expectExactly(rig, 0, 47, ['attester']);
  });

  test('by pubkey: the same', async () => {
    rigWith({ validators: [0, 1] });
    const { pubkey, index } = rig.devnet.chain.validators.at(5);
    await rig.stop();
    rigWith({ validators: [0, 1, pubkey, `0x${'ab'.repeat(48)}`] });
    await rig.start();
    await rig.runTo(8, -1);
    expect(slotsOf(index, 'attester')).toHaveLength(1);
    expect(
      rig.diagnostics.filter(({ message }) => message.includes('1 validator(s) not on the chain yet')),
    ).toHaveLength(1);
  });
});

describe('no eligible validator', () => {
  test('no request, and the need stays open: the first to become eligible is fetched for', async () => {
    rigWith({ validators: [32] });
    await rig.start();
    await rig.runTo(10);
    expect(asked).toEqual([]);
    expect(rig.node.count('getProposerDuties')).toBe(0);
    expect(rig.handedOver).toEqual([]);
    expect(rig.scheduler.snapshot()?.roles['attester']?.schedule).toBe('warming-up');
    rig.devnet.chain.addValidator({ activationEligibilityEpoch: 0, activationEpoch: 2 });
    await rig.runTo(32, -1);
    expect(slotsOf(32, 'attester').map((slot) => Math.floor(slot / 8))).toEqual([2, 3]);
    expect(rig.scheduler.snapshot()?.roles['attester']?.schedule).toBe('scheduled');
  });

  test('an empty list of validators is calm', async () => {
    rigWith({ validators: [] });
    await rig.start();
    await rig.runTo(40, -1);
    expect(asked).toEqual([]);
    expect(rig.diagnostics.filter(({ level }) => level !== 'info')).toEqual([]);
    expect(rig.linesOf('scheduler-started')).toMatchObject([{ validators: 0 }]);
  });
});

test('validators cannot be looked up at first: asked again with a growing pause, then all runs', async () => {
  rigWith({ startSlot: 18 });
  rig.node.fail('getValidators', 3, 503);
  await rig.start();
  await rig.runTo(20, -1);
  expectExactly(rig, 18, 19);
  expect(rig.diagnostics.filter(({ message }) => message.startsWith('validators cannot be looked up'))).toHaveLength(3);
  expect(
    handedOverBetween(rig, 18, 18).every(
      (duty) => duty.kind === 'attester' || duty.kind === 'sync-committee' || duty.trigger === 'late',
    ),
  ).toBe(true);
});

test('in the steady state one epoch costs one request per role and table (§3)', async () => {
  rigWith({});
  await rig.start();
  await rig.runTo(32, -1);
  const [attester, proposer, sync] = (
    ['getAttesterDuties', 'getProposerDuties', 'getSyncCommitteeDuties'] as const
  ).map((method) => rig.node.count(method));
  await rig.runTo(40, -1);
  // Three probes of two requests each (first, middle and last slot) beside the table.
  expect(rig.node.count('getAttesterDuties') - attester!).toBe(1 + 3 * 2);
  expect(rig.node.count('getProposerDuties') - proposer!).toBe(1);
  expect(rig.node.count('getSyncCommitteeDuties') - sync!).toBe(1);
  expect(dutiesOf(rig.devnet.chain, 33).length).toBeGreaterThan(0);
});
