/** One life of the scheduler: its machine with every effect provided as the library does it, and a journal in memory. */
import { createActor, type AnyActorRef } from 'xstate';
import type { BeaconNode, Clock, Executor, Executors, Journal, ValidatorSource } from '../../machines/ports.js';
import { ROLE_DEFINITIONS } from '../../machines/roles/index.js';
import type { ClaimLedger } from '../../machines/rules/at-most-once.js';
import type { ChainSpec, Slot } from '../../machines/rules/chain-time.js';
import { DUTY_KINDS, ROLES, type DutyKind } from '../../machines/rules/duties.js';
import type { Diagnostic, EventLine } from '../../machines/rules/event-log.js';
import { defaultPolicy } from '../../machines/rules/policy.js';
import { schedulerLogic } from '../../services/actors/scheduler-logic.js';
import { EventLog } from '../../services/event-log.js';
import type { RandomStream } from '../../src/devnet/deterministic-random.js';

export interface Life {
  /** Children at any depth that are alive. */
  liveActors(): number;
  stop(): void;
}

export interface LifeOptions {
  readonly chain: ChainSpec;
  readonly clock: Clock;
  readonly jitter: RandomStream;
  readonly beaconNode: BeaconNode;
  readonly validators: ValidatorSource;
  readonly execute: Executor<DutyKind>;
  readonly claims: ClaimLedger;
  readonly journal: Journal;
  readonly recordFromSlot: Slot;
  readonly onLine: (line: EventLine) => void;
  readonly onDiagnostic: (diagnostic: Diagnostic) => void;
}

export function startLife(options: LifeOptions): Life {
  const { chain, clock, jitter, beaconNode, validators, execute, claims, journal, recordFromSlot } = options;
  const eventLog = new EventLog(clock, () => chain);
  eventLog.onLine(options.onLine);
  eventLog.onDiagnostic(options.onDiagnostic);
  const executors = Object.fromEntries(DUTY_KINDS.map((kind) => [kind, execute])) as Executors;
  const roles = ROLES.map((role) => ROLE_DEFINITIONS[role]);
  const actor = createActor(schedulerLogic({ roles, beaconNode, validators, executors, eventLog, journal }), {
    clock: {
      setTimeout: (callback: () => void, ms: number) => clock.setTimeout(callback, ms),
      clearTimeout: (timer: unknown) => clock.clearTimeout(timer),
    },
    input: {
      chain,
      policy: defaultPolicy(chain),
      clock,
      random: () => jitter.fraction(),
      claims,
      nodeUrl: beaconNode.url,
      recordFromSlot,
      kinds: new Set(DUTY_KINDS),
      dataFetch: true,
    },
  });
  actor.start();
  return { liveActors: () => countChildren(actor), stop: () => void actor.stop() };
}

function countChildren(actor: AnyActorRef): number {
  const { children } = actor.getSnapshot() as { children?: Record<string, AnyActorRef> };
  return Object.values(children ?? {}).reduce((sum, child) => sum + 1 + countChildren(child), 0);
}
