import { afterEach, describe, expect, test } from 'vitest';
import type { DutySchedulerEvent } from '../../src/duty-scheduler.js';
import { createScriptedRig, type ScriptedRig, type ScriptedRigOptions } from '../support/scripted-rig.js';
import { root } from '../support/scripted-node.js';

// SPEC §8 (and §4). Chain: 8 slots an epoch, 12 s a slot. Validator v attests in slot (v mod 8) of every epoch.

let rig: ScriptedRig;
afterEach(() => rig.stop());

function rigAt(options: ScriptedRigOptions = {}): ScriptedRig {
  rig = createScriptedRig(options);
  for (let epoch = 0; epoch < 10; epoch++) {
    const duties = Array.from({ length: 16 }, (_, validator) => [epoch * 8 + (validator % 8), validator] as const);
    rig.node.attester.set(epoch, { root: root(epoch + 1), duties });
    rig.node.proposer.set(epoch, { root: root(epoch + 1), duties: duties.slice(0, 8) });
  }
  rig.node.sync.set(0, [1, 4, 6]).set(1, [1, 4, 6]).set(2, [1]);
  return rig;
}

async function heads(from: number, to: number) {
  for (let slot = from; slot <= to; slot++) {
    await rig.runTo(slot, 100);
    rig.node.head(slot);
  }
  await rig.settle();
}

function pubkey(index: number): string {
  return `0x${index.toString(16).padStart(96, '0')}`;
}

async function tell(event: DutySchedulerEvent) {
  rig.scheduler.send(event);
  await rig.settle();
}

function known(...indices: number[]) {
  for (const index of indices) rig.node.addRecord(index);
}

/** Requests since the last look, as `method target: indices`; probes aside. */
let looked = 0;
function requests(): string[] {
  const news = rig.node.requests
    .slice(looked)
    .map(({ method, target, indices }) => `${method} ${target}: ${indices.join(' ')}`);
  looked = rig.node.requests.length;
  return news;
}

