import { expect } from 'vitest';
import { dutyRoleMachine } from '../../machines/duty-role.machine.js';
import { ROLES, type Role } from '../../machines/rules/duties.js';
import { testEveryTransition } from './chart-coverage.js';
import { CommitteeRehearsal } from './committee-rehearsal.js';
import { COMMITTEE_EVENTS, committeeSpec } from './committee-spec.js';
import { ExecutionRehearsal } from './execution-rehearsal.js';
import { EXECUTION_EVENTS, executionSpec, type ExecutionVariant } from './execution-spec.js';
import { MembershipRehearsal } from './membership-rehearsal.js';
import { MEMBERSHIP_EVENTS, membershipSpec } from './membership-spec.js';
import { playPaths } from './play-paths.js';
import { ScheduleRehearsal } from './schedule-rehearsal.js';
import { SCHEDULE_EVENTS, scheduleSpec } from './schedule-spec.js';
import { TakenTransitions } from './taken-transitions.js';

// One path per transition of each spec, played by the real actors on the virtual clock. A test's name is its path.
const taken = new TakenTransitions();

const BY_EPOCH = [
  { title: 'the attester role', role: 'attester', beforeFulu: false },
  { title: 'the proposer role', role: 'proposer', beforeFulu: false },
  { title: 'the proposer role before Fulu', role: 'proposer', beforeFulu: true },
] as const;

for (const { title, role, beforeFulu } of BY_EPOCH) {
  playPaths(
    `schedule of ${title}`,
    scheduleSpec(role === 'attester', !beforeFulu),
    SCHEDULE_EVENTS,
    () => new ScheduleRehearsal(role, taken.inspect, beforeFulu),
    (rehearsal, { value }, after) => expect(rehearsal.state, after).toEqual({ schedule: value, execution: 'idle' }),
  );
}

playPaths(
  'schedule of the sync-committee role',
  committeeSpec,
  COMMITTEE_EVENTS,
  () => new CommitteeRehearsal(taken.inspect),
  (rehearsal, { value }, after) => expect(rehearsal.state, after).toEqual({ schedule: value, execution: 'idle' }),
);

const EXECUTIONS: Readonly<Record<Role, ExecutionVariant>> = {
  attester: { waitsForHead: true, hasRoot: true, endsWithSlot: false, everySlot: false },
  proposer: { waitsForHead: false, hasRoot: true, endsWithSlot: true, everySlot: false },
  'sync-committee': { waitsForHead: true, hasRoot: false, endsWithSlot: true, everySlot: true },
};

for (const role of ROLES) {
  playPaths(
    `execution of the ${role} role`,
    executionSpec(EXECUTIONS[role]),
    EXECUTION_EVENTS,
    () => new ExecutionRehearsal(role, taken.inspect),
    (rehearsal, { value, context }, after) => {
      expect(rehearsal.state, after).toEqual(value);
      expect(rehearsal.running, after).toBe(context.running);
    },
  );
}

for (const role of ROLES) {
  playPaths(
    `a validator of the ${role} role comes and goes`,
    membershipSpec({ waits: role !== 'proposer' }),
    MEMBERSHIP_EVENTS,
    () => new MembershipRehearsal(role, taken.inspect),
    (rehearsal, { value, context }, after) => {
      expect(rehearsal.state, after).toBe(value);
      expect(rehearsal.running, after).toBe(context.running);
      expect(rehearsal.calledOff, after).toBe(context.calledOff);
      expect(rehearsal.calls, after).toBe(context.claimed ? 1 : 0);
    },
  );
}

testEveryTransition(dutyRoleMachine, taken);
