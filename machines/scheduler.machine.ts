/**
 * The parent: the slot clock, the beacon node, the validators, and a region per duty role. It passes on what concerns
 * the roles and restarts a role that crashed, alone. It decides nothing about duties itself.
 */
import { assign, fromCallback, setup } from 'xstate';
import { beaconNodeMachine, type NodeMessage } from './beacon-node.machine.js';
import { dutyRoleMachine } from './duty-role.machine.js';
import type { RoleInput, RoleMessage } from './duty-role/role-context.js';
import type { Clock, HeadEvent, Random } from './ports.js';
import type { ClaimLedger } from './rules/at-most-once.js';
import { epochOf, slotAt, startSlotOf, type ChainSpec, type Slot } from './rules/chain-time.js';
import { rootChanges, type ObservedRoots, type RootChanges } from './rules/dependent-roots.js';
import type { DutyKind, Role, ValidatorIndex } from './rules/duties.js';
import type { DeferralReason, Diagnostic, Report, TableName } from './rules/event-log.js';
import type { SchedulingPolicy } from './rules/policy.js';
import { Registry } from './rules/registry.js';
import type { RoleDefinition } from './rules/role-definition.js';
import type { ValidatorSourceEvent } from './rules/validator-changes.js';
import { validatorsMachine, type ValidatorsMessage } from './validators.machine.js';

export interface SchedulerInput {
  readonly chain: ChainSpec;
  readonly policy: SchedulingPolicy;
  readonly clock: Clock;
  readonly random: Random;
  readonly claims: ClaimLedger;
  /** Beacon node, as logs name it. */
  readonly nodeUrl: string;
  /** Oldest slot of which an unbroken record shows what was executed. */
  readonly recordFromSlot: Slot;
  /** Kinds that have an executor. */
  readonly kinds: ReadonlySet<DutyKind>;
  readonly dataFetch: boolean;
}

/** What the slot clock tells: once per slot, never backwards. */
export type ClockEvent = { type: 'TICK'; slot: Slot };

export type SchedulerEvent =
  | ClockEvent
  | NodeMessage
  | ValidatorSourceEvent
  | ValidatorsMessage
  | RoleMessage
  /** Everything a head or a probe led to has been decided. */
  | { type: 'ROOTS_HANDLED' };

/** What a head changed, as far as is known while the roles look at it. */
export interface ReorgNote extends RootChanges {
  readonly roots: ObservedRoots;
  /** A probe alone makes no re-org: a healthy node's answers may name another root than its heads. */
  readonly byHead: boolean;
  readonly movedBack: boolean;
  readonly epochTransition: boolean;
  readonly tables: readonly TableName[];
}

export interface SchedulerContext extends SchedulerInput {
  readonly slot: Slot;
  readonly registry: Registry;
  readonly unfit: DeferralReason | undefined;
  readonly lastHead: ObservedRoots | undefined;
  /** The last head, or a probe since then that proved tables wrong. */
  readonly lastRoots: ObservedRoots | undefined;
  readonly reorg: ReorgNote | undefined;
  /** Roles that are alive: one that crashed hears nothing until it is back. */
  readonly alive: ReadonlySet<Role>;
}

/** Part of a slot that a crashed role stays away. */
const RESTART_PAUSE = 0.05;

