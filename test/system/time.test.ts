import { afterEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../machines/ports.js';
import type { VirtualClock } from '../../services/clock/virtual-clock.js';
import { dutiesBetween, expectExactly, expectOnTime, handedOverBetween, nameOf } from '../support/oracle.js';
import { createRig, doubles, type Rig, type RigOptions } from '../support/rig.js';

// SPEC §1. Chain: 12 s slots, 8 per epoch, 4 epochs a period.
const SLOT = 12_000;

let rig: Rig;
afterEach(() => rig.stop());

/** Slots of the ticks that the machines saw. */
let ticks: number[];

async function startedRig(options: RigOptions = {}): Promise<Rig> {
  ticks = [];
  rig = createRig({
    ...options,
    scheduler: {
      ...options.scheduler,
      inspect: (inspected) => {
        if (inspected.type !== '@xstate.event' || inspected.event.type !== 'TICK') return;
        if (inspected.actorRef === rig.scheduler.actor)
          ticks.push((inspected.event as unknown as { slot: number }).slot);
      },
    },
  });
  await rig.start();
  return rig;
}

function slotNow(): number {
  return Math.floor((rig.clock.now() - 1_700_000_000_000) / SLOT);
}

/** Nothing was handed over that could no longer be of use, and nothing before its time. */
function expectNothingOutOfTime() {
  const wrong = rig.handedOver.filter(
    ({ kind, offsetMs }) => offsetMs < 0 || offsetMs >= (kind === 'attester' ? 8 : 1) * SLOT,
  );
  expect(wrong.map((duty) => `${nameOf(duty)} ${duty.offsetMs}`)).toEqual([]);
}

describe('a suspended machine', () => {
  test('skips the slots it slept through, says so, and queues nothing', async () => {
    await startedRig();
    await rig.runTo(20, 6000);
    rig.clock.jump(51 * SLOT);
    await rig.clock.advanceBy(1000);
    // It notices within a second, in the middle of slot 71.
    expect(rig.linesOf('slots-skipped')).toMatchObject([{ from: 21, to: 70 }]);
    expect(ticks.slice(-2)).toEqual([20, 71]);
    await rig.clock.advanceBy(1000);
    await rig.runTo(80, -1);
    expectNothingOutOfTime();
    expect(doubles(rig.handedOver, 8)).toEqual([]);
    expectExactly(rig, 71, 79);
    expectOnTime(rig, 72, 79);
    // Of the slots slept through only attestations within their deadline are made up.
    const madeUp = handedOverBetween(rig, 21, 70);
    expect(madeUp.map(nameOf).toSorted()).toEqual(dutiesBetween(rig.devnet.chain, 64, 70, ['attester']).toSorted());
    expect(madeUp.every(({ trigger }) => trigger === 'late')).toBe(true);
    // One request a table, however many epochs passed.
    const fetched = rig.linesOf('duties-fetched').filter((line) => line.slot === 71 && line.role === 'attester');
    expect(fetched.map((line) => `${'epoch' in line ? line.epoch : ''} ${line.cause}`).toSorted()).toEqual([
      '8 epoch-start',
      '9 look-ahead',
    ]);
  });

  test('for a single slot: its attestations are made up too', async () => {
    await startedRig();
    await rig.runTo(17, 6000);
    rig.clock.jump(SLOT);
    await rig.clock.advanceBy(SLOT);
    // It wakes up in slot 18, early enough for what is due there.
    expect(rig.linesOf('slots-skipped')).toEqual([]);
    await rig.runTo(24, -1);
    expectNothingOutOfTime();
    expectExactly(rig, 16, 23);
  });

  test('over a single slot: that is said, its attestations are made up, and the rest is told as missed', async () => {
    await startedRig();
    await rig.runTo(17, 6000);
    rig.clock.jump(2 * SLOT);
    await rig.clock.advanceBy(SLOT);
    expect(ticks.slice(-3)).toEqual([17, 19, 20]);
    expect(rig.linesOf('slots-skipped')).toMatchObject([{ from: 18, to: 18 }]);
    await rig.runTo(24, -1);
    expectNothingOutOfTime();
    expectExactly(rig, 16, 23, ['attester']);
    const told = rig.linesOf('duty-skipped').filter(({ slot }) => slot === 18);
    expect(new Set(told.map(({ role, reason }) => `${role} ${reason}`))).toEqual(
      new Set(
        dutiesBetween(rig.devnet.chain, 18, 18).flatMap((duty) => {
          const [kind] = duty.split(' ');
          return kind === 'attester' ? [] : [`${kind} deadline-passed`];
        }),
      ),
    );
  });

  test('for less than an epoch, into the same epoch: past attestations are made up, the rest is told as missed', async () => {
    await startedRig();
    await rig.runTo(17, 6000);
    rig.clock.jump(3 * SLOT);
    await rig.clock.advanceBy(SLOT);
    expect(rig.linesOf('slots-skipped')).toMatchObject([{ from: 18, to: 19 }]);
    await rig.runTo(24, -1);
    expectNothingOutOfTime();
    expectExactly(rig, 16, 23, ['attester']);
    expectExactly(rig, 20, 23);
    const told = rig.linesOf('duty-skipped').filter((line) => line.reason === 'deadline-passed');
    expect(
      told
        .flatMap(({ role, slot, validators }) => validators.map((validator) => nameOf({ kind: role, slot, validator })))
        .toSorted(),
    ).toEqual(
      dutiesBetween(rig.devnet.chain, 18, 19)
        .filter((duty) => !duty.startsWith('attester'))
        .toSorted(),
    );
  });

  test('with --late never: nothing of the past', async () => {
    await startedRig({ scheduler: { late: 'never' } });
    await rig.runTo(17, 6000);
    rig.clock.jump(3 * SLOT);
    await rig.runTo(24, -1);
    expect(handedOverBetween(rig, 18, 19)).toEqual([]);
    expectExactly(rig, 20, 23);
  });

  test('in the middle of an execution: its signal fires as soon as the machine is awake, if its deadline has passed', async () => {
    const fired: number[] = [];
    await startedRig({
      execute: (batch, clock) =>
        new Promise((resolve) => {
          if (batch.kind !== 'attester' || batch.slot !== 20) resolve(undefined);
          batch.duties[0]!.signal.addEventListener('abort', () => {
            if (batch.kind === 'attester' && batch.slot === 20) fired.push(clock.now());
          });
        }),
    });
    await rig.runTo(20, 6000);
    rig.clock.jump(600_000);
    const awake = rig.clock.now();
    await rig.clock.advanceBy(2 * SLOT);
    expect(fired).toHaveLength(1);
    expect(fired[0]! - awake).toBeLessThanOrEqual(1000);
  });

  test('across a period boundary: the new committee is on duty', async () => {
    await startedRig();
    await rig.runTo(17, 6000);
    rig.clock.jump(40 * SLOT);
    await rig.runTo(66, -1);
    expectExactly(rig, 58, 65);
    expectOnTime(rig, 59, 65);
  });
});

describe('a clock set back', () => {
  for (const [name, slots] of [
    ['half a slot', 0.5],
    ['one slot', 1],
    ['one epoch', 8],
  ] as const) {
    test(`by ${name}: no tick goes back, nothing runs twice, and all goes on when time has caught up`, async () => {
      await startedRig();
      await rig.runTo(20, 6000);
      rig.clock.jump(-slots * SLOT);
      await rig.runTo(32, -1);
      expect(ticks).toEqual(ticks.toSorted((a, b) => a - b));
      expect(new Set(ticks).size).toBe(ticks.length);
      expect(doubles(rig.handedOver, 8)).toEqual([]);
      expect(rig.linesOf('slots-skipped')).toEqual([]);
      expectExactly(rig, 22, 31);
      expectOnTime(rig, 22, 31);
      expect(ticks.at(-1)).toBe(slotNow());
    });
  }
});

describe('a clock set forward by less than a slot', () => {
  test('before the due point: duties without a head start at it all the same, and the next slot begins in time', async () => {
    await startedRig({ devnet: { validatorCount: 32, scenario: { missedShare: 1, lateShare: 0 } } });
    await rig.runTo(20, 500);
    rig.clock.jump(2000);
    await rig.runTo(32, -1);
    expect(rig.linesOf('slots-skipped')).toEqual([]);
    expectExactly(rig, 20, 31);
    expectOnTime(rig, 20, 31);
  });

  test('beyond the due point: duties start within a second, once', async () => {
    await startedRig();
    await rig.runTo(20, 100);
    rig.clock.jump(6000);
    await rig.runTo(32, -1);
    expectExactly(rig, 20, 31);
    expectOnTime(rig, 21, 31);
    const waiting = handedOverBetween(rig, 20, 20, ['attester', 'sync-committee']);
    expect(waiting.every(({ offsetMs }) => offsetMs <= 7100 + 10)).toBe(true);
  });

  test('into the next slot: its tick comes within a second, and nothing is skipped', async () => {
    await startedRig();
    await rig.runTo(20, 9000);
    rig.clock.jump(5000);
    await rig.runTo(32, -1);
    expect(rig.linesOf('slots-skipped')).toEqual([]);
    expectExactly(rig, 20, 31);
    expectOnTime(rig, 22, 31);
    const proposals = handedOverBetween(rig, 21, 21, ['proposer']);
    expect(proposals.every(({ offsetMs }) => offsetMs <= 2000 + 1000)).toBe(true);
  });

  test('during an execution: its signal fires at its deadline as the clock has it now', async () => {
    const fired: number[] = [];
    await startedRig({
      execute: (batch, clock) =>
        new Promise((resolve) => {
          if (batch.kind !== 'attester' || batch.slot !== 20) return resolve(undefined);
          batch.duties[0]!.signal.addEventListener('abort', () => {
            fired.push(clock.now() - batch.deadline);
            resolve(undefined);
          });
        }),
    });
    await rig.runTo(20, 6000);
    rig.clock.jump(5000);
    await rig.runTo(30);
    expect(fired).toEqual([0]);
  });
});

/** Timers that wake up a little before they should, as real ones may. */
function hasty(clock: VirtualClock, earlyMs: number): Clock {
  return {
    now: () => clock.now(),
    setTimeout: (callback, delayMs) => clock.setTimeout(callback, delayMs > 2 * earlyMs ? delayMs - earlyMs : delayMs),
    clearTimeout: (timer) => clock.clearTimeout(timer),
  };
}

test('a timer that wakes 5 ms early neither repeats nor loses a slot', async () => {
  await startedRig({ wrapClock: (clock) => hasty(clock, 5) });
  await rig.runTo(40, -1);
  expect(ticks).toEqual(Array.from({ length: 41 }, (_, i) => i - 1));
  expect(rig.linesOf('slots-skipped')).toEqual([]);
  expectExactly(rig, 0, 39);
  expectNothingOutOfTime();
  expect(handedOverBetween(rig, 1, 39, ['proposer']).every(({ offsetMs }) => offsetMs === 0)).toBe(true);
});

test('ticks do not drift: the thousandth comes at its slot’s very start', async () => {
  const offsets: number[] = [];
  await startedRig({ roles: ['proposer'], scheduler: { executors: { proposer: () => Promise.resolve() } } });
  rig.scheduler.on('duty-due', (line) => offsets.push(line.offsetMs));
  await rig.runTo(1001, -1);
  expect(ticks).toEqual(Array.from({ length: 1002 }, (_, i) => i - 1));
  expect(offsets).toEqual(Array.from({ length: 1000 }, () => 0));
});
