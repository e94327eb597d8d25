import { HttpRefusal } from './refusal.js';

/** The answer while the beacon node has not said yet what chain it is on. */
export function notStarted(): HttpRefusal {
  return new HttpRefusal(503, 'the scheduler has not started: it waits for the beacon node', { 'retry-after': '2' });
}
