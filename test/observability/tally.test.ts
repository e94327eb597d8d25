import { describe, expect, test } from 'vitest';
import { EMPTY_TALLY, medianMargin, missed, tallied, triggerOf, underWay } from '../../src/observability/tally.js';
import { due, dueOffset, executed, line, STARTED, tallyOf } from '../cli/output/lines.js';

describe('what became of duties', () => {
  test('met, by what started them, in the whole run and in the epoch of their slot', () => {
    const tally = tallyOf(
      STARTED,
      due('attester', 7, 'head', 1, 2),
      executed('attester', 7, 300, 1, 2),
      due('attester', 8, 'deadline', 3),
      executed('attester', 8, 670, 3),
      due('attester', 7, 'late', 4),
      executed('attester', 7, 2500, 4),
    );
    expect(tally.total.attester).toMatchObject({ met: 4, metBy: { head: 2, deadline: 1, late: 1 } });
    expect(tally.epochs.get(0)?.attester).toMatchObject({ met: 3, metBy: { head: 2, late: 1 } });
    expect(tally.epochs.get(1)?.attester).toMatchObject({ met: 1, metBy: { deadline: 1 } });
    expect(tally.total.proposer.met).toBe(0);
    expect(underWay(tally)).toBe(0);
  });

  test('how early, but for those that were late', () => {
    const tally = tallyOf(
      STARTED,
      due('attester', 1, 'head', 1, 2),
      executed('attester', 1, 166, 1, 2),
      due('attester', 1, 'late', 3),
      executed('attester', 1, 1900, 3),
    );
    expect(tally.total.attester.margins).toEqual([{ ms: 500, duties: 2 }]);
  });

  test.each([
    ['genesis-slot', 0],
    ['before-validator-event', 0],
    ['participation-delay', 0],
    ['moved-after-claim', 0],
    ['added-by-reorg', 0],
    ['deadline-passed', 1],
  ] as const)('skipped for %s: %i missed', (reason, count) => {
    const skip = line({ type: 'duty-skipped', slot: 3, role: 'attester', validators: [1], reason });
    expect(missed(tallyOf(STARTED, skip).total.attester)).toBe(count);
  });

  test('an unknown due point costs the margin only', () => {
    const tally = tallied(
      tallyOf(STARTED, due('attester', 1, 'head', 1)),
      executed('attester', 1, 166, 1),
      () => undefined,
    );
    expect(tally.total.attester).toMatchObject({ met: 1, margins: [] });
  });

  test('two batches of one kind and slot are told apart by their validators', () => {
    const tally = tallyOf(
      STARTED,
      due('proposer', 3, 'slot-start', 1),
      due('proposer', 3, 'late', 2),
      executed('proposer', 3, 90, 2),
    );
    expect(tally.total.proposer.metBy).toEqual({ late: 1 });
    expect(triggerOf(tally, 'proposer', 3, 1)).toBe('slot-start');
    expect(triggerOf(tally, 'proposer', 3, 2)).toBeUndefined();
    expect(underWay(tally)).toBe(1);
  });

  test('the same duty in two slots is two', () => {
    const tally = tallyOf(
      STARTED,
      due('sync-committee', 3, 'head', 1),
      due('sync-committee', 4, 'deadline', 1),
      executed('sync-committee', 4, 670, 1),
    );
    expect(tally.total['sync-committee'].metBy).toEqual({ deadline: 1 });
    expect(underWay(tally)).toBe(1);
  });

  test('outcomes of one batch may come in several lines', () => {
    const tally = tallyOf(
      STARTED,
      due('attester', 3, 'head', 1, 2, 3, 4),
      line({ type: 'duty-cancelled', slot: 3, role: 'attester', validators: [1], reason: 'reorg' }, 3),
      executed('attester', 3, 400, 2),
      line({ type: 'duty-failed', slot: 3, role: 'attester', validators: [3], error: 'no signer' }, 3),
    );
    expect(tally.total.attester).toMatchObject({ met: 1, failed: 1, cancelled: { reorg: 1 } });
    expect(underWay(tally)).toBe(1);
  });

  test('deferred and skipped, by reason', () => {
    const tally = tallyOf(
      STARTED,
      line({ type: 'duty-deferred', slot: 3, role: 'attester', validators: [1, 2], reason: 'node-syncing' }, 3),
      line({ type: 'duty-skipped', slot: 3, role: 'attester', validators: [1], reason: 'node-syncing' }, 3),
      line({ type: 'duty-skipped', slot: 3, role: 'attester', validators: [2], reason: 'deadline-passed' }, 3),
      line({ type: 'duty-skipped', slot: 0, role: 'attester', validators: [3], reason: 'genesis-slot' }, 0),
    );
    const { attester } = tally.total;
    expect(attester.deferred).toEqual({ 'node-syncing': 2 });
    expect(attester.skipped).toEqual({ 'node-syncing': 1, 'deadline-passed': 1, 'genesis-slot': 1 });
    expect(missed(attester)).toBe(2);
  });

  test('it stays small: old epochs, batches without an outcome, margins and notable lines are forgotten', () => {
    let tally = tallyOf(STARTED);
    for (let slot = 0; slot < 400; slot++) {
      tally = tallied(tally, due('attester', slot, 'head', 1, 2), dueOffset);
      tally = tallied(tally, executed('attester', slot, 100, 1), dueOffset);
      tally = tallied(tally, line({ type: 'slots-skipped', from: slot, to: slot }, slot), dueOffset);
    }
    expect([...tally.epochs.keys()]).toEqual([47, 48, 49]);
    expect(tally.open.length).toBeLessThanOrEqual(25);
    expect(tally.total.attester.margins).toHaveLength(200);
    expect(tally.notable).toHaveLength(20);
    expect(tally.total.attester.met).toBe(400);
    expect(tally.slotsSkipped).toBe(400);
  });

  test('a line changes nothing of the tally before it', () => {
    const before = tallyOf(STARTED, due('attester', 1, 'head', 1));
    const copy = structuredClone(before);
    tallied(before, executed('attester', 1, 100, 1), dueOffset);
    expect(before).toEqual(copy);
    expect(EMPTY_TALLY.total.attester.met).toBe(0);
  });
});

