import { createActor, fromPromise, setup } from 'xstate';
import { expect, test } from 'vitest';
import { BeaconNodeError } from '../../machines/ports.js';
import type { DutyAnswer } from '../../machines/rules/duties.js';
import { tableFetchMachine, type DutiesRequest, type TableFetchInput } from '../../machines/table-fetch.machine.js';
import { VirtualClock } from '../../services/clock/virtual-clock.js';
import { testChain } from '../support/chain.js';

const chain = testChain();
const clockAt = (offsetMs: number) => new VirtualClock(chain.genesisTimeMs + offsetMs);

/** Starts a fetch whose requests all fail with a status; returns when they were sent, in ms since genesis. */
function fetchThatFails(clock: VirtualClock, status: number): number[] {
  const asked: number[] = [];
  const fetch = tableFetchMachine.provide({
    actors: {
      requestDuties: fromPromise<DutyAnswer, DutiesRequest>(() => {
        asked.push(clock.now() - chain.genesisTimeMs);
        return Promise.reject(new BeaconNodeError('http', `HTTP ${status}`, status));
      }),
    },
  });
  const input: TableFetchInput = {
    role: 'attester',
    generation: 1,
    chain,
    clock,
    random: () => 0.5,
    order: {
      target: 0,
      requestEpoch: 0,
      mode: 'full',
      cause: 'warm-up',
      asked: Uint32Array.of(1),
      endpointVersion: 1,
      requiredRoot: undefined,
      failures: 0,
    },
  };
  const role = setup({ actors: { fetch } }).createMachine({ invoke: { src: 'fetch', input } });
  createActor(role, { clock }).start();
  return asked;
}

test('after a "not yet" it leaves the next slot to the tick, and asks again half a slot later (§3)', async () => {
  const clock = clockAt(2000);
  const asked = fetchThatFails(clock, 400);
  await clock.advanceBy(2 * chain.slotDurationMs);
  expect(asked).toEqual([2000, 1.5 * chain.slotDurationMs]);
});

test('after any other failure it asks again within the slot (§3)', async () => {
  const clock = clockAt(2000);
  const asked = fetchThatFails(clock, 500);
  await clock.advanceBy(1000);
  expect(asked).toEqual([2000, 2250, 2650]);
});
