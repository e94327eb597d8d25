import { expect, test } from 'vitest';
import { createRig, doubles } from '../support/rig.js';

test('steady state: one request a table, one hand-over a duty', async () => {
  const rig = createRig();
  await rig.start();
  await rig.runTo(80, 0);
  const spe = 8;
  expect(doubles(rig.handedOver, spe)).toEqual([]);
  for (let epoch = 0; epoch < 10; epoch++) {
    const attested = rig.handedOver.filter((h) => h.kind === 'attester' && Math.floor(h.slot / spe) === epoch);
    expect(attested.length).toBe(32);
    const withoutHead = attested.filter((duty) => duty.trigger !== 'head');
    // The genesis block is no event: slot 0 runs at its due point.
    expect(withoutHead.filter((duty) => duty.slot > 0)).toEqual([]);
  }
  const wrong = rig.linesOf('duty-skipped').filter((l) => l.reason !== 'genesis-slot');
  expect(wrong).toEqual([]);
  expect(
    rig.linesOf('duties-fetched').map((l) => `${l.slot} ${l.role} ${'epoch' in l ? l.epoch : l.period} ${l.cause}`),
  ).toMatchInlineSnapshot(`
    [
      "-1 attester 0 warm-up",
      "-1 proposer 0 warm-up",
      "-1 sync-committee 0 warm-up",
      "0 sync-committee 0 epoch-start",
      "4 attester 1 look-ahead",
      "4 proposer 1 look-ahead",
      "8 sync-committee 0 epoch-start",
      "12 attester 2 look-ahead",
      "12 proposer 2 look-ahead",
      "16 sync-committee 0 epoch-start",
      "20 attester 3 look-ahead",
      "20 proposer 3 look-ahead",
      "20 sync-committee 1 look-ahead",
      "24 sync-committee 0 epoch-start",
      "24 sync-committee 1 epoch-start",
      "28 attester 4 look-ahead",
      "28 proposer 4 look-ahead",
      "32 sync-committee 1 epoch-start",
      "36 attester 5 look-ahead",
      "36 proposer 5 look-ahead",
      "40 sync-committee 1 epoch-start",
      "44 attester 6 look-ahead",
      "44 proposer 6 look-ahead",
      "48 sync-committee 1 epoch-start",
      "52 attester 7 look-ahead",
      "52 proposer 7 look-ahead",
      "52 sync-committee 2 look-ahead",
      "56 sync-committee 1 epoch-start",
      "56 sync-committee 2 epoch-start",
      "60 attester 8 look-ahead",
      "60 proposer 8 look-ahead",
      "64 sync-committee 2 epoch-start",
      "68 attester 9 look-ahead",
      "68 proposer 9 look-ahead",
      "72 sync-committee 2 epoch-start",
      "76 attester 10 look-ahead",
      "76 proposer 10 look-ahead",
    ]
  `);
  expect(rig.linesOf('reorg')).toEqual([]);
  await rig.stop();
});
