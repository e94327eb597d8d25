import { expect } from 'vitest';
import { dutyRoleMachine } from '../../machines/duty-role.machine.js';
import { testEveryTransition } from './chart-coverage.js';
import { ExecutionRehearsal } from './execution-rehearsal.js';
import { EXECUTION_EVENTS, executionSpec } from './execution-spec.js';
import { playPaths } from './play-paths.js';
import { ScheduleRehearsal } from './schedule-rehearsal.js';
import { SCHEDULE_EVENTS, scheduleSpec } from './schedule-spec.js';
import { TakenTransitions } from './taken-transitions.js';

// One path per transition of each spec, played by the real actors on the virtual clock. A test's name is its path.
const taken = new TakenTransitions();

for (const role of ['attester', 'proposer'] as const) {
  playPaths(
    `schedule of the ${role} role`,
    scheduleSpec(role === 'attester'),
    SCHEDULE_EVENTS,
    () => new ScheduleRehearsal(role, taken.inspect),
    (rehearsal, { value }, after) => expect(rehearsal.state, after).toEqual({ schedule: value, execution: 'idle' }),
  );
}

playPaths(
  'execution of the attester role',
  executionSpec,
  EXECUTION_EVENTS,
  () => new ExecutionRehearsal(taken.inspect),
  (rehearsal, { value, context }, after) => {
    expect(rehearsal.state, after).toEqual(value);
    expect(rehearsal.running, after).toBe(context.running);
  },
);

testEveryTransition(dutyRoleMachine, taken, {
  'duty-role RECONNECTED → stays': 'the node does not leave on these paths: test/system/subscriptions.test.ts',
  'duty-role.schedule.scheduled always → warming-up if isIn':
    'the table needed now is on its way since the middle of the epoch before, and that is another state',
});
