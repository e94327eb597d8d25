import { expect, test } from 'vitest';
import { HistoryLines } from '../../../src/cli/output/history-lines.js';

test('the history is told of every five seconds, and when it is in', () => {
  const said: string[] = [];
  const lines = new HistoryLines((message) => said.push(message));
  const step = (elapsedMs: number, block: number, done = false) =>
    lines.take({ fromBlock: 100, block, toBlock: 299, logs: 7, elapsedMs, done });
  step(1000, 110);
  step(5000, 149);
  step(6000, 160);
  step(10_000, 199);
  step(12_000, 299, true);
  expect(said).toEqual([
    'history of the SSV contract: block 149 of 299, 7 events, 10 blocks/s, 15 s left',
    'history of the SSV contract: block 199 of 299, 7 events, 10 blocks/s, 10 s left',
    'history of the SSV contract read up to block 299: 7 events in 12 s',
  ]);
});
