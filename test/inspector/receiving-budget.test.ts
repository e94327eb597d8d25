import { expect, it } from 'vitest';
import { ReceivingBudget } from '../../src/inspector/receiving-budget.js';

it('a peer may send so much at once, and so much a second', () => {
  let now = 0;
  const budget = new ReceivingBudget({ atOnce: 1000, perSecond: 100 }, () => now);
  expect([budget.take(600), budget.take(400), budget.take(1)]).toEqual([true, true, false]);
  now = 5000;
  expect([budget.take(501), budget.take(500), budget.take(1)]).toEqual([false, true, false]);
  now = 1e9;
  expect([budget.take(1001), budget.take(1000)]).toEqual([false, true]);
});
