import { createActor, type Actor, type ActorOptions, type NonReducibleUnknown, type Snapshot } from 'xstate';
import { beaconNodeMachine } from '../../machines/beacon-node.machine.js';
import { dutyExecutionMachine } from '../../machines/duty-execution.machine.js';
import { dutyRoleMachine } from '../../machines/duty-role.machine.js';
import type { BeaconNode, Clock, Executors, Journal, ValidatorSource } from '../../machines/ports.js';
import type { Diagnostic, Report } from '../../machines/rules/event-log.js';
import type { NodeNumber } from '../../machines/rules/node-choice.js';
import type { RoleDefinition } from '../../machines/rules/role-definition.js';
import { createSchedulerMachine } from '../../machines/scheduler.machine.js';
import { subscriptionMachine } from '../../machines/subscription.machine.js';
import { tableFetchMachine } from '../../machines/table-fetch.machine.js';
import { validatorsMachine } from '../../machines/validators.machine.js';
import type { ClaimLedger } from '../../machines/rules/at-most-once.js';
import type { ChainSpec } from '../../machines/rules/chain-time.js';
import { NodePool } from '../beacon-node/node-pool.js';
import { meetLater } from '../meet-nodes.js';
import type { Entrance } from '../entrance/entrance.js';
import type { Beginning } from '../entrance/input.js';
import type { EventLog } from '../event-log.js';
import { runSlotClock } from '../slot-clock.js';
import { asking, listening } from './asking.js';
import { handOver } from './hand-over.js';
import {
  askSyncStatus,
  collectData,
  headStream,
  lookUpValidators,
  probeRoots,
  requestDuties,
  sendSubscriptions,
} from './node-actors.js';

/** The world that the machines are put into. */
export interface World {
  readonly roles: readonly RoleDefinition[];
  /** In the operator's order of preference. */
  readonly beaconNodes: readonly BeaconNode[];
  readonly chain: ChainSpec;
  /** The world's time, on which requests run; the machines' own is the entrance's. */
  readonly clock: Clock;
  readonly validators: ValidatorSource;
  readonly executors: Executors;
  readonly eventLog: EventLog;
  readonly journal: Journal | undefined;
  /** The door by which all of it reaches the machines. */
  readonly entrance: Entrance;
}

/** The scheduler machine with every effect provided. */
export function schedulerLogic(world: World) {
  const { roles, beaconNodes, chain, clock, validators, executors, eventLog, journal, entrance } = world;
  const nodes = new NodePool(beaconNodes, chain, clock);
  const actions = {
    report: (_: unknown, { reports }: { reports: readonly Report[] }) => {
      for (const report of reports) eventLog.report(report);
    },
    diagnose: (_: unknown, { diagnostics }: { diagnostics: readonly Diagnostic[] }) => {
      for (const diagnostic of diagnostics) eventLog.diagnose(diagnostic);
    },
  };
  const { report } = actions;
  const dutyRole = dutyRoleMachine.provide({
    actions,
    actors: {
      tableFetch: tableFetchMachine.provide({ actors: { requestDuties: requestDuties(entrance, nodes) } }),
      dutyExecution: dutyExecutionMachine.provide({
        actions: { report },
        actors: { collectData: collectData(entrance, nodes), handOver: handOver(entrance, executors, journal) },
      }),
      subscriptions: subscriptionMachine.provide({
        actions,
        actors: { sendSubscriptions: sendSubscriptions(entrance, nodes) },
      }),
    },
  });
  return createSchedulerMachine(roles, beaconNodes.length).provide({
    actions: { ...actions, askInOrder: (_, { order }) => nodes.rank(order) },
    actors: {
      slotClock: slotClock(entrance),
      meetNode: meetNode(world),
      dutyRole,
      beaconNode: beaconNodeMachine.provide({
        actions,
        actors: {
          askSyncStatus: askSyncStatus(entrance, nodes),
          probeRoots: probeRoots(entrance, nodes),
          headStream: headStream(entrance, nodes),
        },
      }),
      validators: validatorsMachine.provide({
        actions,
        actors: {
          validatorSource: validatorSource(entrance, validators, eventLog),
          lookUpValidators: lookUpValidators(entrance, nodes),
        },
      }),
    },
  });
}

type SchedulerLogic = ReturnType<typeof schedulerLogic>;
export type SchedulerActor = Actor<SchedulerLogic>;

/** What the scheduler's actor is started with. */
export interface StartOptions {
  readonly beginning: Beginning;
  readonly claims: ClaimLedger;
  readonly entrance: Entrance;
  /** Sees every actor, event and transition. */
  readonly inspect?: ActorOptions<SchedulerLogic>['inspect'];
  /** Hears of what the machine throws. Without it, that is an error that nobody caught. */
  readonly onError?: ErrorListener;
}

type ErrorListener = (error: unknown) => void;

/** Creates and starts the actor of a scheduler, in the turn that is on. */
export function startActor(
  logic: SchedulerLogic,
  { beginning, claims, entrance, inspect, onError }: StartOptions,
): SchedulerActor {
  const { chain, policy, nodes, recordFromSlot, kinds, dataFetch } = beginning;
  const { clock, random } = entrance;
  const actor = createActor(logic, {
    id: 'scheduler',
    systemId: 'scheduler',
    clock,
    ...(inspect && { inspect }),
    input: { chain, policy, clock, random, claims, nodes, recordFromSlot, kinds: new Set(kinds), dataFetch },
  });
  return listened(actor, onError).start();
}

/** Goes on from a persisted snapshot; XState's delayed events are not in it. */
export function resumeActor(
  logic: SchedulerLogic,
  snapshot: Snapshot<unknown>,
  clock: Clock,
  onError: ErrorListener,
): SchedulerActor {
  // The input is that of the snapshot's own beginning; a restored machine does not read it.
  const options = { id: 'scheduler', systemId: 'scheduler', clock, snapshot } as ActorOptions<SchedulerLogic>;
  const actor = createActor(logic, options as Parameters<typeof createActor<SchedulerLogic>>[1]);
  return listened(actor, onError).start();
}

function listened(actor: SchedulerActor, onError: ErrorListener | undefined): SchedulerActor {
  if (onError !== undefined) actor.subscribe({ error: onError });
  return actor;
}

function meetNode({ beaconNodes, clock, eventLog, entrance }: World) {
  return asking(
    entrance,
    ({ node }: { node: NodeNumber; chain: ChainSpec }) => ({ what: 'chain' as const, node }),
    ({ node, chain }, signal) => {
      const diagnose = (diagnostic: Diagnostic) => eventLog.diagnose(diagnostic);
      return meetLater(beaconNodes[node]!, chain, { clock, random: Math.random, signal, diagnose });
    },
  );
}

function slotClock(entrance: Entrance) {
  return listening(entrance, 'ticks', ({ chain }: { chain: ChainSpec; clock: Clock }, tell, signal, clock) =>
    runSlotClock(chain, clock, tell, signal),
  );
}

function validatorSource(entrance: Entrance, source: ValidatorSource, eventLog: EventLog) {
  return listening(entrance, 'source', (_: NonReducibleUnknown, tell, signal) =>
    source.run(
      tell,
      (error) => eventLog.diagnose({ level: 'error', message: `the validator source failed: ${error.message}` }),
      signal,
    ),
  );
}
