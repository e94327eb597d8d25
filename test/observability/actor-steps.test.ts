import { assign, createActor, fromPromise, setup } from 'xstate';
import { expect, test } from 'vitest';
import type { SchedulerActor } from '../../services/actors/scheduler-logic.js';
import { watchSteps } from '../../src/observability/actor-steps.js';
import type { ActorStep } from '../../src/observability/reports.js';

const fetching = setup({ actors: { request: fromPromise<void>(() => new Promise(() => undefined)) } }).createMachine({
  id: 'fetch',
  initial: 'requesting',
  states: { requesting: { invoke: { src: 'request' } } },
});

const root = setup({ actors: { fetching } }).createMachine({
  id: 'root',
  context: { count: 0 },
  type: 'parallel',
  states: {
    schedule: {
      initial: 'resting',
      states: {
        resting: { on: { FETCH: 'fetching' } },
        fetching: { invoke: { id: 'fetch-1', src: 'fetching' }, on: { REORG: 'resting' } },
      },
    },
    other: { on: { COUNT: { actions: assign({ count: 1 }) } } },
  },
});

test('an actor that appears, moves and is aborted; what leaves the states as they are is no step', () => {
  const actor = createActor(root, { id: 'root' }).start();
  const steps: ActorStep[] = [];
  const stop = watchSteps(
    actor as unknown as SchedulerActor,
    () => 7,
    (step) => steps.push(step),
  );
  actor.send({ type: 'COUNT' });
  expect(steps).toEqual([]);
  actor.send({ type: 'FETCH' });
  actor.send({ type: 'REORG' });
  const told = steps
    .filter(({ chart }) => chart !== null)
    .map(({ name, step, event, to }) => `${name} ${step} ${event} ${[...to].sort().join()}`);
  expect(told).toContain('root moved FETCH other,schedule,schedule.fetching');
  expect(told).toContain('fetch-1 started  ');
  expect(told).toContain('fetch-1 stopped xstate.stop requesting');
  expect(told).toContain('root moved REORG other,schedule,schedule.resting');
  expect(steps.every(({ time }) => time === 7)).toBe(true);
  stop();
  const before = steps.length;
  actor.send({ type: 'FETCH' });
  expect(steps.length).toBe(before);
});
