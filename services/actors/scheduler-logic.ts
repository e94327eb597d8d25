import { fromCallback } from 'xstate';
import { beaconNodeMachine } from '../../machines/beacon-node.machine.js';
import { dutyExecutionMachine } from '../../machines/duty-execution.machine.js';
import { dutyRoleMachine } from '../../machines/duty-role.machine.js';
import type { BeaconNode, Executors, Journal, ValidatorSource } from '../../machines/ports.js';
import type { Diagnostic, Report } from '../../machines/rules/event-log.js';
import type { RoleDefinition } from '../../machines/rules/role-definition.js';
import type { ValidatorSourceEvent } from '../../machines/rules/validator-changes.js';
import { createSchedulerMachine } from '../../machines/scheduler.machine.js';
import { subscriptionMachine } from '../../machines/subscription.machine.js';
import { tableFetchMachine } from '../../machines/table-fetch.machine.js';
import { validatorsMachine } from '../../machines/validators.machine.js';
import type { EventLog } from '../event-log.js';
import { slotClock } from '../slot-clock.js';
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
  readonly beaconNode: BeaconNode;
  readonly validators: ValidatorSource;
  readonly executors: Executors;
  readonly eventLog: EventLog;
  readonly journal: Journal | undefined;
}

/** The scheduler machine with every effect provided. */
export function schedulerLogic({ roles, beaconNode, validators, executors, eventLog, journal }: World) {
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
      tableFetch: tableFetchMachine.provide({ actors: { requestDuties: requestDuties(beaconNode) } }),
      dutyExecution: dutyExecutionMachine.provide({
        actions: { report },
        actors: { collectData: collectData(beaconNode), handOver: handOver(executors, journal) },
      }),
      subscriptions: subscriptionMachine.provide({
        actions,
        actors: { sendSubscriptions: sendSubscriptions(beaconNode) },
      }),
    },
  });
  return createSchedulerMachine(roles).provide({
    actions,
    actors: {
      slotClock,
      dutyRole,
      beaconNode: beaconNodeMachine.provide({
        actions,
        actors: {
          askSyncStatus: askSyncStatus(beaconNode),
          probeRoots: probeRoots(beaconNode),
          headStream: headStream(beaconNode),
        },
      }),
      validators: validatorsMachine.provide({
        actions,
        actors: {
          validatorSource: sourceActor(validators, eventLog),
          lookUpValidators: lookUpValidators(beaconNode),
        },
      }),
    },
  });
}

function sourceActor(source: ValidatorSource, eventLog: EventLog) {
  return fromCallback<ValidatorSourceEvent>(({ sendBack }) => {
    const life = new AbortController();
    source.run(
      (event) => sendBack(event),
      (error) => eventLog.diagnose({ level: 'error', message: `the validator source failed: ${error.message}` }),
      life.signal,
    );
    return () => life.abort();
  });
}
