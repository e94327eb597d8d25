/** One life of the scheduler, as its embedder starts it. */
import type { AnyActorRef } from 'xstate';
import type { BeaconNode, Clock, Executor, Executors, ValidatorSource } from '../../machines/ports.js';
import { DUTY_KINDS, type DutyKind } from '../../machines/rules/duties.js';
import type { Diagnostic, EventLine } from '../../machines/rules/event-log.js';
import type { DataDirectory } from '../../services/data-directory/data-directory.js';
import type { RandomStream } from '../../src/devnet/deterministic-random.js';
import { createDutyScheduler } from '../../src/duty-scheduler.js';

export interface Life {
  /** The root actor, once it is there; a life that a test makes up has none. */
  readonly actor?: AnyActorRef | undefined;
  /** Actors by id, at any depth, that are alive. */
  liveActors(): string[];
  stop(): void;
}

export interface LifeOptions {
  readonly clock: Clock;
  readonly jitter: RandomStream;
  readonly beaconNode: BeaconNode;
  readonly validators: ValidatorSource;
  readonly execute: Executor<DutyKind>;
  readonly dataDir: DataDirectory;
  readonly onLine: (line: EventLine) => void;
  readonly onDiagnostic: (diagnostic: Diagnostic) => void;
  /** It did not start, though nobody stopped it. */
  readonly onFailure: (error: unknown) => void;
}

export function startLife({ execute, jitter, onLine, onDiagnostic, onFailure, ...options }: LifeOptions): Life {
  const executors = Object.fromEntries(DUTY_KINDS.map((kind) => [kind, execute])) as Executors;
  const scheduler = createDutyScheduler({ ...options, executors, random: () => jitter.fraction() });
  scheduler.on('*', onLine);
  scheduler.on('diagnostic', onDiagnostic);
  let stopped = false;
  scheduler.start().catch((error: unknown) => {
    if (!stopped) onFailure(error);
  });
  return {
    get actor() {
      return scheduler.actor;
    },
    liveActors: () => (scheduler.actor === undefined ? [] : childrenOf(scheduler.actor)),
    stop: () => {
      stopped = true;
      void scheduler.stop();
    },
  };
}

function childrenOf(actor: AnyActorRef): string[] {
  const { children } = actor.getSnapshot() as { children?: Record<string, AnyActorRef> };
  return Object.values(children ?? {}).flatMap((child) => [child.id, ...childrenOf(child)]);
}
