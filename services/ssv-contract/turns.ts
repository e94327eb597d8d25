import { setImmediate } from 'node:timers/promises';

/** Does the same with many items, a few in each turn of the event loop, so that nothing else has to wait for all of them. */
export async function inTurns<T>(items: Iterable<T>, perTurn: number, work: (item: T) => void): Promise<void> {
  let left = perTurn;
  for (const item of items) {
    if (left === 0) {
      await setImmediate();
      left = perTurn;
    }
    work(item);
    left--;
  }
}
