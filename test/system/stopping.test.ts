import { expect, test } from 'vitest';
import type { DutyBatch } from '../../machines/ports.js';
import { createRig, type Rig } from '../support/rig.js';
import { journalText, recordedDataDir } from '../support/recorded-journal.js';
import { differenceText, replayText } from '../support/recorded-run.js';

/** Every duty takes so long, in ms. */
const EXECUTION_MS = 3000;

/** A rig in the middle of a slot's attestations, and what its executors heard while they were out. */
async function executing(dataDir?: string) {
  const signals = new Set<unknown>();
  const rig = createRig({
    ...(dataDir !== undefined && { scheduler: { dataDir } }),
    execute: (batch: DutyBatch, clock) =>
      new Promise((resolve) => {
        let isOut = true;
        for (const { signal } of batch.duties) {
          signal.addEventListener('abort', () => isOut && signals.add(signal.reason));
        }
        clock.setTimeout(() => {
          isOut = false;
          resolve(undefined);
        }, EXECUTION_MS);
      }),
  });
  await rig.start();
  await rig.runTo(20, 2000);
  return { rig, signals };
}

/** Validators whose attestation of a slot has an outcome. */
function attested(rig: Rig, slot: number): number {
  const lines = rig.linesOf('duty-executed').filter((line) => line.role === 'attester' && line.slot === slot);
  return lines.flatMap((line) => line.validators).length;
}

test('with a grace, what runs is finished and reported; nothing new begins', async () => {
  const { rig, signals } = await executing();
  const begun = rig.handedOver.length;
  const ours = rig.handedOver.filter(({ kind, slot }) => kind === 'attester' && slot === 20).length;
  expect(ours).toBeGreaterThan(0);
  expect(attested(rig, 20)).toBe(0);
  const stopped = rig.scheduler.stop('enough', { graceMs: 60_000 });
  await rig.clock.advanceBy(EXECUTION_MS);
  await stopped;
  expect(rig.handedOver.length).toBe(begun);
  expect(attested(rig, 20)).toBe(ours);
  expect(signals).toEqual(new Set());
  expect(rig.lines.at(-1)).toMatchObject({ type: 'scheduler-stopped', reason: 'enough' });
  await rig.devnet.stop();
  expect(rig.clock.pending).toBe(0);
});

test('what waits for its moment is not begun, however long an executor stays out', async () => {
  const begun: string[] = [];
  const rig = createRig({
    execute: ({ kind, slot }) => {
      begun.push(`${kind} ${slot}`);
      return new Promise(() => undefined);
    },
  });
  await rig.start();
  await rig.runTo(20, 300);
  const before = [...begun];
  expect(before).toContain('attester 19');
  expect(before).not.toContain('attester 20');
  const stopped = rig.scheduler.stop('enough', { graceMs: 60_000 });
  // The attestations of the slot would be due, and five more slots would tick.
  await rig.clock.advanceBy(60_000);
  await stopped;
  expect(begun).toEqual(before);
  await rig.devnet.stop();
});

test('when the grace is over, what still runs is told to stop', async () => {
  const { rig, signals } = await executing();
  const stopped = rig.scheduler.stop('enough', { graceMs: EXECUTION_MS / 3 });
  await rig.clock.advanceBy(EXECUTION_MS / 3);
  await stopped;
  expect(attested(rig, 20)).toBe(0);
  expect(signals).toEqual(new Set(['stopped']));
  await rig.devnet.stop();
});

test('a second stop without a grace ends the first at once, and names the reason', async () => {
  const { rig, signals } = await executing();
  const stopped = rig.scheduler.stop('enough', { graceMs: 60_000 });
  await rig.scheduler.stop('at once');
  await stopped;
  expect(signals).toEqual(new Set(['stopped']));
  expect(rig.linesOf('scheduler-stopped')).toMatchObject([{ reason: 'at once' }]);
  await rig.devnet.stop();
});

test('a grace is a time', async () => {
  const { rig } = await executing();
  for (const graceMs of [-1, NaN, Infinity]) {
    await expect(rig.scheduler.stop('enough', { graceMs })).rejects.toThrow('graceMs');
  }
  await rig.stop();
});

test('a stop with a grace is in the journal with its outcomes, and its replay decides the same', async () => {
  const dataDir = recordedDataDir();
  const { rig } = await executing(dataDir);
  const ours = rig.handedOver.filter(({ kind, slot }) => kind === 'attester' && slot === 20).length;
  const stopped = rig.scheduler.stop('enough', { graceMs: 12_000 });
  await rig.clock.advanceBy(EXECUTION_MS);
  await stopped;
  await rig.devnet.stop();
  expect(attested(rig, 20)).toBe(ours);
  const journal = journalText(dataDir);
  expect(journal).toContain('"scheduler-stopped"');
  const result = replayText(journal);
  expect(differenceText(result)).toBeUndefined();
  expect(result).toMatchObject({ starts: 1, gaps: [], slots: { last: 20 } });
  const executed = journal.split('\n').filter((line) => line.includes('"duty-executed"') && line.includes('"slot":20'));
  expect(executed.some((line) => line.includes('"attester"'))).toBe(true);
});