/** Builds the scheduler machine for some roles: parallel regions are static. */
export function createSchedulerMachine(roles: readonly RoleDefinition[]) {
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
      noteFitness: assign({ unfit: (_, { unfit }: { unfit: DeferralReason | undefined }) => unfit }),
      noteHead: assign(({ context }, { head }: { head: HeadEvent }) => afterHead(context, head)),
      noteProbe: assign(({ context }, { roots }: { roots: ObservedRoots }) => afterProbe(context, roots)),
      noteStaleTables: assign({
        reorg: ({ context }, { tables }: { tables: readonly TableName[] }) =>
          context.reorg && { ...context.reorg, tables: [...context.reorg.tables, ...tables] },
      }),
      settleRoots: assign(({ context: { reorg, lastRoots } }) => ({
        reorg: undefined,
        lastRoots: reorg !== undefined && (reorg.byHead || reorg.tables.length > 0) ? reorg.roots : lastRoots,
      })),
      noteAlive: assign({ alive: ({ context }, { role }: { role: Role }) => new Set([...context.alive, role]) }),
      noteCrash: assign({
        alive: ({ context }, { role }: { role: Role }) => new Set([...context.alive].filter((other) => other !== role)),
      }),
    },
    delays: {
      restartPause: ({ context }) => context.chain.slotDurationMs * RESTART_PAUSE,
    },
  });

  /** Passes an event on to every role that is alive. */
  const tellRoles = scheduler.enqueueActions(({ context, event, enqueue }) => {
    for (const role of context.alive) enqueue.sendTo(role, event);
  });
  const tellNode = scheduler.sendTo('beacon-node', ({ event }) => event);
  const tellValidators = scheduler.sendTo('validators', ({ event }) => event);
  /** The roles have answered to a head or a probe before this comes back. */
  const askBack = scheduler.sendTo(({ self }) => self, { type: 'ROOTS_HANDLED' });
  const nameProbe = scheduler.sendTo('beacon-node', ({ context }) => ({
    type: 'PROBE_WITH',
    index: probeIndex(context),
  }));

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

  return scheduler.createMachine({
    id: 'scheduler',
    description: 'Starts each duty of its validators in its slot, exactly once.',
    type: 'parallel',
    context: ({ input }) => ({
      ...input,
      slot: slotAt(input.chain, input.clock.now()),
      registry: Registry.EMPTY,
      unfit: undefined,
      lastHead: undefined,
      lastRoots: undefined,
      reorg: undefined,
      alive: new Set<Role>(),
    }),
    invoke: [
      {
        id: 'validators',
        src: 'validators',
        input: ({ context: { chain, clock, random } }) => ({ chain, clock, random }),
      },
      {
        id: 'beacon-node',
        src: 'beaconNode',
        input: ({ context: { chain, clock, random, nodeUrl } }) => ({ url: nodeUrl, chain, clock, random }),
      },
      { id: 'slot-clock', src: 'slotClock', input: ({ context: { chain, clock } }) => ({ chain, clock }) },
    ],
    on: {
      TICK: {
        actions: [
          { type: 'report', params: ({ context, event }) => ({ reports: skippedSlots(context, event.slot) }) },
          { type: 'noteSlot', params: ({ event }) => ({ slot: event.slot }) },
          tellRoles,
          tellNode,
          tellValidators,
          'pruneClaims',
        ],
      },
      HEAD: {
        actions: [{ type: 'noteHead', params: ({ event: { head } }) => ({ head }) }, tellRoles, askBack],
      },
      ROOTS: {
        actions: [{ type: 'noteProbe', params: ({ event: { roots } }) => ({ roots }) }, tellRoles, askBack],
      },
      TABLES_STALE: { actions: { type: 'noteStaleTables', params: ({ event }) => ({ tables: event.tables }) } },
      ROOTS_HANDLED: {
        actions: [{ type: 'report', params: ({ context }) => ({ reports: reorgLines(context) }) }, 'settleRoots'],
      },
      NODE_INCONSISTENT: {
        actions: {
          type: 'report',
          params: ({ context }) => ({
            reports: [{ type: 'beacon-node', url: context.nodeUrl, status: 'inconsistent' }],
          }),
        },
      },
      NODE_FITNESS: {
        guard: ({ context, event }) => event.unfit !== context.unfit,
        actions: [{ type: 'noteFitness', params: ({ event }) => ({ unfit: event.unfit }) }, tellRoles],
      },
      RECONNECTED: { actions: tellRoles },
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
    states: Object.fromEntries(roles.map((definition) => [definition.role, roleRegion(definition)])),
  });
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

function happened(reorg: ReorgNote): boolean {
  const { byHead, previousDependentRootChanged, currentDependentRootChanged, movedBack, tables } = reorg;
  return tables.length > 0 || (byHead && (previousDependentRootChanged || currentDependentRootChanged || movedBack));
}

function reorgLines({ reorg }: SchedulerContext): Report[] {
  if (reorg === undefined || !happened(reorg)) return [];
  const { previousDependentRootChanged, currentDependentRootChanged, epochTransition, tables } = reorg;
  return [{ type: 'reorg', previousDependentRootChanged, currentDependentRootChanged, epochTransition, tables }];
}

function roleInput(role: RoleDefinition, context: SchedulerContext): RoleInput {
  const { chain, policy, clock, random, claims, registry, slot, recordFromSlot, kinds, dataFetch, unfit } = context;
  return { role, chain, policy, clock, random, claims, registry, slot, recordFromSlot, kinds, dataFetch, unfit };
}

function afterHead(context: SchedulerContext, head: HeadEvent): Partial<SchedulerContext> {
  const { lastHead, lastRoots } = context;
  const sinceHead = changesSince(context, lastHead, head);
  // What a probe has told of before is no news.
  const sinceProbe = changesSince(context, lastRoots, head);
  return {
    lastHead: head,
    reorg: {
      roots: head,
      byHead: true,
      previousDependentRootChanged: sinceHead.previousDependentRootChanged && sinceProbe.previousDependentRootChanged,
      currentDependentRootChanged: sinceHead.currentDependentRootChanged && sinceProbe.currentDependentRootChanged,
      movedBack: lastHead !== undefined && head.slot < lastHead.slot,
      epochTransition: head.epochTransition,
      tables: [],
    },
  };
}

function afterProbe(context: SchedulerContext, roots: ObservedRoots): Partial<SchedulerContext> {
  const changes = changesSince(context, context.lastRoots, roots);
  return { reorg: { ...changes, roots, byHead: false, movedBack: false, epochTransition: false, tables: [] } };
}

function changesSince(
  { chain }: SchedulerContext,
  before: ObservedRoots | undefined,
  roots: ObservedRoots,
): RootChanges {
  return before === undefined ? NO_CHANGE : rootChanges(chain, before, roots);
}

const NO_CHANGE: RootChanges = { previousDependentRootChanged: false, currentDependentRootChanged: false };
