import { expect } from 'vitest';
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
