import { createActor, fromCallback, fromPromise, setup, type AnyActorRef } from 'xstate';
import { describe, expect, test } from 'vitest';
import { dutyExecutionMachine } from '../../machines/duty-execution.machine.js';
import type {
  CollectDataInput,
  CollectedData,
  ExecutionInput,
  HandOverCommand,
  HandOverInput,
} from '../../machines/duty-execution/execution-context.js';
import { attester } from '../../machines/roles/attester.js';
import { ClaimLedger } from '../../machines/rules/at-most-once.js';
import type { Duty } from '../../machines/rules/duties.js';
import type { Report } from '../../machines/rules/event-log.js';
import { VirtualClock } from '../../services/clock/virtual-clock.js';
import { testChain } from '../support/chain.js';

const chain = testChain();
const DUE_MS = 4000;
const SLOT_MS = chain.slotDurationMs;

function dutyOf(validatorIndex: number): Duty {
  const committee = { committeeIndex: 0, committeeLength: 1, committeesAtSlot: 1, validatorCommitteeIndex: 0 };
  return { validatorIndex, pubkey: `0x${validatorIndex}`, slot: 0, epoch: 0, ...committee };
}

/** A batch of one attestation of slot 0, as a role spawns it, and what becomes of it. */
function batchOf(changes: Partial<ExecutionInput>) {
  const clock = new VirtualClock(chain.genesisTimeMs);
  const reports: Report[] = [];
  const asked: number[] = [];
  const handedOver: number[] = [];
  const now = () => clock.now() - chain.genesisTimeMs;
  const batch = dutyExecutionMachine.provide({
    actions: { report: (_, { reports: said }) => void reports.push(...said) },
    actors: {
      collectData: fromPromise<CollectedData, CollectDataInput>(() => {
        asked.push(now());
        return Promise.resolve({ root: '0xab', executionOptimistic: false });
      }),
      handOver: fromCallback<HandOverCommand, HandOverInput>(() => void handedOver.push(now())),
    },
  });
  const kind = attester.kinds.find((candidate) => candidate.kind === 'attester')!;
  const input: ExecutionInput = {
    id: 'attester-0',
    kind,
    slot: 0,
    chain,
    clock,
    random: () => 0.5,
    claims: new ClaimLedger(),
    dataFetch: true,
    headGraceMs: 0,
    dueAt: chain.genesisTimeMs + DUE_MS,
    startBy: chain.genesisTimeMs + 8 * SLOT_MS,
    deadline: chain.genesisTimeMs + 8 * SLOT_MS,
    duties: [dutyOf(1)],
    late: false,
    head: undefined,
    unfit: undefined,
    stale: false,
    olderOnTheWay: false,
    ...changes,
  };
  const role = setup({ actors: { batch } }).createMachine({ invoke: { id: 'batch', src: 'batch', input } });
  const host = createActor(role, { clock });
  host.start();
  const ref = host.getSnapshot().children['batch'] as AnyActorRef;
  return { clock, ref, reports, asked, handedOver };
}

describe('a batch', () => {
  test('without a duty left ends at its due point: nothing is said to be due, and nothing is fetched', async () => {
    const { clock, ref, reports, asked, handedOver } = batchOf({});
    ref.send({ type: 'DUTIES', duties: [], stale: false, reason: 'validator-removed' });
    await clock.advanceBy(SLOT_MS);
    expect([reports, asked, handedOver]).toEqual([[], [], []]);
    expect(ref.getSnapshot()).toMatchObject({ value: 'done' });
  });

  test('is too late at the very start of its deadline slot, also for a timer that slept through a jump', async () => {
    const { clock, ref, reports, handedOver } = batchOf({ unfit: 'node-syncing' });
    await clock.advanceBy(DUE_MS);
    clock.jump(8 * SLOT_MS - DUE_MS);
    ref.send({ type: 'NODE_FITNESS', unfit: undefined });
    await clock.advanceBy(10);
    expect(handedOver).toEqual([]);
    expect(reports.map((line) => `${line.type} ${'reason' in line ? line.reason : ''}`)).toEqual([
      'duty-deferred node-syncing',
      'duty-skipped deadline-passed',
    ]);
  });

  test('that is held back tells of those that join it, and only then', async () => {
    const { clock, ref, reports } = batchOf({ unfit: 'node-syncing' });
    const update = (validators: readonly number[], stale = false) =>
      ref.send({ type: 'DUTIES', duties: validators.map(dutyOf), stale, reason: 'reorg' });
    update([1, 2]);
    await clock.advanceBy(DUE_MS);
    update([2, 3], true);
    update([2, 3]);
    update([2]);
    expect(reports.map((line) => [line.type, 'validators' in line && line.validators])).toEqual([
      ['duty-deferred', [1, 2]],
      ['duty-cancelled', [1]],
      ['duty-deferred', [3]],
      ['duty-cancelled', [3]],
    ]);
    ref.send({ type: 'NODE_FITNESS', unfit: undefined });
    await clock.advanceBy(0);
    // It has been handed over, and nobody joins it any more.
    expect(reports.slice(4)).toMatchObject([{ type: 'duty-due', validators: [2], trigger: 'late' }]);
  });

  for (const stepMs of [2500, -2500]) {
    test(`waits for its due point as the clock has it after a step of ${stepMs} ms`, async () => {
      const { clock, ref, handedOver } = batchOf({});
      await clock.advanceBy(1000);
      clock.jump(stepMs);
      ref.send({ type: 'CLOCK_STEPPED' });
      await clock.advanceBy(SLOT_MS);
      expect(handedOver).toEqual([DUE_MS]);
    });
  }

  test('waits in its grace, and for other data, as the clock has it after a step', async () => {
    const block = '0xcd';
    const { clock, ref, asked, handedOver } = batchOf({ headGraceMs: 1000 });
    ref.send({ type: 'HEAD', head: { slot: 0, block, at: clock.now(), node: 0 } });
    clock.jump(800);
    ref.send({ type: 'CLOCK_STEPPED' });
    await clock.advanceBy(500);
    expect(asked).toEqual([1000]);
    // The data is not of that head: it is asked for again at the due point.
    clock.jump(1500);
    ref.send({ type: 'CLOCK_STEPPED' });
    await clock.advanceBy(SLOT_MS);
    expect([asked, handedOver]).toEqual([[1000, DUE_MS], [DUE_MS]]);
  });

  test('a millisecond earlier is in time', async () => {
    const { clock, ref, handedOver } = batchOf({ unfit: 'node-syncing' });
    await clock.advanceBy(DUE_MS);
    clock.jump(8 * SLOT_MS - DUE_MS - 1);
    ref.send({ type: 'NODE_FITNESS', unfit: undefined });
    await clock.advanceBy(0);
    expect(handedOver).toEqual([8 * SLOT_MS - 1]);
  });
});
