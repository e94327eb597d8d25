/**
 * The parent: the slot clock, the beacon node, the validators, and a region per duty role. It passes on what concerns
 * the roles and restarts a role that crashed, alone. It decides nothing about duties itself.
 */
import { assign, fromCallback, fromPromise, raise, setup } from 'xstate';
import { beaconNodeMachine } from './beacon-node.machine.js';
import { dutyRoleMachine } from './duty-role.machine.js';
import type { Clock, HeadEvent } from './ports.js';
import { epochOf, slotAt, startSlotOf, type ChainSpec, type Slot } from './rules/chain-time.js';
import type { ObservedRoots } from './rules/dependent-roots.js';
import type { Role, ValidatorIndex } from './rules/duties.js';
import type { DeferralReason, Diagnostic, Report, TableName } from './rules/event-log.js';
import type { NodeNumber } from './rules/node-choice.js';
import { Registry } from './rules/registry.js';
import type { RoleDefinition } from './rules/role-definition.js';
import {
  afterInconsistency,
  afterJoining,
  afterNodeStatus,
  afterOtherHead,
  afterSwitch,
  membersInOrder,
  standingsAtStart,
  unfitNow,
} from './scheduler/nodes-led.js';
import { afterHead, afterProbe, afterRootsHandled, reorgLines } from './scheduler/roots-seen.js';
import {
  roleInput,
  type ClockEvent,
  type SchedulerContext,
  type SchedulerEvent,
  type SchedulerInput,
} from './scheduler/scheduler-context.js';
import { validatorsMachine } from './validators.machine.js';
import { messageOf } from './rules/message-of.js';

export type { ClockEvent, SchedulerContext, SchedulerEvent, SchedulerInput };

/** Part of a slot that a crashed role, or node actor, stays away. */
const RESTART_PAUSE = 0.05;

