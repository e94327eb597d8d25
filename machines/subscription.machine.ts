/**
 * Sends a role's subscriptions, one request after the other. What fails is sent again after a pause; it never blocks
 * anything else, and what is over meanwhile is left out.
 */
import { assign, fromPromise, setup } from 'xstate';
import type { Clock, Random } from './ports.js';
import { slotAt, type ChainSpec } from './rules/chain-time.js';
import type { Cause, Diagnostic, Report } from './rules/event-log.js';
import type { NodeNumber } from './rules/node-choice.js';
import { retryDelayMs } from './rules/retry-delay.js';
import { mergeSubscriptions, withoutOutdated, type Subscriptions } from './rules/subscriptions.js';
import { messageOf } from './rules/message-of.js';

export interface SubscriptionInput {
  readonly node: NodeNumber;
  readonly chain: ChainSpec;
  readonly clock: Clock;
  readonly random: Random;
}

/** One request to a node. */
export interface SubscriptionRequest {
  readonly node: NodeNumber;
  readonly subscriptions: Subscriptions;
}

/** Subscriptions to be sent. */
export interface SubscriptionOrder {
  readonly subscriptions: Subscriptions;
  readonly cause: Cause;
}

export interface SubscriptionContext extends SubscriptionInput {
  /** To be sent, the oldest first. */
  readonly queue: readonly SubscriptionOrder[];
  readonly failures: number;
}

/** Orders kept apart while a node takes none. */
const QUEUE_LIMIT = 8;

export const subscriptionMachine = setup({
  types: {
    context: {} as SubscriptionContext,
    input: {} as SubscriptionInput,
    events: {} as { type: 'SUBSCRIBE' } & SubscriptionOrder,
  },
  actors: {
    sendSubscriptions: fromPromise<void, SubscriptionRequest>(() =>
      Promise.reject(new Error('sendSubscriptions is not provided')),
    ),
  },
  guards: {
    hasWork: ({ context }) => context.queue.length > 0,
  },
  actions: {
    report: (_, _params: { reports: readonly Report[] }) => undefined,
    diagnose: (_, _params: { diagnostics: readonly Diagnostic[] }) => undefined,
    enqueue: assign({
      queue: ({ context }, order: SubscriptionOrder) => enqueued(context.queue, order),
    }),
    noteSent: assign({ queue: ({ context }) => context.queue.slice(1), failures: 0 }),
    noteFailure: assign({
      queue: ({ context }) =>
        context.queue.map((order, i) => (i === 0 ? { ...order, cause: 'retry' as const } : order)),
      failures: ({ context }) => context.failures + 1,
    }),
    dropOutdated: assign({
      queue: ({ context: { queue, chain, clock } }) =>
        queue
          .map((order) => ({
            ...order,
            subscriptions: withoutOutdated(order.subscriptions, chain, slotAt(chain, clock.now())),
          }))
          .filter((order) => order.subscriptions.entries.length > 0),
    }),
  },
  delays: {
    retry: ({ context }) => retryDelayMs(context.failures, context.chain.slotDurationMs, context.random()),
  },
}).createMachine({
  id: 'subscriptions',
  description: 'Keeps a beacon node subscribed to what the duties need.',
  context: ({ input }) => ({ ...input, queue: [], failures: 0 }),
  initial: 'idle',
  on: {
    SUBSCRIBE: {
      actions: { type: 'enqueue', params: ({ event }) => ({ subscriptions: event.subscriptions, cause: event.cause }) },
    },
  },
  states: {
    idle: {
      description: 'Everything is subscribed.',
      always: { guard: 'hasWork', target: 'sending' },
    },
    sending: {
      description: 'A request is under way.',
      invoke: {
        id: 'send',
        src: 'sendSubscriptions',
        input: ({ context }) => ({ node: context.node, subscriptions: context.queue[0]!.subscriptions }),
        onDone: {
          target: 'idle',
          actions: [
            { type: 'report', params: ({ context }) => ({ reports: [sentLine(context.queue[0]!)] }) },
            'noteSent',
          ],
        },
        onError: {
          target: 'waiting',
          actions: [
            {
              type: 'diagnose',
              params: ({ context, event }) => ({
                diagnostics: [
                  {
                    level: 'warn',
                    message: `subscriptions (${context.queue[0]!.subscriptions.kind}) failed: ${messageOf(event.error)}`,
                  },
                ],
              }),
            },
            'noteFailure',
          ],
        },
      },
    },
    waiting: {
      description: 'The last request failed; it is sent again after a growing pause.',
      after: { retry: { target: 'idle', actions: 'dropOutdated' } },
    },
  },
});

/** A queue that grows too long is shortened behind its first order, which may be under way; nothing is forgotten. */
function enqueued(queue: readonly SubscriptionOrder[], order: SubscriptionOrder): readonly SubscriptionOrder[] {
  const [first, second, third, ...rest] = [...queue, order];
  if (queue.length < QUEUE_LIMIT || first === undefined || second === undefined || third === undefined)
    return [...queue, order];
  const subscriptions = mergeSubscriptions(second.subscriptions, third.subscriptions);
  return [first, { subscriptions, cause: third.cause }, ...rest];
}

function sentLine({ subscriptions, cause }: SubscriptionOrder): Report {
  return { type: 'subscriptions-sent', kind: subscriptions.kind, count: subscriptions.entries.length, cause };
}
