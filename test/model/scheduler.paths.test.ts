import { expect, test } from 'vitest';
import { ROLE_DEFINITIONS } from '../../machines/roles/index.js';
import { ROLES } from '../../machines/rules/duties.js';
import { createSchedulerMachine } from '../../machines/scheduler.machine.js';
import { testEveryTransition } from './chart-coverage.js';
import { NodesRehearsal } from './nodes-rehearsal.js';
import { NODES_EVENTS, nodesSpec } from './nodes-spec.js';
import { playPaths } from './play-paths.js';
import { SchedulerRehearsal } from './scheduler-rehearsal.js';
import { SCHEDULER_EVENTS, schedulerSpec } from './scheduler-spec.js';
import { TakenTransitions } from './taken-transitions.js';

const taken = new TakenTransitions();

playPaths(
  'the parent',
  schedulerSpec,
  SCHEDULER_EVENTS,
  () => new SchedulerRehearsal(taken.inspect),
  (rehearsal, { value }, after) => {
    expect(rehearsal.state, after).toEqual(value);
    expect(rehearsal.abreast, after).toEqual(ROLES.filter((role) => value[role] === 'running'));
  },
);

test.each(ROLES)('while %s is away, failed below, a head is for the others', async (role) => {
  const rehearsal = new SchedulerRehearsal(taken.inspect);
  await rehearsal.start();
  for (const type of [`crash below ${role}`, 'head'] as const) await rehearsal.play({ type });
  expect(rehearsal.state).toMatchObject({ [role]: 'restarting' });
  expect(rehearsal.told).toEqual([expect.stringMatching(`^${role}: the role crashed and is restarted: `)]);
  for (const type of ['pause', 'tick'] as const) await rehearsal.play({ type });
  expect(rehearsal.abreast).toEqual(ROLES);
  await rehearsal.stop();
});

playPaths(
  'its beacon nodes',
  nodesSpec,
  NODES_EVENTS,
  () => new NodesRehearsal(taken.inspect),
  (rehearsal, { value }, after) => expect(rehearsal.state, after).toEqual(value),
);

testEveryTransition(
  createSchedulerMachine(
    ROLES.map((role) => ROLE_DEFINITIONS[role]),
    1,
  ),
  taken,
);