/** Builds the scheduler machine for some roles and a number of beacon nodes: parallel regions are static. */
export function createSchedulerMachine(roles: readonly RoleDefinition[], nodeCount: number) {
  const scheduler = setup({
    types: {
      context: {} as SchedulerContext,
      input: {} as SchedulerInput,
      events: {} as SchedulerEvent,
    },
    actors: {
      slotClock: fromCallback<ClockEvent, { chain: ChainSpec; clock: Clock }>(() => {
        throw new Error('slotClock is not provided');
      }),
      /** Asks a node that is absent until it is there; rejects when it is on another chain. */
      meetNode: fromPromise<void, { node: NodeNumber; chain: ChainSpec }>(() =>
        Promise.reject(new Error('meetNode is not provided')),
      ),
      beaconNode: beaconNodeMachine,
      validators: validatorsMachine,
      dutyRole: dutyRoleMachine,
    },
    actions: {
      report: (_, _params: { reports: readonly Report[] }) => undefined,
      diagnose: (_, _params: { diagnostics: readonly Diagnostic[] }) => undefined,
      noteSlot: assign({ slot: (_, { slot }: { slot: Slot }) => slot }),
      /** Forgets claims that no late duty can meet any more. */
      pruneClaims: ({ context: { claims, chain, slot } }) => claims.prune(startSlotOf(chain, epochOf(chain, slot) - 2)),
      noteRegistry: assign({ registry: (_, { registry }: { registry: Registry }) => registry }),
      /** Provided by whoever makes the requests: from now on, in this order. */
      askInOrder: (_, _params: { order: readonly NodeNumber[] }) => undefined,
      noteJoined: assign(({ context }, { node }: { node: NodeNumber }) => afterJoining(context, node)),
      noteStatus: assign(
        ({ context }, status: { node: NodeNumber; answered: boolean; unfit: DeferralReason | undefined }) =>
          afterNodeStatus(context, status),
      ),
      noteInconsistency: assign(({ context }) => afterInconsistency(context)),
      noteFitness: assign({ unfit: ({ context }) => unfitNow(context) }),
      noteLeader: assign(({ context }, { leader }: { leader: NodeNumber }) => afterSwitch(context, leader)),
      noteHead: assign(({ context }, { head }: { head: HeadEvent }) => afterHead(context, head)),
      noteOtherHead: assign(({ context }, { node, head }: { node: NodeNumber; head: HeadEvent }) =>
        afterOtherHead(context, node, head),
      ),
      noteProbe: assign(({ context }, { roots }: { roots: ObservedRoots }) => afterProbe(context, roots)),
      noteStaleTables: assign({
        reorg: ({ context }, { tables }: { tables: readonly TableName[] }) =>
          context.reorg && { ...context.reorg, tables: [...context.reorg.tables, ...tables] },
      }),
      settleRoots: assign(({ context }) => afterRootsHandled(context)),
      noteAlive: assign({ alive: ({ context }, { role }: { role: Role }) => new Set([...context.alive, role]) }),
      noteCrash: assign({
        alive: ({ context }, { role }: { role: Role }) => new Set([...context.alive].filter((other) => other !== role)),
      }),
      noteAttached: assign({
        attached: ({ context }, { node }: { node: NodeNumber }) => new Set([...context.attached, node]),
      }),
      noteDetached: assign({
        attached: ({ context }, { node }: { node: NodeNumber }) =>
          new Set([...context.attached].filter((other) => other !== node)),
      }),
    },
    guards: {
      leads: ({ context }, { node }: { node: NodeNumber }) => node === context.leader,
      isTrusted: ({ context }, { node }: { node: NodeNumber }) => context.standings[node]?.unfit === undefined,
      isMember: ({ context }, { node }: { node: NodeNumber }) => context.nodes[node]?.at === 'member',
      isRefused: ({ context }, { node }: { node: NodeNumber }) => context.nodes[node]?.at === 'refused',
    },
    delays: {
      restartPause: ({ context }) => context.chain.slotDurationMs * RESTART_PAUSE,
    },
  });

  /** Passes an event on to every role that is alive. */
  const tellRoles = scheduler.enqueueActions(({ context, event, enqueue }) => {
    for (const role of context.alive) enqueue.sendTo(role, event);
  });
  const tellNodes = scheduler.enqueueActions(({ context, event, enqueue }) => {
    for (const node of context.attached) enqueue.sendTo(nodeId(node), event);
  });
  const tellValidators = scheduler.sendTo('validators', ({ event }) => event);
  /** The roles have answered to a head or a probe before this comes back. */
  const askBack = scheduler.sendTo(({ self }) => self, { type: 'ROOTS_HANDLED' });
  const nameProbe = scheduler.enqueueActions(({ context, enqueue }) => {
    for (const node of context.attached) {
      enqueue.sendTo(nodeId(node), { type: 'PROBE_WITH', index: probeIndex(context) });
    }
  });
  /** After anything that changes how a node stands: who is asked first, who leads, and whether duties may run. */
  const chooseNode = scheduler.enqueueActions(({ context, enqueue }) => {
    const order = membersInOrder(context);
    enqueue({ type: 'askInOrder', params: { order } });
    const leader = order[0] ?? context.leader;
    if (leader !== context.leader) {
      enqueue({ type: 'noteLeader', params: { leader } });
      enqueue({ type: 'diagnose', params: { diagnostics: [switchNote(context, leader)] } });
      for (const node of context.attached) enqueue.sendTo(nodeId(node), { type: 'LEADS', leads: node === leader });
      for (const role of context.alive) enqueue.sendTo(role, { type: 'RECONNECTED', node: leader, leads: true });
    }
    const unfit = unfitNow({ ...context, leader });
    if (unfit === context.unfit) return;
    enqueue({ type: 'noteFitness' });
    for (const role of context.alive) enqueue.sendTo(role, { type: 'NODE_FITNESS', unfit });
  });
  /** A node is there again, or for the first time. */
  const tellOfReturn = scheduler.enqueueActions(({ context, event, enqueue }) => {
    if (event.type !== 'RECONNECTED' && event.type !== 'NODE_JOINED') return;
    const { node } = event;
    const leads = node === context.leader;
    for (const role of context.alive) enqueue.sendTo(role, { type: 'RECONNECTED', node, leads });
  });
  const tellOtherHead = scheduler.enqueueActions(({ context, event, enqueue }) => {
    if (event.type !== 'HEAD') return;
    for (const role of context.alive) enqueue.sendTo(role, { ...event, type: 'OTHER_HEAD' });
  });

  const roleRegion = (definition: RoleDefinition) => {
    const { role } = definition;
    return scheduler.createStateConfig({
      description: `The ${role} role.`,
      initial: 'running',
      states: {
        running: {
          description: 'The role is alive.',
          entry: { type: 'noteAlive', params: { role } },
          invoke: {
            id: role,
            src: 'dutyRole',
            input: ({ context }) => roleInput(definition, context),
            onError: {
              target: 'restarting',
              actions: [
                { type: 'noteCrash', params: { role } },
                { type: 'diagnose', params: ({ event }) => ({ diagnostics: [crashNote(role, event.error)] }) },
              ],
            },
          },
          on: {
            ROLE_CRASHED: {
              guard: ({ event }) => event.role === role,
              target: 'restarting',
              actions: [
                { type: 'noteCrash', params: { role } },
                { type: 'diagnose', params: ({ event }) => ({ diagnostics: [crashNote(role, event.error)] }) },
              ],
            },
          },
        },
        restarting: {
          description: 'The role crashed; the others go on without it.',
          after: { restartPause: 'running' },
        },
      },
    });
  };

  const nodeRegion = (node: NodeNumber) =>
    scheduler.createStateConfig({
      description: `Beacon node ${node + 1} in the order of preference.`,
      initial: 'introduced',
      states: {
        introduced: {
          description: 'Known from the start, or not.',
          always: [
            { guard: { type: 'isMember', params: { node } }, target: 'attached' },
            { guard: { type: 'isRefused', params: { node } }, target: 'left-out' },
            { target: 'absent' },
          ],
        },
        absent: {
          description: 'It was not there at the start, and is asked for its chain until it is.',
          invoke: {
            id: `meet-${nodeId(node)}`,
            src: 'meetNode',
            input: ({ context: { chain } }) => ({ node, chain }),
            onDone: {
              target: 'attached',
              actions: raise({ type: 'NODE_JOINED', node }),
            },
            onError: {
              target: 'left-out',
              actions: {
                type: 'diagnose',
                params: ({ event }) => ({ diagnostics: [{ level: 'error', message: messageOf(event.error) }] }),
              },
            },
          },
        },
        attached: {
          description: 'It is on our chain.',
          entry: { type: 'noteAttached', params: { node } },
          exit: { type: 'noteDetached', params: { node } },
          invoke: {
            id: nodeId(node),
            src: 'beaconNode',
            input: ({ context: { chain, clock, random, nodes, leader } }) => ({
              node,
              url: nodes[node]!.url,
              leads: node === leader,
              chain,
              clock,
              random,
            }),
            onError: {
              target: 'restarting',
              actions: {
                type: 'diagnose',
                params: ({ context, event }) => ({
                  diagnostics: [
                    {
                      level: 'error',
                      message: `${context.nodes[node]!.url}: its actor crashed and is restarted: ${String(event.error)}`,
                    },
                  ],
                }),
              },
            },
          },
        },
        restarting: {
          description: 'Its actor crashed; the other nodes go on without it.',
          after: { restartPause: 'attached' },
        },
        'left-out': { description: 'On another chain, or no beacon node: it is never asked again.' },
      },
    });

  return scheduler.createMachine({
    id: 'scheduler',
    description: 'Starts each duty of its validators in its slot, exactly once.',
    type: 'parallel',
    context: ({ input }) => ({
      ...input,
      slot: slotAt(input.chain, input.clock.now()),
      registry: Registry.EMPTY,
      ...standingsAtStart(input),
      unfit: undefined,
      lastHeads: new Map<NodeNumber, ObservedRoots>(),
      lastRoots: undefined,
      reorg: undefined,
      alive: new Set<Role>(),
      attached: new Set<NodeNumber>(),
    }),
    entry: { type: 'askInOrder', params: ({ context }) => ({ order: membersInOrder(context) }) },
    invoke: [
      {
        id: 'validators',
        src: 'validators',
        input: ({ context: { chain, clock, random } }) => ({ chain, clock, random }),
      },
      { id: 'slot-clock', src: 'slotClock', input: ({ context: { chain, clock } }) => ({ chain, clock }) },
    ],
    on: {
      TICK: {
        actions: [
          { type: 'report', params: ({ context, event }) => ({ reports: skippedSlots(context, event.slot) }) },
          { type: 'noteSlot', params: ({ event }) => ({ slot: event.slot }) },
          tellRoles,
          tellNodes,
          tellValidators,
          'pruneClaims',
        ],
      },
      CLOCK_STEPPED: { actions: tellRoles },
      HEAD: [
        {
          guard: { type: 'leads', params: ({ event }) => ({ node: event.node }) },
          actions: [{ type: 'noteHead', params: ({ event: { head } }) => ({ head }) }, tellRoles, askBack],
        },
        {
          guard: { type: 'isTrusted', params: ({ event }) => ({ node: event.node }) },
          actions: [{ type: 'noteOtherHead', params: ({ event: { node, head } }) => ({ node, head }) }, tellOtherHead],
        },
      ],
      ROOTS: {
        // Asked for while it led, and answered when it did no more: another node's roots would look like a re-org.
        guard: { type: 'leads', params: ({ event }) => ({ node: event.node }) },
        actions: [{ type: 'noteProbe', params: ({ event: { roots } }) => ({ roots }) }, tellRoles, askBack],
      },
      TABLES_STALE: { actions: { type: 'noteStaleTables', params: ({ event }) => ({ tables: event.tables }) } },
      ROOTS_HANDLED: {
        actions: [{ type: 'report', params: ({ context }) => ({ reports: reorgLines(context) }) }, 'settleRoots'],
      },
      NODE_INCONSISTENT: {
        actions: [
          {
            type: 'report',
            params: ({ context: { nodes, leader } }) => ({
              reports: [{ type: 'beacon-node', url: nodes[leader]!.url, status: 'inconsistent' }],
            }),
          },
          'noteInconsistency',
          chooseNode,
        ],
      },
      NODE_STATUS: {
        actions: [
          { type: 'noteStatus', params: ({ event: { node, answered, unfit } }) => ({ node, answered, unfit }) },
          chooseNode,
        ],
      },
      NODE_JOINED: {
        actions: [{ type: 'noteJoined', params: ({ event }) => ({ node: event.node }) }, chooseNode, tellOfReturn],
      },
      RECONNECTED: { actions: tellOfReturn },
      VALIDATORS_COUNTED: {
        actions: {
          type: 'report',
          params: ({ context, event }) => ({ reports: [startedLine(context, roles, event.count)] }),
        },
      },
      REGISTRY_CHANGED: {
        actions: [
          { type: 'noteRegistry', params: ({ event }) => ({ registry: event.registry }) },
          tellRoles,
          nameProbe,
        ],
      },
      VALIDATOR_ADDED: { actions: tellValidators },
      VALIDATOR_REMOVED: { actions: tellValidators },
      VALIDATOR_EXITED: { actions: tellValidators },
      CLUSTER_LIQUIDATED: { actions: tellValidators },
      CLUSTER_REACTIVATED: { actions: tellValidators },
    },
    states: {
      ...Object.fromEntries(Array.from({ length: nodeCount }, (_, node) => [nodeId(node), nodeRegion(node)])),
      ...Object.fromEntries(roles.map((definition) => [definition.role, roleRegion(definition)])),
    },
  });
}

