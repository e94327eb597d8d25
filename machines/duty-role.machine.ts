/**
 * The one machine of a duty role; attester, proposer and sync committee differ by the data in `roles/`. The schedule
 * region names the most urgent open need, the execution region tells whether batches are alive: fetching never delays
 * executing. What an event leads to is decided by the pure functions in `duty-role/`; this chart carries it out.
 */
import { not, raise, sendParent, setup } from 'xstate';
import { dutyExecutionMachine } from './duty-execution.machine.js';
import {
  forgetExecution,
  markHandedOver,
  markTriggered,
  noteRetry,
  onClockStepped,
  onFitness,
  onHead,
  onOtherHead,
  onReconnected,
  onRoots,
  onTick,
  takeAnswer,
  takeFailure,
  takeRegistry,
} from './duty-role/decisions.js';
import { tellOfOlder } from './duty-role/older-first.js';
import {
  inOrder,
  type Decision,
  type RoleContext,
  type RoleEvent,
  type RoleInput,
  type Step,
} from './duty-role/role-context.js';
import { scheduleState, type ScheduleState } from './rules/duty-plan.js';
import type { Diagnostic, Report } from './rules/event-log.js';
import type { NodeNumber } from './rules/node-choice.js';
import { subscriptionMachine } from './subscription.machine.js';
import { tableFetchMachine } from './table-fetch.machine.js';

/** Ends and crashes of children. */
export type ChildEvent =
  | { type: `xstate.done.actor.${string}`; actorId: string; output: unknown }
  | { type: `xstate.error.actor.${string}`; actorId: string; error: unknown };

const dutyRole = setup({
  types: {
    context: {} as RoleContext,
    input: {} as RoleInput,
    events: {} as RoleEvent | ChildEvent,
  },
  actors: {
    tableFetch: tableFetchMachine,
    dutyExecution: dutyExecutionMachine,
    subscriptions: subscriptionMachine,
  },
  guards: {
    /** The most urgent open need is the one that this state is named after. */
    isIn: ({ context }, { state }: { state: ScheduleState }) => scheduleState(context) === state,
    /** The event is of a batch; answers have taken leave of their fetch already, and may have started the next one. */
    isOfExecution: ({ context, event }) => 'actorId' in event && context.executions.has(event.actorId),
    hasExecutions: ({ context }) => context.executions.size > 0,
  },
  actions: {
    /** Both are provided by whoever keeps the event log. */
    report: (_, _params: { reports: readonly Report[] }) => undefined,
    diagnose: (_, _params: { diagnostics: readonly Diagnostic[] }) => undefined,
  },
});

function isOfType<T extends RoleEvent['type']>(event: { type: string }, type: T): event is RoleEvent & { type: T } {
  return event.type === type;
}

/** Decides on an event, and does what was decided. */
function decide<T extends RoleEvent['type']>(type: T, decision: (event: RoleEvent & { type: T }) => Step) {
  return dutyRole.enqueueActions(({ context, event, enqueue }) => {
    if (!isOfType(event, type)) return;
    let made: Decision;
    try {
      made = inOrder(decision(event), tellOfOlder)(context);
    } catch (error) {
      enqueue(sendParent({ type: 'ROLE_CRASHED', role: context.role.role, error }));
      return;
    }
    carryOut(enqueue, made);
  });
}

type Enqueue = Parameters<Parameters<typeof dutyRole.enqueueActions>[0]>[0]['enqueue'];

function carryOut(enqueue: Enqueue, { context, commands }: Decision): void {
  // As a function: in an object, XState calls every function it finds, and `random` is one.
  enqueue.assign(() => context);
  for (const command of commands) {
    switch (command.do) {
      case 'report':
        enqueue({ type: 'report', params: { reports: [command.report] } });
        break;
      case 'fetch': {
        const { role, chain, clock, random } = context;
        const { id, order, generation } = command;
        enqueue.spawnChild('tableFetch', { id, input: { role: role.role, order, generation, chain, clock, random } });
        break;
      }
      case 'stop-fetch':
        enqueue.stopChild(command.id);
        break;
      case 'execute':
        enqueue.spawnChild('dutyExecution', { id: command.id, input: command.input });
        break;
      case 'update-execution':
        enqueue.sendTo(command.id, command.update);
        break;
      case 'meet-node':
        enqueue.spawnChild('subscriptions', subscriptionsActor(context, command.node));
        break;
      case 'subscribe': {
        const { nodes, subscriptions, cause } = command;
        for (const node of nodes) enqueue.sendTo(subscriptionsId(node), { type: 'SUBSCRIBE', subscriptions, cause });
        break;
      }
      case 'tell-parent':
        enqueue(sendParent(command.message));
        break;
    }
  }
}