describe('everything else', () => {
  test('fetches, re-orgs and nodes', () => {
    const fetched = {
      cause: 'warm-up',
      dependentRoot: null,
      requested: 1,
      received: 1,
      tookMs: 3,
      duties: [],
    } as const;
    const tally = tallyOf(
      line({ type: 'duties-fetched', role: 'attester', epoch: 0, ...fetched }),
      line({ type: 'duties-fetched', role: 'attester', epoch: 1, ...fetched }),
      line({ type: 'duties-fetched', role: 'sync-committee', period: 0, ...fetched }),
      line({ type: 'duties-fetch-failed', role: 'attester', epoch: 1, cause: 'retry', error: 'gone', retryInMs: 250 }),
      line({ type: 'duties-fetch-cancelled', role: 'attester', epoch: 1, cause: 'reorg' }),
      line({
        type: 'reorg',
        previousDependentRootChanged: true,
        currentDependentRootChanged: false,
        epochTransition: false,
        tables: [],
      }),
      line({ type: 'beacon-node', url: 'http://a', status: 'connected' }),
      line({ type: 'beacon-node', url: 'http://a', status: 'lost' }),
    );
    expect(tally).toMatchObject({
      fetched: { attester: 2, 'sync-committee': 1 },
      fetchesFailed: 1,
      fetchesCancelled: 1,
      reorgs: 1,
    });
    expect(tally.nodes).toEqual(new Map([['http://a', 'lost']]));
    expect(tally.notable.map(({ type }) => type)).toEqual([
      'duties-fetch-failed',
      'duties-fetch-cancelled',
      'reorg',
      'beacon-node',
      'beacon-node',
    ]);
  });

  test.each([
    [[], undefined],
    [[{ ms: 5, duties: 3 }], 5],
    [
      [
        { ms: 30, duties: 1 },
        { ms: 10, duties: 1 },
      ],
      20,
    ],
    [
      [
        { ms: -100, duties: 1 },
        { ms: 10, duties: 5 },
        { ms: 50, duties: 2 },
      ],
      10,
    ],
  ])('the median of %j is %s', (margins, median) => {
    expect(medianMargin(margins)).toBe(median);
  });
});
