import type { SnapshotFrom } from 'xstate';
import type { beaconNodeMachine } from '../../machines/beacon-node.machine.js';
import type { dutyRoleMachine } from '../../machines/duty-role.machine.js';
import { ROLES, type Role } from '../../machines/rules/duties.js';
import type { SchedulerContext } from '../../machines/scheduler.machine.js';
import type { validatorsMachine } from '../../machines/validators.machine.js';
import type { SchedulerActor } from '../../services/actors/scheduler-logic.js';

export type RoleState = SnapshotFrom<typeof dutyRoleMachine>;

/** The state of the scheduler's actors at one moment, read only. A child that crashed is missing. */
export interface ActorStates {
  readonly scheduler: SchedulerContext;
  /** The beacon node that leads. */
  readonly node: SnapshotFrom<typeof beaconNodeMachine> | undefined;
  readonly validators: SnapshotFrom<typeof validatorsMachine> | undefined;
  /** The roles that the scheduler has, alive or not. */
  readonly configured: readonly Role[];
  readonly roles: ReadonlyMap<Role, RoleState>;
}

/** Reads the actors' states. It costs a look-up per actor, nothing is copied. */
export function readActors(actor: SchedulerActor): ActorStates {
  const { context, children, value } = actor.getSnapshot();
  const stateOf = <T>(id: string) =>
    (children as Record<string, { getSnapshot(): unknown } | undefined>)[id]?.getSnapshot() as T | undefined;
  const roles = new Map<Role, RoleState>();
  // Each role is a region of the parent, called by its name.
  const configured = ROLES.filter((role) => role in (value as object));
  for (const role of configured) {
    const state = context.alive.has(role) ? stateOf<RoleState>(role) : undefined;
    if (state !== undefined) roles.set(role, state);
  }
  return {
    scheduler: context,
    node: stateOf(`beacon-node-${context.leader + 1}`),
    validators: stateOf('validators'),
    configured,
    roles,
  };
}
