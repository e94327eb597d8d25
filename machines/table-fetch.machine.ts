/**
 * Fetches one duty table: asks, and after a failure waits and asks again, until it has an answer or is stopped. Stopping
 * it, in whatever state, aborts its request. One actor per table, so that tables do not abort each other.
 */
import { assign, fromPromise, sendParent, setup } from 'xstate';
import { BeaconNodeError, type Clock, type Random } from './ports.js';
import { slotAt, slotStartMs, type ChainSpec } from './rules/chain-time.js';
import type { DutyAnswer, Role } from './rules/duties.js';
import type { FetchOrder } from './rules/duty-plan.js';
import { retryDelayMs } from './rules/retry-delay.js';
import { messageOf } from './rules/message-of.js';

export interface TableFetchInput {
  readonly role: Role;
  readonly order: FetchOrder;
  readonly generation: number;
  readonly chain: ChainSpec;
  readonly clock: Clock;
  readonly random: Random;
}

/** An attempt that failed. */
export interface FetchFailure {
  readonly error: string;
  /** The node answered, but does not serve this endpoint. */
  readonly notServed: boolean;
  /** Failed attempts so far, this one included. */
  readonly failures: number;
  readonly retryInMs: number;
  /** The node says "not yet" (400): only the tick asks again. */
  readonly notYet: boolean;
}

/** One request for duties. */
export interface DutiesRequest {
  readonly role: Role;
  readonly order: FetchOrder;
}

export interface TableFetchContext extends TableFetchInput {
  readonly askedAt: number;
  readonly failure: FetchFailure | undefined;
}

/** Slots after which an answer is given up that the node's own time budget should have ended long before. */
const TIMEOUT_SLOTS = 4;

export const tableFetchMachine = setup({
  types: {
    context: {} as TableFetchContext,
    input: {} as TableFetchInput,
  },
  actors: {
    /** Asks the node once, and ends the request when it is stopped. */
    requestDuties: fromPromise<DutyAnswer, DutiesRequest>(() =>
      Promise.reject(new Error('requestDuties is not provided')),
    ),
  },
  actions: {
    noteStart: assign({ askedAt: ({ context }) => context.clock.now() }),
    noteFailure: assign({ failure: ({ context }, { error }: { error: unknown }) => failureOf(context, error) }),
    tellFailure: sendParent(({ context }) => ({
      type: 'TABLE_FETCH_FAILED',
      target: context.order.target,
      generation: context.generation,
      ...context.failure,
    })),
    tellRetry: sendParent(({ context }) => ({
      type: 'TABLE_FETCH_RETRIED',
      target: context.order.target,
      generation: context.generation,
    })),
    tellAnswer: sendParent(({ context }, { answer }: { answer: DutyAnswer }) => ({
      type: 'TABLE_FETCHED',
      target: context.order.target,
      generation: context.generation,
      answer,
      tookMs: context.clock.now() - context.askedAt,
    })),
  },
  delays: {
    timeout: ({ context }) => TIMEOUT_SLOTS * context.chain.slotDurationMs,
    // After a "not yet" the tick comes first; half a slot later only serves a role that gets no ticks.
    retry: ({ context: { failure, chain } }) =>
      failure === undefined ? 0 : failure.retryInMs + (failure.notYet ? chain.slotDurationMs / 2 : 0),
  },
}).createMachine({
  id: 'table-fetch',
  description: 'Fetches one duty table, until it is there or nobody needs it any more.',
  context: ({ input }) => ({ ...input, askedAt: 0, failure: undefined }),
  initial: 'requesting',
  states: {
    requesting: {
      description: 'The request is under way; leaving this state ends it.',
      entry: 'noteStart',
      invoke: {
        id: 'request',
        src: 'requestDuties',
        input: ({ context }) => ({ role: context.role, order: context.order }),
        onDone: {
          target: 'answered',
          actions: { type: 'tellAnswer', params: ({ event }) => ({ answer: event.output }) },
        },
        onError: {
          target: 'waiting',
          actions: [{ type: 'noteFailure', params: ({ event }) => ({ error: event.error }) }, 'tellFailure'],
        },
      },
      after: {
        timeout: {
          target: 'waiting',
          actions: [{ type: 'noteFailure', params: { error: new Error('no answer') } }, 'tellFailure'],
        },
      },
    },
    waiting: {
      description: 'The last attempt failed; the next one follows after a growing pause, or at the next tick.',
      after: { retry: { target: 'requesting', actions: 'tellRetry' } },
    },
    answered: { type: 'final', description: 'The role has the answer.' },
  },
});

function failureOf({ chain, clock, random, order, failure }: TableFetchContext, error: unknown): FetchFailure {
  const failures = (failure?.failures ?? order.failures) + 1;
  const status = error instanceof BeaconNodeError ? error.status : undefined;
  const now = clock.now();
  const untilNextSlot = slotStartMs(chain, slotAt(chain, now) + 1) - now;
  return {
    error: messageOf(error),
    notServed: status === 404 || status === 405,
    failures,
    notYet: status === 400,
    retryInMs: status === 400 ? untilNextSlot : retryDelayMs(failures, chain.slotDurationMs, random()),
  };
}
