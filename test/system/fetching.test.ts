import { afterEach, describe, expect, test } from 'vitest';
import { BeaconNodeError } from '../../machines/ports.js';
import type { EventLine } from '../../machines/rules/event-log.js';
import type { NodeMethod } from '../../src/devnet/index.js';
import { expectExactly, expectOnTime, handedOverBetween } from '../support/oracle.js';
import { createRig, type Rig, type RigOptions } from '../support/rig.js';

// SPEC §3 on the virtual clock. Chain: 12 s slots, 8 per epoch, 4 epochs a period. Epoch 2 is slots 16–23, its middle 20;
// period 1 begins with slot 32, and is served from slot 31 on.
const DUTIES: readonly NodeMethod[] = ['getAttesterDuties', 'getProposerDuties', 'getSyncCommitteeDuties'];
const EVERYTHING: readonly NodeMethod[] = [
  ...DUTIES,
  'getSyncStatus',
  'getValidators',
  'getAttestationData',
  'getHeadRoot',
  'subscribeBeaconCommittees',
  'subscribeSyncCommittees',
  'openHeadStream',
];

let rig: Rig;
afterEach(() => rig.stop());

async function startedRig(options: RigOptions = {}): Promise<Rig> {
  rig = createRig(options);
  await rig.start();
  return rig;
}

function goAway() {
  for (const method of EVERYTHING)
    rig.node.fail(method, Infinity, new BeaconNodeError('unreachable', `${method}: refused`));
  rig.node.dropStreams();
}

function comeBack() {
  rig.node.heal();
}

type FetchLine = Extract<EventLine, { type: 'duties-fetched' | 'duties-fetch-failed' }>;

function fetched(from: number): string[] {
  return rig
    .linesOf('duties-fetched')
    .filter((line) => line.slot >= from)
    .map(tableOf);
}

function tableOf(line: FetchLine): string {
  return `${line.role} ${'epoch' in line ? line.epoch : line.period} ${line.cause}`;
}

describe('a fetch that hangs (§3 "fetching never delays executing")', () => {
  test('for E+1 and P+1, through the whole second half of an epoch, no duty starts later than without it', async () => {
    await startedRig();
    await rig.runTo(20, -1);
    for (const method of DUTIES) rig.node.hang(method);
    await rig.runTo(24, -1);

    expect(rig.node.underWay).toBeGreaterThanOrEqual(3);
    expect(fetched(20)).toEqual([]);
    expectExactly(rig, 16, 23);
    expectOnTime(rig, 16, 23);
    for (const kind of ['proposer', 'aggregator', 'sync-committee-contribution'] as const) {
      expect(handedOverBetween(rig, 20, 23, [kind]).map((duty) => duty.offsetMs)).toSatisfy((all: number[]) =>
        all.every((ms) => ms === 0),
      );
    }
    const failed = rig.linesOf('duties-fetch-failed').map((line) => `${line.slot} ${tableOf(line)}`);
    expect(failed).toContain('21 attester 3 look-ahead');
    expect(failed).toContain('21 proposer 3 look-ahead');
    expect(failed).toContain('21 sync-committee 1 look-ahead');
  });

  test('for E itself, the last table serves until the answer comes, and what is late is made up in the slot', async () => {
    await startedRig();
    await rig.runTo(20, -1);
    for (const method of DUTIES) rig.node.hang(method);
    await rig.runTo(24, -1);
    comeBack();
    await rig.runTo(26, -1);
    expectExactly(rig, 16, 25);
    expect(handedOverBetween(rig, 24, 24, ['proposer'])[0]).toMatchObject({ trigger: 'late' });
    expectOnTime(rig, 25, 25);
  });
});