describe('a validator is added', () => {
  test('index change in the last slot of an epoch: both epochs are completed, only for the new index', async () => {
    rigAt();
    await rig.startAt(20);
    await heads(20, 23);
    looked = rig.node.requests.length;
    known(8);
    await tell({ type: 'VALIDATOR_ADDED', validators: [{ id: pubkey(8) }] });
    expect(requests()).toEqual(['attester 2: 8', 'attester 3: 8', 'sync 0: 8', 'sync 1: 8']);
    expect(rig.linesOf('validators-changed')).toMatchObject([{ cause: 'VALIDATOR_ADDED', added: [8], removed: [] }]);
    expect(rig.linesOf('duties-fetched').slice(-4)).toMatchObject([
      { role: 'attester', epoch: 2, cause: 'validators-changed', requested: 1, received: 1 },
      { role: 'attester', epoch: 3, cause: 'validators-changed', requested: 1, received: 1 },
      { role: 'sync-committee', period: 0, cause: 'validators-changed', requested: 1, received: 0 },
      { role: 'sync-committee', period: 1, cause: 'validators-changed', requested: 1, received: 0 },
    ]);
    await heads(24, 31);
    expect(rig.ran('attester').filter((duty) => duty.startsWith('24:'))).toEqual(['24:8']);
    expect(rig.ran('attester').filter((duty) => duty > '24')).toEqual(['24:8', '25:1', '26:2', '27:3']);
  });

  test('full fetch in flight when a validator is added: it goes on, and what it misses follows once', async () => {
    rigAt();
    rig.node.hold = (method, target) => method === 'attester' && target === 3;
    await rig.startAt(18);
    await heads(18, 20);
    expect(rig.node.held.length).toBe(1);
    looked = rig.node.requests.length;
    known(12, 13);
    await tell({ type: 'VALIDATOR_ADDED', validators: [{ id: pubkey(12) }] });
    await tell({ type: 'VALIDATOR_ADDED', validators: [{ id: pubkey(13) }] });
    expect(rig.node.held[0]!.aborted()).toBe(false);
    rig.node.hold = undefined;
    rig.node.held[0]!.answer();
    await rig.settle();
    expect(requests().filter((request) => request.startsWith('attester 3'))).toEqual(['attester 3: 12 13']);
    await heads(21, 31);
    expect(rig.ran('attester').filter((duty) => duty > '24')).toEqual(['25:1', '26:2', '27:3', '28:12', '29:13']);
  });

  test('the first change fetches at once, what arrives meanwhile joins in one follow-up a table', async () => {
    rigAt();
    await rig.startAt(17);
    await heads(17, 17);
    rig.node.hold = (method) => method === 'attester';
    looked = rig.node.requests.length;
    known(10, 12, 13, 14);
    // A probe for one validator is never held: the first change is two validators.
    await tell({ type: 'VALIDATOR_ADDED', validators: [{ id: pubkey(10) }, { id: pubkey(12) }] });
    await tell({ type: 'VALIDATOR_ADDED', validators: [{ id: pubkey(13) }] });
    await tell({ type: 'VALIDATOR_ADDED', validators: [{ id: pubkey(14) }] });
    rig.node.held.at(-1)!.answer();
    await rig.settle();
    rig.node.held.at(-1)!.answer();
    await rig.settle();
    expect(requests().filter((request) => request.startsWith('attester'))).toEqual([
      'attester 2: 10 12',
      'attester 2: 13 14',
    ]);
    rig.node.hold = undefined;
    await heads(18, 23);
    expect(rig.ran('attester')).toEqual(['17:1', '18:2', '18:10', '19:3', '20:12', '21:13', '22:14']);
  });

  test('proposals of the new one are known already: no request, and they run', async () => {
    rigAt();
    await rig.startAt(16);
    await heads(16, 17);
    looked = rig.node.requests.length;
    known(5);
    await tell({ type: 'VALIDATOR_ADDED', validators: [{ id: pubkey(5) }] });
    expect(requests().filter((request) => request.startsWith('proposer'))).toEqual([]);
    await heads(18, 23);
    expect(rig.ran('proposer')).toEqual(['17:1', '18:2', '19:3', '21:5']);
  });

  test('zero validators, then the first: nothing is asked before, everything at once after', async () => {
    rigAt({ validators: [] });
    await rig.startAt(17);
    await heads(17, 18);
    expect(rig.node.requests).toEqual([]);
    known(4);
    await tell({ type: 'VALIDATOR_ADDED', validators: [{ id: pubkey(4) }] });
    expect(rig.linesOf('duties-fetched')).toMatchObject([
      { role: 'attester', epoch: 2, cause: 'validators-changed' },
      { role: 'proposer', epoch: 2, cause: 'validators-changed' },
      { role: 'sync-committee', period: 0, cause: 'validators-changed' },
    ]);
    await heads(19, 23);
    expect(rig.ran('attester')).toEqual(['20:4']);
  });

  test('it never runs slots from before its event, unless lateAfterReactivation is set', async () => {
    for (const lateAfterReactivation of [false, true]) {
      rigAt({ scheduler: { late: 'always', lateAfterReactivation } });
      await rig.startAt(20);
      await heads(20, 20);
      looked = rig.node.requests.length;
      known(9);
      await tell({ type: 'VALIDATOR_ADDED', validators: [{ id: pubkey(9) }] });
      const mine = rig.ran('attester').filter((duty) => duty.endsWith(':9'));
      expect(mine).toEqual(lateAfterReactivation ? ['17:9'] : []);
      const skipped = rig.linesOf('duty-skipped').filter(({ validators }) => validators.includes(9));
      expect(skipped.map(({ role, slot, reason }) => [role, slot, reason])).toEqual(
        lateAfterReactivation ? [['attester', 9, 'deadline-passed']] : [['attester', 17, 'before-validator-event']],
      );
      // The table of epoch 1 is completed only if the new one may still run duties in it.
      expect(requests().includes('attester 1: 9')).toBe(lateAfterReactivation);
      await rig.stop();
    }
  });

  test('participationDelayEpochs counts from the event and delays execution, not fetching', async () => {
    rigAt({ scheduler: { participationDelayEpochs: 1 } });
    await rig.startAt(17);
    await heads(17, 17);
    known(12);
    await tell({ type: 'VALIDATOR_ADDED', validators: [{ id: pubkey(12) }] });
    expect(rig.linesOf('duties-fetched').at(-1)).toMatchObject({ cause: 'validators-changed' });
    await heads(18, 31);
    expect(rig.ran('attester').filter((duty) => duty.endsWith(':12'))).toEqual(['28:12']);
    expect(rig.linesOf('duty-skipped').filter(({ role }) => role === 'attester')).toMatchObject([
      { slot: 20, validators: [12], reason: 'participation-delay' },
    ]);
  });

  test('a key that the node does not know yet is asked for in every slot', async () => {
    rigAt();
    await rig.startAt(17);
    await tell({ type: 'VALIDATOR_ADDED', validators: [{ id: pubkey(12) }] });
    await heads(17, 20);
    expect(rig.linesOf('validators-changed')).toEqual([]);
    known(12);
    await heads(21, 31);
    expect(rig.linesOf('validators-changed')).toMatchObject([{ cause: 'VALIDATOR_ADDED', added: [12], slot: 21 }]);
    // Its event was in slot 17: the attestation of slot 20 is made up.
    expect(rig.ran('attester').filter((duty) => duty.endsWith(':12'))).toEqual(['20:12', '28:12']);
  });
});

