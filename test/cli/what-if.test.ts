import { expect, test } from 'vitest';
import type { WhatIfResult } from '../../services/recording/what-if/what-if.js';
import { runInProcess } from '../support/in-process-command.js';
import { recordedRun } from '../support/recorded-journal.js';

async function whatIf(dataDir: string, supposition: string): Promise<WhatIfResult> {
  const { code, stdout, stderr } = await runInProcess(['replay', dataDir, '--what-if', supposition, '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as WhatIfResult;
}

test('a node that is down costs the duties that end with their slot, and delays the attestations', async () => {
  const dataDir = await recordedRun();
  const { slots, met, lost } = await whatIf(dataDir, 'node-down@28..29');
  expect(slots).toEqual({ first: 28, last: 39 });
  expect(met['attester']!.then).toBe(met['attester']!.before);
  expect(lost.length).toBeGreaterThan(0);
  expect(lost.every(({ slot }) => slot >= 28 && slot <= 30)).toBe(true);
  expect(new Set(lost.map(({ reason }) => reason))).toEqual(new Set(['node-unreachable']));
});

test('a re-org moves the duties of the next epoch, and loses none of this one', async () => {
  const dataDir = await recordedRun();
  const { lost, gained, met } = await whatIf(dataDir, 'reorg@27');
  expect(lost.every(({ slot, kind }) => slot >= 32 || kind === 'proposer')).toBe(true);
  expect(lost.some(({ kind }) => kind === 'attester')).toBe(true);
  expect(gained.some(({ kind }) => kind === 'attester')).toBe(true);
  expect(met['attester']!.then).toBeGreaterThan(0.9 * met['attester']!.before);
});

test('a supposition that cannot be is refused', async () => {
  const dataDir = await recordedRun();
  for (const [supposition, says] of [
    ['flood@3', '--what-if: "flood@3" is neither'],
    ['node-down@9..3', '--what-if: "node-down@9..3" is neither'],
    ['reorg@900', 'the recording does not go on behind slot 900'],
  ]) {
    const { code, stderr } = await runInProcess(['replay', dataDir, '--what-if', supposition!]);
    expect(code).toBe(2);
    expect(stderr).toContain(says);
  }
});
