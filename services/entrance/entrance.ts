/**
 * The one door through which everything from outside comes to the machines: answers, events, timers, reports of
 * executors, random numbers. What comes in is handled in a turn of its own, from its beginning to its end, at one time.
 * So the order of these turns, and what came in, say everything about a run: a recording of them can be run again.
 */
import type { StreamEvent } from '../../machines/beacon-node/node-context.js';
import type { CollectedData } from '../../machines/duty-execution/execution-context.js';
import type { Clock, ExecutionReport, Random, SyncStatus } from '../../machines/ports.js';
import type { Epoch, Slot } from '../../machines/rules/chain-time.js';
import type { ObservedRoots } from '../../machines/rules/dependent-roots.js';
import type { DutyAnswer, DutyKind, Role, ValidatorIndex } from '../../machines/rules/duties.js';
import type { NodeNumber } from '../../machines/rules/node-choice.js';
import type { Subscriptions } from '../../machines/rules/subscriptions.js';
import type { ValidatorSourceEvent } from '../../machines/rules/validator-changes.js';
import type { ValidatorId, ValidatorRecord } from '../../machines/rules/validators.js';
import type { ClockEvent } from '../../machines/scheduler.machine.js';

/** What the machines ask of the world; each question is answered at most once. */
export type Question =
  | {
      readonly what: 'duties';
      readonly role: Role;
      /** Named in the request; for the sync committee, some epoch of the period. */
      readonly epoch: Epoch;
      readonly version: 1 | 2;
      readonly asked: Uint32Array;
    }
  | { readonly what: 'attestation-data' | 'head-root'; readonly slot: Slot }
  /** Whether a node that was absent is on our chain. */
  | { readonly what: 'chain'; readonly node: NodeNumber }
  | { readonly what: 'sync-status'; readonly node: NodeNumber }
  | {
      readonly what: 'roots';
      readonly node: NodeNumber;
      readonly epoch: Epoch;
      readonly slot: Slot;
      readonly index: ValidatorIndex;
    }
  | { readonly what: 'validators'; readonly ids: readonly ValidatorId[] }
  | {
      readonly what: 'subscriptions';
      readonly node: NodeNumber;
      readonly kind: Subscriptions['kind'];
      readonly count: number;
    }
  | {
      readonly what: 'execution';
      readonly kind: DutyKind;
      readonly slot: Slot;
      readonly validators: readonly ValidatorIndex[];
    };

/** What an answer to each question is. */
export interface AnswerTo {
  duties: DutyAnswer;
  'attestation-data': CollectedData;
  'head-root': CollectedData;
  chain: void;
  'sync-status': SyncStatus;
  roots: ObservedRoots;
  validators: ValidatorRecord[];
  subscriptions: void;
  execution: ExecutionReport | undefined;
}

/** How a question ended. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** What tells of its own accord, and what it tells. */
export interface Told {
  ticks: ClockEvent;
  stream: StreamEvent;
  source: ValidatorSourceEvent;
}

export interface Entrance {
  /** The machines' time: during a turn it stands still. XState's delays run on it. */
  readonly clock: Clock;
  readonly random: Random;
  /** Numbers a question; they are counted in the order of asking. */
  number(): number;
  /**
   * Asks. `settle` comes in a later turn, once, unless `signal` has fired by then; without a signal it always comes.
   *
   * @param n from {@link number}
   * @param perform does what was asked; it is called at once, in this turn
   */
  ask<W extends Question['what']>(
    n: number,
    question: Question & { readonly what: W },
    perform: () => Promise<AnswerTo[W]>,
    settle: (outcome: Outcome<AnswerTo[W]>) => void,
    signal?: AbortSignal,
  ): void;
  /**
   * Listens to a source until `signal` fires; each event comes in a turn of its own.
   *
   * @param node which of the nodes, for their streams
   * @param open opens the source; its clock is the world's, whose time goes on during a turn
   */
  listen<S extends keyof Told>(
    source: S,
    open: (tell: (event: Told[S]) => void, clock: Clock) => void,
    hear: (event: Told[S]) => void,
    signal: AbortSignal,
    node?: NodeNumber,
  ): void;
}