/** Each node is subscribed by an actor of its own: one that takes nothing holds up no other. */
const subscribeNodes = dutyRole.enqueueActions(({ context, enqueue }) => {
  for (const node of context.nodes) enqueue.spawnChild('subscriptions', subscriptionsActor(context, node));
});

function subscriptionsId(node: NodeNumber): string {
  return `subscriptions-${node + 1}`;
}

function subscriptionsActor({ chain, clock, random }: RoleContext, node: NodeNumber) {
  return { id: subscriptionsId(node), input: { node, chain, clock, random } };
}

/** Ends an execution that is done, or that crashed. */
const reap = dutyRole.enqueueActions(({ context, event, enqueue }) => {
  if (!('actorId' in event)) return;
  enqueue.stopChild(event.actorId);
  carryOut(enqueue, inOrder(forgetExecution(event.actorId), tellOfOlder)(context));
});

const reportCrash = dutyRole.enqueueActions(({ context, event, enqueue }) => {
  if (!('error' in event) || !('actorId' in event)) return;
  const message = `${context.role.role}: actor ${event.actorId} crashed: ${String(event.error)}`;
  enqueue({ type: 'diagnose', params: { diagnostics: [{ level: 'error', message }] } });
});

/** The transitions that leave a schedule state: to whichever state the most urgent need names. */
function leaving(state: ScheduleState) {
  const others = (['refetching-after-reorg', 'warming-up', 'fetching-next', 'scheduled'] as const).filter(
    (other) => other !== state,
  );
  return others.map((other) => ({ guard: { type: 'isIn' as const, params: { state: other } }, target: other }));
}

export const dutyRoleMachine = dutyRole.createMachine({
  id: 'duty-role',
  description: 'Knows the duties of one role, keeps its tables fresh, and starts each duty in its slot.',
  type: 'parallel',
  context: ({ input }) => ({
    ...input,
    startSlot: input.slot,
    plan: new Map(),
    executions: new Map(),
    roots: undefined,
    currentRoots: new Map(),
    heads: [],
    servesProposerV1: true,
    servesProposerV2: true,
    generation: 0,
    ticked: false,
  }),
  // Started in the middle of a slot, or restarted after a crash, it does not wait for the next one.
  entry: [subscribeNodes, raise(({ context }) => ({ type: 'TICK', slot: context.slot }))],
  on: {
    TICK: { actions: decide('TICK', onTick) },
    CLOCK_STEPPED: { actions: decide('CLOCK_STEPPED', onClockStepped) },
    HEAD: { actions: decide('HEAD', onHead) },
    OTHER_HEAD: { actions: decide('OTHER_HEAD', onOtherHead) },
    ROOTS: { actions: decide('ROOTS', onRoots) },
    REGISTRY_CHANGED: { actions: decide('REGISTRY_CHANGED', takeRegistry) },
    NODE_FITNESS: { actions: decide('NODE_FITNESS', onFitness) },
    RECONNECTED: { actions: decide('RECONNECTED', onReconnected) },
    TABLE_FETCHED: { actions: decide('TABLE_FETCHED', takeAnswer) },
    TABLE_FETCH_FAILED: { actions: decide('TABLE_FETCH_FAILED', takeFailure) },
    TABLE_FETCH_RETRIED: { actions: decide('TABLE_FETCH_RETRIED', noteRetry) },
    EXECUTION_TRIGGERED: { actions: decide('EXECUTION_TRIGGERED', ({ id }) => markTriggered(id)) },
    EXECUTION_HANDED_OVER: { actions: decide('EXECUTION_HANDED_OVER', ({ id }) => markHandedOver(id)) },
    'xstate.done.actor.*': { guard: 'isOfExecution', actions: reap },
    // A crash of any other child is not handled here: it crashes the role, which the scheduler restarts.
    'xstate.error.actor.*': { guard: 'isOfExecution', actions: [reportCrash, reap] },
  },
  states: {
    schedule: {
      description: 'The most urgent open need.',
      initial: 'warming-up',
      states: {
        'warming-up': {
          description: 'A table that is needed now is not there.',
          always: leaving('warming-up'),
        },
        scheduled: {
          description: 'Everything needed is there.',
          always: leaving('scheduled'),
        },
        'fetching-next': {
          description: 'A table needed ahead is on its way, or one is being completed or verified.',
          always: leaving('fetching-next'),
        },
        'refetching-after-reorg': {
          description: 'The chain changed: a table is known to be wrong and is fetched again.',
          always: leaving('refetching-after-reorg'),
        },
      },
    },
    execution: {
      description: 'Whether batches of duties are alive: waiting for their moment, or handed over.',
      initial: 'idle',
      states: {
        idle: {
          description: 'No duty in this slot.',
          always: { guard: 'hasExecutions', target: 'executing' },
        },
        executing: {
          description: 'Duties wait for their moment, or are being executed.',
          always: { guard: not('hasExecutions'), target: 'idle' },
        },
      },
    },
  },
});