describe('a fetch that fails', () => {
  for (const [role, method] of [
    ['attester', 'getAttesterDuties'],
    ['proposer', 'getProposerDuties'],
    ['sync-committee', 'getSyncCommitteeDuties'],
  ] as const) {
    test(`twice at the start is retried within the slot (§3 "retried inside the slot"): ${role}`, async () => {
      rig = createRig({ startSlot: 18, scheduler: { random: () => 0 } });
      rig.node.fail(method, 2);
      await rig.start();
      await rig.runTo(19, -1);
      const target = role === 'sync-committee' ? 0 : 2;
      const failed = rig.linesOf('duties-fetch-failed');
      expect(failed.map((line) => `${tableOf(line)} ${line.retryInMs}`)).toEqual([
        `${role} ${target} warm-up 225`,
        `${role} ${target} retry 360`,
      ]);
      const got = rig.linesOf('duties-fetched').filter((line) => line.role === role);
      expect(got.map(tableOf)).toEqual([`${role} ${target} retry`]);
      expect(got[0]!.time - failed[0]!.time).toBeLessThan(225 + 360 + 50);
      expectExactly(rig, 18, 18);
    });
  }

  test('pauses 250 ms × 1.6, ±10 %, never longer than a slot, and asks in every slot', async () => {
    for (const [random, factor] of [
      [0, 0.9],
      [0.5, 1],
      [0.999_999, 1.1],
    ] as const) {
      rig = createRig({ startSlot: 18, roles: ['proposer'], scheduler: { random: () => random } });
      rig.node.fail('getProposerDuties');
      await rig.start();
      await rig.runTo(22, -1);
      const failed = rig.linesOf('duties-fetch-failed').filter((line) => line.role === 'proposer' && line.epoch === 2);
      const pauses = failed.map((line) => line.retryInMs);
      const expected = pauses.map((_, i) => Math.min(12_000, Math.round(250 * 1.6 ** i * factor)));
      expect(pauses.length).toBeGreaterThan(8);
      for (const [i, pause] of pauses.entries()) expect(Math.abs(pause - expected[i]!)).toBeLessThanOrEqual(1);
      for (const slot of [19, 20, 21]) {
        expect(failed.some((line) => line.slot === slot)).toBe(true);
      }
      await rig.stop();
    }
  });

  test('with a 400 ("not yet") is asked again at the next tick, and not before', async () => {
    rig = createRig({ startSlot: 18, roles: ['sync-committee'] });
    rig.node.fail('getSyncCommitteeDuties', 1, 400);
    await rig.start();
    await rig.runTo(19, -1);
    expect(rig.node.count('getSyncCommitteeDuties')).toBe(1);
    const [failed] = rig.linesOf('duties-fetch-failed');
    expect(failed!.time + failed!.retryInMs).toBe(1_700_000_000_000 + 19 * 12_000);
    await rig.runTo(19, 100);
    expect(fetched(19)).toEqual(['sync-committee 0 retry']);
  });

  test('through the whole second half of an epoch does not lose the next (§3 "one failed fetch never costs an epoch")', async () => {
    await startedRig();
    await rig.runTo(20, -1);
    for (const method of DUTIES) rig.node.fail(method, Infinity, 503);
    await rig.runTo(25, -1);
    expectExactly(rig, 16, 23);
    const pauses = rig.linesOf('duties-fetch-failed').map((line) => line.retryInMs);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(12_000);
    comeBack();
    await rig.runTo(32, -1);
    expect(fetched(24)).toEqual(
      expect.arrayContaining(['attester 3 retry', 'proposer 3 retry', 'sync-committee 1 retry']),
    );
    // Attestations of the slot that was missed are made up; a proposal cannot be.
    expectExactly(rig, 24, 24, ['attester']);
    expect(handedOverBetween(rig, 24, 24, ['attester']).every((duty) => duty.trigger === 'late')).toBe(true);
    expect(handedOverBetween(rig, 24, 24, ['proposer'])).toEqual([]);
    expect(rig.linesOf('duty-skipped').filter((line) => line.role === 'proposer' && line.slot === 24)).toMatchObject([
      { reason: 'deadline-passed' },
    ]);
    // The sync committee's table was only to be verified: it stayed valid.
    expectExactly(rig, 24, 24, ['sync-committee']);
    expectExactly(rig, 25, 31);
  });

  test('for one table does not hold up another (§3: separate actors)', async () => {
    await startedRig();
    await rig.runTo(20, -1);
    rig.node.hang('getSyncCommitteeDuties');
    await rig.runTo(20, 200);
    expect(fetched(20)).toEqual(['attester 3 look-ahead', 'proposer 3 look-ahead']);
  });
});

describe('a period boundary in an outage', () => {
  test('the duties of the new period run as soon as the node is back, and are subscribed', async () => {
    await startedRig();
    await rig.runTo(18, 9000);
    goAway();
    await rig.runTo(33, 6000);
    expect(fetched(19)).toEqual([]);
    expect(handedOverBetween(rig, 19, 33, ['sync-committee'])).toEqual([]);
    const before = rig.node.syncCommitteeSubscriptions.length;
    comeBack();
    await rig.runTo(34, -1);

    expectExactly(rig, 33, 33, ['sync-committee', 'sync-committee-contribution']);
    expect(handedOverBetween(rig, 33, 33).every((duty) => duty.trigger === 'late')).toBe(true);
    const sent = rig.node.syncCommitteeSubscriptions.slice(before);
    expect(sent.map((entry) => entry.untilEpoch)).toSatisfy(
      (all: number[]) => all.includes(8) && all.every((epoch) => epoch === 8),
    );
    expect(rig.linesOf('beacon-node').map((line) => line.status)).toEqual(['connected', 'lost', 'connected']);
    await rig.runTo(40, -1);
    expectExactly(rig, 34, 39);
    expectOnTime(rig, 35, 39);
  });

  test('before it, the current committee serves without a gap until the next one takes over (§3)', async () => {
    await startedRig();
    await rig.runTo(20, -1);
    rig.node.fail('getSyncCommitteeDuties', Infinity, 500);
    await rig.runTo(31, -1);
    expectExactly(rig, 20, 30, ['sync-committee', 'sync-committee-contribution']);
    comeBack();
    await rig.runTo(33, -1);
    expectExactly(rig, 31, 32, ['sync-committee', 'sync-committee-contribution']);
  });
});
