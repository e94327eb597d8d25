import { expect, test } from 'vitest';
import { ClockOffset } from '../../src/observability/clock-offset.js';

const HOUR = 3_600_000 * 480_000;

/** Answers every 137 ms of a node whose clock is ahead by so much; each takes 4 ms and is dated in its middle. */
function answers(offset: ClockOffset, aheadMs: number, count: number, fromMs = HOUR): void {
  for (let i = 0; i < count; i++) {
    const sentAt = fromMs + i * 137;
    const date = new Date(Math.floor((sentAt + 2 + aheadMs) / 1000) * 1000).toUTCString();
    offset.take({ date, sentAt, endedAt: sentAt + 4 });
  }
}

test.each([0, 40, -40, 700, -2500, 86_400_000])('a clock that is %i ms ahead is found to a few ms', (aheadMs) => {
  const offset = new ClockOffset();
  answers(offset, aheadMs, 60);
  expect(Math.abs(offset.ms! - aheadMs)).toBeLessThan(10);
});

test('a clock that is set is followed, from answers since then', () => {
  const offset = new ClockOffset();
  answers(offset, 0, 60);
  answers(offset, 5000, 30, HOUR + 60 * 137);
  expect(Math.abs(offset.ms! - 5000)).toBeLessThan(60);
});

test('answers without a date, or with none that can be, tell nothing', () => {
  const offset = new ClockOffset();
  offset.take({ date: undefined, sentAt: 0, endedAt: 1 });
  offset.take({ date: 'yesterday', sentAt: 0, endedAt: 1 });
  expect(offset.ms).toBeUndefined();
});
