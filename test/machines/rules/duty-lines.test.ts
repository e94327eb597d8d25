import { describe, expect, it } from 'vitest';
import {
  cancelledLine,
  deferredLine,
  dueLine,
  executedLine,
  failedLine,
  skippedLines,
  validatorsOf,
} from '../../../machines/rules/duty-lines.js';
import type { ProposerDuty } from '../../../machines/rules/duties.js';
import { pubkeyOf } from '../../support/validators.js';

const batch = { kind: { kind: 'sync-committee' }, slot: 18 } as const;
const duties = [10, 9, 100].map((validatorIndex): ProposerDuty => ({
  validatorIndex,
  pubkey: pubkeyOf(validatorIndex),
  slot: 18,
  epoch: 2,
}));
const name = { slot: 18, role: 'sync-committee' };
const validators = [9, 10, 100];

describe('lines of a batch (SPEC §10)', () => {
  it('name validators in ascending order', () => {
    expect(validatorsOf(duties)).toEqual(validators);
    expect(validatorsOf([])).toEqual([]);
  });

  it('carry exactly the fields of the event log, with the slot of the duty', () => {
    expect(dueLine(batch, duties, 'deadline', 166)).toEqual({
      type: 'duty-due',
      ...name,
      validators,
      trigger: 'deadline',
      offsetMs: 166,
    });
    expect(deferredLine(batch, duties, 'node-syncing')).toEqual({
      type: 'duty-deferred',
      ...name,
      validators,
      reason: 'node-syncing',
    });
    expect(cancelledLine(batch, duties, 'reorg')).toEqual({
      type: 'duty-cancelled',
      ...name,
      validators,
      reason: 'reorg',
    });
    expect(executedLine(batch, [9], 170, 4)).toEqual({
      type: 'duty-executed',
      ...name,
      validators: [9],
      offsetMs: 170,
      tookMs: 4,
    });
    expect(failedLine(batch, [10], 'no')).toEqual({ type: 'duty-failed', ...name, validators: [10], error: 'no' });
  });

  it('are one for each reason to skip', () => {
    const skipped = new Map([
      ['deadline-passed', [1, 2]],
      ['genesis-slot', [3]],
    ] as const);
    expect(skippedLines(batch, skipped)).toEqual([
      { type: 'duty-skipped', ...name, validators: [1, 2], reason: 'deadline-passed' },
      { type: 'duty-skipped', ...name, validators: [3], reason: 'genesis-slot' },
    ]);
    expect(skippedLines(batch, new Map())).toEqual([]);
  });
});
