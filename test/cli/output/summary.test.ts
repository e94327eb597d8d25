import { describe, expect, test } from 'vitest';
import { summaryLines, troubleText, verdict } from '../../../src/cli/output/summary.js';
import { EMPTY_TALLY } from '../../../src/observability/tally.js';
import { due, executed, line, STARTED, tallyOf } from './lines.js';

const GENESIS = line({ type: 'duty-skipped', slot: 0, role: 'proposer', validators: [9], reason: 'genesis-slot' });

describe('the summary', () => {
  test('says that all duties were met; slot 0 has no proposal to miss', () => {
    const tally = tallyOf(STARTED, GENESIS, due('attester', 1, 'head', 1, 2), executed('attester', 1, 166, 1, 2));
    expect(verdict(tally)).toBe('All 2 duties were met.');
    expect(troubleText(tally)).toBe('');
    expect(summaryLines(tally, 65_000)).toEqual([
      'Ran 1 min 5 s, slots 0 to 1, 64 validators.',
      'All 2 duties were met.',
      '',
      '                  met at start by head  at due   late missed            median',
      'attester            2        ·       2       0      0      0      500 ms early',
      'aggregator          0        0       ·       ·      0      0                 ·',
      'proposer            0        0       ·       ·      0      0                 ·',
      'sync-committee      0        ·       0       0      0      0                 ·',
      'contribution        0        0       ·       ·      0      0                 ·',
      '',
      'Skipped    genesis-slot: proposer 1 (slot 0 has no proposal)',
      'Failed     none',
      'Cancelled  none',
      'Deferred   none',
      'Fetches    0, 0 failed, 0 cancelled',
      'Re-orgs    0',
    ]);
  });

  test('names what was not met, and why', () => {
    const skip = (role: 'attester' | 'aggregator', ...validators: number[]) =>
      line({ type: 'duty-skipped', slot: 3, role, validators, reason: 'node-syncing' }, 3);
    const tally = tallyOf(
      STARTED,
      skip('attester', 1, 2),
      skip('aggregator', 1),
      line({ type: 'duty-skipped', slot: 3, role: 'attester', validators: [5], reason: 'data-unavailable' }, 3),
      line({ type: 'duty-failed', slot: 3, role: 'proposer', validators: [7], error: 'no signer' }, 3),
      due('attester', 4, 'late', 3),
      executed('attester', 4, 2100, 3),
      due('attester', 4, 'head', 4),
    );
    expect(verdict(tally)).toBe('1 of 6 duties were met (1 of them late, 1 under way when it stopped), 5 were not.');
    expect(troubleText(tally)).toBe('skipped 4 (node-syncing 3, data-unavailable 1), failed 1');
    expect(summaryLines(tally, 0)).toEqual(
      expect.arrayContaining([
        'Skipped    node-syncing: attester 2, aggregator 1',
        '           data-unavailable: attester 1',
        'Failed     proposer 1',
      ]),
    );
  });

  test('of a scheduler that never started', () => {
    expect(summaryLines(EMPTY_TALLY, 7000)).toEqual(['Stopped after 7 s; the scheduler had not started.']);
    expect(verdict(EMPTY_TALLY)).toBe('No duty came due.');
  });
});