describe('a validator leaves', () => {
  test('removed and re-added after its duty ran: never twice', async () => {
    rigAt();
    await rig.startAt(16);
    await heads(16, 18);
    expect(rig.ran('attester')).toEqual(['17:1', '18:2']);
    await tell({ type: 'VALIDATOR_REMOVED', ids: [pubkey(2)] });
    expect(rig.linesOf('validators-changed')).toMatchObject([{ cause: 'VALIDATOR_REMOVED', added: [], removed: [2] }]);
    await tell({ type: 'VALIDATOR_ADDED', validators: [{ id: pubkey(2) }] });
    await heads(19, 26);
    expect(rig.ran('attester')).toEqual(['17:1', '18:2', '19:3', '25:1', '26:2']);
    expect(rig.linesOf('duty-skipped').filter(({ role }) => role === 'attester')).toEqual([]);
  });

  test('all removed and re-added in one epoch: the rest of the epoch runs', async () => {
    rigAt();
    await rig.startAt(16);
    await heads(16, 17);
    await tell({ type: 'VALIDATOR_REMOVED', ids: ['1', '2', '3'] });
    expect(rig.scheduler.duties(18).attester).toEqual([]);
    await heads(18, 18);
    await tell({ type: 'VALIDATOR_ADDED', validators: [1, 2, 3].map((index) => ({ id: pubkey(index) })) });
    await heads(19, 26);
    // Back before the due point of slot 18, validator 2 is in time for it.
    expect(rig.ran('attester')).toEqual(['17:1', '18:2', '19:3', '25:1', '26:2']);
    expect(rig.ran('proposer').filter((duty) => duty < '24')).toEqual(['17:1', '18:2', '19:3']);
  });

  test('a liquidated cluster: its duties leave the tables at once, running ones are cancelled; reactivated, they are back', async () => {
    rigAt({ execute: (_batch, clock) => new Promise((resolve) => clock.setTimeout(() => resolve(undefined), 3000)) });
    await rig.startAt(16);
    await heads(16, 18);
    const running = rig.batches.find(({ kind, slot }) => kind === 'attester' && slot === 18)!;
    looked = rig.node.requests.length;
    await tell({ type: 'CLUSTER_LIQUIDATED', ids: [pubkey(2), pubkey(3)] });
    expect(running.duties[0]!.signal.aborted).toBe(true);
    expect(rig.linesOf('duty-cancelled').filter(({ role }) => role === 'attester')).toMatchObject([
      { slot: 18, validators: [2], reason: 'validator-removed' },
    ]);
    expect(requests()).toEqual([]);
    await heads(19, 20);
    expect(rig.ran('attester')).toEqual(['17:1', '18:2']);
    expect(rig.ran('proposer')).toEqual(['17:1', '18:2']);
    await tell({ type: 'CLUSTER_REACTIVATED', ids: [pubkey(2), pubkey(3)] });
    expect(rig.linesOf('validators-changed')).toMatchObject([
      { cause: 'CLUSTER_LIQUIDATED', removed: [2, 3] },
      { cause: 'CLUSTER_REACTIVATED', added: [2, 3] },
    ]);
    await heads(21, 27);
    expect(rig.ran('attester')).toEqual(['17:1', '18:2', '25:1', '26:2', '27:3']);
  });

  test('removed or liquidated while it is looked up: the late answer does not bring it back', async () => {
    rigAt();
    await rig.startAt(17);
    known(12, 13);
    const { getValidators } = rig.node;
    let answer: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (answer = resolve));
    rig.node.getValidators = async (ids) => {
      const records = await getValidators(ids);
      await asked;
      return records;
    };
    await tell({ type: 'VALIDATOR_ADDED', validators: [{ id: pubkey(12) }, { id: pubkey(13) }] });
    await tell({ type: 'VALIDATOR_REMOVED', ids: [pubkey(12)] });
    await tell({ type: 'CLUSTER_LIQUIDATED', ids: [pubkey(13)] });
    rig.node.getValidators = getValidators;
    answer();
    await rig.settle();
    await heads(18, 31);
    expect(rig.linesOf('validators-changed').flatMap(({ added }) => added)).toEqual([]);
    expect(rig.ran('attester').filter((duty) => /:1[23]$/.test(duty))).toEqual([]);
    await tell({ type: 'CLUSTER_REACTIVATED', ids: [pubkey(13)] });
    expect(rig.linesOf('validators-changed').flatMap(({ added }) => added)).toEqual([13]);
  });

  test('an exit in the contract: its status is asked for at once', async () => {
    rigAt({ validators: [1, 4] });
    await rig.startAt(17);
    await heads(17, 17);
    rig.node.addRecord(4, { status: 'exited_unslashed', exitEpoch: 2 });
    await tell({ type: 'VALIDATOR_EXITED', ids: [pubkey(4)] });
    expect(rig.linesOf('validators-changed')).toMatchObject([
      { cause: 'VALIDATOR_EXITED', slot: 17, added: [], removed: [] },
      { cause: 'STATUS_CHANGED', slot: 17, added: [], removed: [4] },
    ]);
    await heads(18, 31);
    expect(rig.ran('attester').filter((duty) => duty > '24')).toEqual(['25:1']);
  });

  test('removed while its table is being fetched: the answer does not bring it back', async () => {
    rigAt();
    rig.node.hold = (method, target) => method === 'attester' && target === 3;
    await rig.startAt(19);
    await heads(19, 20);
    await tell({ type: 'VALIDATOR_REMOVED', ids: ['2'] });
    rig.node.held[0]!.answer();
    await rig.settle();
    rig.node.hold = undefined;
    await heads(21, 31);
    expect(rig.ran('attester').filter((duty) => duty > '24')).toEqual(['25:1', '27:3']);
  });
});

