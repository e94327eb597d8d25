import { assign, setup } from 'xstate';

export const SUBSCRIPTION_EVENTS = ['lasting order', 'brief order', 'sent', 'refused', 'pause'] as const;
export type SubscriptionEvent = { type: (typeof SUBSCRIPTION_EVENTS)[number] };

interface Subscribing {
  /** The oldest first; a brief order is over after the first pause. */
  readonly queue: readonly ('lasting' | 'brief')[];
  readonly paused: boolean;
}

/** Orders that are kept apart; what becomes of more is a rule's story. */
const ENOUGH = 2;

/** How subscriptions are sent (SPEC §7): one after the other, again after a failure, and never what is over. */
export const subscriptionSpec = setup({
  types: { context: {} as Subscribing, events: {} as SubscriptionEvent },
  guards: {
    mayOrder: ({ context: { queue } }) => queue.length < ENOUGH,
    mayOrderBriefly: ({ context: { queue, paused } }) => queue.length < ENOUGH && !paused,
  },
}).createMachine({
  context: { queue: [], paused: false },
  initial: 'idle',
  on: {
    'lasting order': {
      guard: 'mayOrder',
      actions: assign({ queue: ({ context }) => [...context.queue, 'lasting' as const] }),
    },
    'brief order': {
      guard: 'mayOrderBriefly',
      actions: assign({ queue: ({ context }) => [...context.queue, 'brief' as const] }),
    },
  },
  states: {
    idle: { always: { guard: ({ context }) => context.queue.length > 0, target: 'sending' } },
    sending: {
      on: {
        sent: { target: 'idle', actions: assign({ queue: ({ context }) => context.queue.slice(1) }) },
        refused: 'waiting',
      },
    },
    waiting: {
      on: {
        pause: {
          target: 'idle',
          actions: assign(({ context }) => ({
            paused: true,
            queue: context.queue.filter((order) => order === 'lasting'),
          })),
        },
      },
    },
  },
});
