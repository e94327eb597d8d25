/** What comes in by the entrance. */
import type { StreamEvent } from '../../machines/beacon-node/node-context.js';
import type { ChainSpec, Slot } from '../../machines/rules/chain-time.js';
import type { DutyKind, Role } from '../../machines/rules/duties.js';
import type { NodeNumber } from '../../machines/rules/node-choice.js';
import type { ClockEvent, KnownNode } from '../../machines/scheduler/scheduler-context.js';
import type { SchedulingPolicy } from '../../machines/rules/policy.js';
import type { ValidatorSourceEvent } from '../../machines/rules/validator-changes.js';
import type { Outcome, Question } from './entrance.js';

/** What a scheduler is started with, beside its claims. */
export interface Beginning {
  readonly chain: ChainSpec;
  readonly policy: SchedulingPolicy;
  readonly roles: readonly Role[];
  /** Kinds that have an executor. */
  readonly kinds: readonly DutyKind[];
  readonly nodes: readonly KnownNode[];
  readonly recordFromSlot: Slot;
  readonly dataFetch: boolean;
}

export type Input =
  | { readonly of: 'start'; readonly beginning: Beginning }
  /** Timers are numbered in the order in which they are set. */
  | { readonly of: 'timer'; readonly n: number }
  | {
      readonly of: 'answer';
      readonly n: number;
      readonly question: Question;
      readonly outcome: Outcome<unknown>;
    }
  | { readonly of: 'ticks'; readonly event: ClockEvent }
  | { readonly of: 'stream'; readonly node: NodeNumber; readonly event: StreamEvent }
  | { readonly of: 'source'; readonly event: ValidatorSourceEvent }
  /** Told by the embedder. */
  | { readonly of: 'send'; readonly event: ValidatorSourceEvent }
  | { readonly of: 'stop'; readonly reason: string };

/** Keeps what comes in, in order, with the time (unix ms) of its turn. No method throws. */
export interface Recorder {
  /** Before it is handled. */
  input(input: Input, time: number): void;
  /** A random number was drawn in this turn. */
  drawn(value: number, time: number): void;
}
