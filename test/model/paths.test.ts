import { describe, expect, test } from 'vitest';
import { tableFetchMachine } from '../../machines/table-fetch.machine.js';
import { dutyRoleMachine } from '../../machines/duty-role.machine.js';
import { createSchedulerMachine } from '../../machines/scheduler.machine.js';
import { ROLE_DEFINITIONS } from '../../machines/roles/index.js';
import { ROLES } from '../../machines/rules/duties.js';
import { ExecutionRehearsal } from './execution-rehearsal.js';
import { EXECUTION_EVENTS, executionSpec } from './execution-spec.js';
import { transitionPaths } from './paths.js';
import { ScheduleRehearsal } from './schedule-rehearsal.js';
import { SCHEDULE_EVENTS, scheduleSpec } from './schedule-spec.js';
import { SchedulerRehearsal } from './scheduler-rehearsal.js';
import { SCHEDULER_EVENTS, schedulerSpec } from './scheduler-spec.js';
import { TableFetchRehearsal } from './table-fetch-rehearsal.js';
import { TABLE_FETCH_EVENTS, tableFetchSpec } from './table-fetch-spec.js';
import { TakenTransitions } from './taken-transitions.js';

// One path per transition of each spec, played by the real actors on the virtual clock. A test's name is its path.
const taken = new TakenTransitions();

const NOT_TAKEN: Readonly<Record<string, string>> = {
  'scheduler NODE_INCONSISTENT → stays': 'needs duties that contradict each other: test/system/reorg.test.ts',
  'duty-role.schedule.scheduled always → warming-up if isIn':
    'the table needed now is on its way since the middle of the epoch before, and that is another state',
};

for (const role of ['attester', 'proposer'] as const) {
  describe(`schedule of the ${role} role`, () => {
    for (const { name, steps } of transitionPaths(scheduleSpec(role === 'attester'), SCHEDULE_EVENTS)) {
      test(name, async () => {
        const rehearsal = new ScheduleRehearsal(role, taken.inspect);
        try {
          await rehearsal.start();
          for (const { event, state } of steps) {
            await rehearsal.play(event);
            expect(rehearsal.state, event.type).toEqual({ schedule: state.value, execution: 'idle' });
          }
        } finally {
          await rehearsal.stop();
        }
      });
    }
  });
}

describe('execution of the attester role', () => {
  for (const { name, steps } of transitionPaths(executionSpec, EXECUTION_EVENTS)) {
    test(name, async () => {
      const rehearsal = new ExecutionRehearsal(taken.inspect);
      try {
        await rehearsal.start();
        for (const { event, state } of steps) {
          await rehearsal.play(event);
          expect(rehearsal.state, event.type).toEqual(state.value);
          expect(rehearsal.running, event.type).toBe(state.context.running);
        }
      } finally {
        await rehearsal.stop();
      }
    });
  }
});

describe('a table fetch', () => {
  for (const { name, steps } of transitionPaths(tableFetchSpec, TABLE_FETCH_EVENTS)) {
    test(name, async () => {
      const rehearsal = new TableFetchRehearsal(taken.inspect);
      await rehearsal.start();
      for (const { event, state } of steps) {
        await rehearsal.play(event);
        expect(rehearsal.state, event.type).toBe(state.value === 'waiting-for-the-tick' ? 'waiting' : state.value);
      }
      rehearsal.stop();
    });
  }
});

describe('the parent', () => {
  for (const { name, steps } of transitionPaths(schedulerSpec, SCHEDULER_EVENTS)) {
    test(name, async () => {
      const rehearsal = new SchedulerRehearsal(taken.inspect);
      try {
        await rehearsal.start();
        for (const { event, state } of steps) {
          await rehearsal.play(event);
          expect(rehearsal.state, event.type).toEqual(state.value);
          expect(rehearsal.abreast).toEqual(ROLES.filter((role) => state.value[role] === 'running'));
        }
      } finally {
        await rehearsal.stop();
      }
    });
  }
});

describe('transitions of the real charts', () => {
  const scheduler = createSchedulerMachine(ROLES.map((role) => ROLE_DEFINITIONS[role]));
  for (const machine of [tableFetchMachine, dutyRoleMachine, scheduler]) {
    test(`of ${machine.id}: all are taken but those that are explained`, () => {
      expect(taken.missingOf(machine).filter((name) => !(name in NOT_TAKEN))).toEqual([]);
    });
  }
});