/** Name of a node's actor and region. */
function nodeId(node: NodeNumber): string {
  return `beacon-node-${node + 1}`;
}

function switchNote({ nodes }: SchedulerContext, leader: NodeNumber): Diagnostic {
  return { level: 'info', message: `${nodes[leader]!.url} leads from now on: duties and heads are taken from it` };
}

function crashNote(role: Role, error: unknown): Diagnostic {
  return { level: 'error', message: `${role}: the role crashed and is restarted: ${String(error)}` };
}

/** A validator whose duties tell the roots: any that attests. */
function probeIndex({ chain, registry, slot }: SchedulerContext): ValidatorIndex | undefined {
  return registry.eligible(chain, 'attester', Math.max(0, epochOf(chain, slot)))[0];
}

function startedLine({ chain, slot }: SchedulerContext, roles: readonly RoleDefinition[], validators: number): Report {
  return {
    type: 'scheduler-started',
    epoch: Math.max(0, epochOf(chain, slot)),
    slotDurationMs: chain.slotDurationMs,
    slotsPerEpoch: chain.slotsPerEpoch,
    validators,
    roles: roles.map(({ role }) => role),
  };
}

/** After a pause slots are skipped and said so, never queued. */
function skippedSlots({ slot: last }: SchedulerContext, slot: Slot): Report[] {
  return slot > last + 1 ? [{ type: 'slots-skipped', from: last + 1, to: slot - 1 }] : [];
}