describe('statuses', () => {
  test('validator activating exactly at E+1 is foreseen: asked for when E+1 is fetched', async () => {
    rigAt({ validators: [1, 9] });
    rig.node.addRecord(9, { status: 'pending_queued', activationEpoch: 3 });
    await rig.startAt(17);
    await heads(17, 20);
    expect(rig.linesOf('duties-fetched').filter(({ role }) => role === 'attester')).toMatchObject([
      { epoch: 2, requested: 1 },
      { epoch: 3, requested: 2, received: 2 },
    ]);
    await heads(21, 25);
    expect(rig.ran('attester').filter((duty) => duty > '24')).toEqual(['25:1', '25:9']);
  });

  test('an activation that is announced later is merged into the tables', async () => {
    rigAt({ validators: [1, 9] });
    rig.node.addRecord(9, { status: 'pending_initialized', activationEpoch: Infinity });
    await rig.startAt(20);
    await heads(20, 25);
    rig.node.addRecord(9, { status: 'pending_queued', activationEpoch: 4 });
    await heads(26, 31);
    expect(rig.linesOf('validators-changed')).toMatchObject([{ cause: 'STATUS_CHANGED', added: [9], removed: [] }]);
    await heads(32, 33);
    expect(rig.ran('attester').filter((duty) => duty > '32')).toEqual(['33:1', '33:9']);
  });

  test('validator exited but still in the sync committee goes on there, and attests no more', async () => {
    rigAt({ validators: [1, 4] });
    await rig.startAt(16);
    await heads(16, 17);
    rig.node.addRecord(4, { status: 'exited_unslashed', exitEpoch: 2 });
    await heads(18, 32);
    expect(rig.linesOf('validators-changed')).toMatchObject([{ cause: 'STATUS_CHANGED', added: [], removed: [4] }]);
    expect(rig.ran('sync-committee').filter((duty) => duty.endsWith(':4')).length).toBe(17);
    expect(rig.ran('attester').filter((duty) => duty > '24')).toEqual(['25:1']);
  });
});

describe('subscriptions', () => {
  test('past duty in a subscription list: slots that are over are left out', async () => {
    rigAt();
    await rig.startAt(18);
    expect(rig.node.beaconSubscriptions[0]!.map(({ slot }) => slot)).toEqual([18, 19]);
    known(9, 12);
    await tell({ type: 'VALIDATOR_ADDED', validators: [{ id: pubkey(9) }, { id: pubkey(12) }] });
    expect(rig.node.beaconSubscriptions[1]!.map(({ slot, validatorIndex }) => [slot, validatorIndex])).toEqual([
      [20, 12],
    ]);
  });
});
