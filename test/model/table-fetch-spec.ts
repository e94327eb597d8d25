import { setup } from 'xstate';

export const TABLE_FETCH_EVENTS = ['answer', 'failure', 'not-yet', 'silence', 'pause'] as const;

/** One table on its way, as the contract tells it (SPEC §3): asked for until the answer is in. */
export const tableFetchSpec = setup({
  types: { events: {} as { type: (typeof TABLE_FETCH_EVENTS)[number] } },
}).createMachine({
  initial: 'requesting',
  states: {
    requesting: {
      on: {
        answer: 'answered',
        failure: 'waiting',
        'not-yet': 'waiting-for-the-tick',
        silence: 'waiting',
      },
    },
    waiting: { on: { pause: 'requesting' } },
    // The pause within the slot is no pause for it: only the role's tick asks again, or half a slot after the tick.
    'waiting-for-the-tick': { on: { pause: {}, silence: 'requesting' } },
    answered: {},
  },
});
